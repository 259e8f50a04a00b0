/*
 * An ELF note by which the doctor recognises a CNI plugin of ours without executing it: owner "Plugboard", type 1
 * (shared/Linux/PluginNote.cs). Its content is the version of the verbs for people: 1 has `validate` that reads whole conflists.
 */
#include <stdint.h>

__attribute__((section(".note.plugboard"), used, aligned(4))) static const struct {
    uint32_t owner_size, size, type;
    char owner[12];
    uint32_t verbs;
} note = {sizeof "Plugboard", sizeof(uint32_t), 1, "Plugboard", 1};
