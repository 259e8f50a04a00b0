// The name of an executable that is one program under several names: written into its section when the build has linked it
// (plugins/Directory.Build.targets). Not the file's own name, which whoever installs it may change.
static const volatile char name[16] __attribute__((section(".plugboard.name"), used)) = "";

const char *plugboard_executable_name(void)
{
    return (const char *)name;
}
