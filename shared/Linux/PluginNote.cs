using System.Buffers.Binary;
using Plugboard.Linux.Files;

namespace Plugboard.Linux;

/// <summary>
/// The ELF note by which a CNI plugin of ours is recognised without executing it: owner <c>Plugboard</c>, type 1. Source:
/// shared/Hosting/Native/note.c.
/// </summary>
public static class PluginNote
{
    private const uint Type = 1;

    /// <summary>The version of the verbs for people of the plugin in a file; null if it is not one of ours.</summary>
    /// <exception cref="ErrnoException">The file cannot be read.</exception>
    public static uint? Find(string path)
    {
        using var file = FileDescriptor.OpenForReading(path);
        return ElfNotes.Find(file, "Plugboard\0"u8, Type) is { Length: sizeof(uint) } content
            ? BinaryPrimitives.ReadUInt32LittleEndian(content)
            : null;
    }
}
