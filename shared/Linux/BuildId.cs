using System.Buffers.Binary;
using Plugboard.Linux.Files;
using Plugboard.Linux.LibC;

namespace Plugboard.Linux;

/// <summary>
/// The build id of an executable: the GNU note that the linker sets, equal in all executables of one build. Only 64-bit little-endian ELF
/// is read; anything else has none. Source: elf(5), PT_NOTE, NT_GNU_BUILD_ID.
/// </summary>
public static unsafe class BuildId
{
    private const nuint PageSize = 4096;
    private const uint NtGnuBuildId = 3;
    private const ushort FixedExecutable = 2; // ET_EXEC
    private const nuint AtPhdr = 3;
    private const nuint AtPhnum = 5;

    private static ReadOnlySpan<byte> Owner => "GNU\0"u8;

    /// <summary>This process's own, as the kernel mapped it, without opening a file; null if it has none.</summary>
    public static byte[]? FindOwn()
    {
        var table = (byte*)Process.GetAuxVal(AtPhdr);
        var count = (int)Math.Min(Process.GetAuxVal(AtPhnum), ElfFile.MostSegments);
        // The table follows the header, both in the first page; a linker that puts it elsewhere is not ours.
        if (((nuint)table & (PageSize - 1)) < ElfFile.HeaderSize)
            return null;
        var header = new ReadOnlySpan<byte>(table - ElfFile.HeaderSize, ElfFile.HeaderSize);
        if (!header.StartsWith(ElfFile.Ident))
            return null;
        var start = BinaryPrimitives.ReadUInt16LittleEndian(header[16..]) == FixedExecutable ? null : table - ElfFile.HeaderSize;
        for (var i = 0; i < count; i++)
        {
            var segment = ElfSegment.Read(new ReadOnlySpan<byte>(table + i * ElfSegment.EntrySize, ElfSegment.EntrySize));
            if (ElfNotes.IsIn(segment, out var size) && FindIn(new ReadOnlySpan<byte>(start + segment.Address, size)) is { } id)
                return id;
        }

        return null;
    }

    /// <summary>That of a file; null if it is no ELF executable or has none.</summary>
    /// <exception cref="ErrnoException">The file cannot be read.</exception>
    public static byte[]? Find(string path)
    {
        using var file = FileDescriptor.OpenForReading(path);
        return ElfNotes.Find(file, Owner, NtGnuBuildId);
    }

    internal static byte[]? FindIn(ReadOnlySpan<byte> notes) => ElfNotes.FindIn(notes, Owner, NtGnuBuildId);
}
