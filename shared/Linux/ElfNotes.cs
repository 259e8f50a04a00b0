using System.Buffers.Binary;
using Plugboard.Linux.Files;

namespace Plugboard.Linux;

/// <summary>
/// The notes of an executable: what its makers attached to it. Only 64-bit little-endian ELF is read. Source: elf(5), PT_NOTE, Elf64_Nhdr.
/// </summary>
internal static class ElfNotes
{
    private const int MostBytes = 4096;
    private const int HeaderSize = 12;
    private const uint PtNote = 4;

    /// <summary>True for a segment of notes.</summary>
    /// <param name="segment">The segment.</param>
    /// <param name="size">How many of its bytes are read.</param>
    public static bool IsIn(ElfSegment segment, out int size)
    {
        size = (int)Math.Min(segment.Size, MostBytes);
        return segment.Type == PtNote;
    }

    /// <summary>The content of a note of a file; null if the file is no such executable or has none.</summary>
    /// <param name="file">The file.</param>
    /// <param name="owner">The note's owner, with the NUL at its end.</param>
    /// <param name="type">The note's type.</param>
    /// <exception cref="ErrnoException">The file cannot be read.</exception>
    public static byte[]? Find(FileDescriptor file, ReadOnlySpan<byte> owner, uint type)
    {
        if (ElfFile.Find(file) is not { } elf)
            return null;
        Span<byte> notes = stackalloc byte[MostBytes];
        foreach (var segment in elf.Segments)
        {
            if (
                IsIn(segment, out var size)
                && segment.Offset <= long.MaxValue
                && FindIn(notes[..file.ReadAt(notes[..size], (long)segment.Offset)], owner, type) is { } content
            )
                return content;
        }

        return null;
    }

    /// <summary>The content of a note of a segment; null if absent.</summary>
    // Sizes of owner and content, type, then both, each filled up to a multiple of four.
    public static byte[]? FindIn(ReadOnlySpan<byte> notes, ReadOnlySpan<byte> owner, uint type)
    {
        while (notes.Length >= HeaderSize)
        {
            var ownerSize = BinaryPrimitives.ReadUInt32LittleEndian(notes);
            var size = BinaryPrimitives.ReadUInt32LittleEndian(notes[4..]);
            var content = HeaderSize + (((ulong)ownerSize + 3) & ~3UL);
            var next = content + (((ulong)size + 3) & ~3UL);
            if (content + size > (ulong)notes.Length)
                return null;
            var isWanted = BinaryPrimitives.ReadUInt32LittleEndian(notes[8..]) == type && size > 0 && ownerSize == (uint)owner.Length;
            if (isWanted && notes.Slice(HeaderSize, owner.Length).SequenceEqual(owner))
                return notes.Slice((int)content, (int)size).ToArray();
            if (next > (ulong)notes.Length)
                return null;
            notes = notes[(int)next..];
        }

        return null;
    }
}
