using System.Buffers.Binary;
using Plugboard.Linux.Files;

namespace Plugboard.Linux;

/// <summary>
/// The sections of an executable, which a debugger and objcopy(1) know and the kernel does not. Only 64-bit little-endian ELF is read.
/// Source: elf(5), Elf64_Shdr.
/// </summary>
public static class ElfSections
{
    private const int EntrySize = 64;
    private const int MostSections = 256;
    private const int MostNameBytes = 64;

    /// <summary>Where a section's bytes are in the file; null if the file has no such section, or is none that is read.</summary>
    /// <param name="file">The file.</param>
    /// <param name="name">The section's name, such as <c>.text</c>, in ASCII.</param>
    /// <exception cref="ErrnoException">The file cannot be read.</exception>
    public static (long Offset, int Size)? Find(FileDescriptor file, ReadOnlySpan<byte> name)
    {
        Span<byte> header = stackalloc byte[ElfFile.HeaderSize];
        if (file.ReadAt(header, 0) < header.Length || !header.StartsWith(ElfFile.Ident))
            return null;
        var table = BinaryPrimitives.ReadInt64LittleEndian(header[40..]);
        var count = Math.Min((int)BinaryPrimitives.ReadUInt16LittleEndian(header[60..]), MostSections);
        var names = BinaryPrimitives.ReadUInt16LittleEndian(header[62..]);
        if (table < ElfFile.HeaderSize || names >= count)
            return null;
        var sections = new byte[count * EntrySize];
        if (file.ReadAt(sections, table) < sections.Length)
            return null;
        var texts = OffsetOf(sections, names);
        for (var i = 0; i < count; i++)
        {
            if (IsCalled(file, texts + BinaryPrimitives.ReadUInt32LittleEndian(sections.AsSpan(i * EntrySize)), name))
                return (OffsetOf(sections, i), (int)BinaryPrimitives.ReadInt64LittleEndian(sections.AsSpan(i * EntrySize + 32)));
        }

        return null;
    }

    private static long OffsetOf(byte[] sections, int index) =>
        BinaryPrimitives.ReadInt64LittleEndian(sections.AsSpan(index * EntrySize + 24));

    // The text ends with a NUL.
    private static bool IsCalled(FileDescriptor file, long offset, ReadOnlySpan<byte> name)
    {
        Span<byte> text = stackalloc byte[MostNameBytes];
        if (offset < 0 || name.Length >= MostNameBytes)
            return false;
        text = text[..(name.Length + 1)];
        return file.ReadAt(text, offset) == text.Length && text.StartsWith(name) && text[^1] == 0;
    }
}
