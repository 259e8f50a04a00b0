using System.Buffers.Binary;
using Plugboard.Linux.Files;

namespace Plugboard.Volumes.Loop;

/// <summary>The size of an ext4 filesystem, by its superblock. Source: struct ext4_super_block, fs/ext4/ext4.h.</summary>
internal static class Ext4Superblock
{
    private const int Offset = 1024;
    private const int Length = 1024;
    private const ushort Magic = 0xef53;
    private const uint Feature64Bit = 0x80;

    /// <summary>The filesystem's size in bytes; null if absent.</summary>
    public static long? FindSize(FileDescriptor image)
    {
        Span<byte> block = stackalloc byte[Length];
        return image.ReadAt(block, Offset) < Length ? null : FindSize(block);
    }

    internal static long? FindSize(ReadOnlySpan<byte> block)
    {
        var shift = BinaryPrimitives.ReadUInt32LittleEndian(block[0x18..]);
        if (BinaryPrimitives.ReadUInt16LittleEndian(block[0x38..]) != Magic || shift > 6)
            return null;
        ulong blocks = BinaryPrimitives.ReadUInt32LittleEndian(block[0x04..]);
        if ((BinaryPrimitives.ReadUInt32LittleEndian(block[0x60..]) & Feature64Bit) != 0)
            blocks |= (ulong)BinaryPrimitives.ReadUInt32LittleEndian(block[0x150..]) << 32;
        return (long)(blocks * 1024) << (int)shift;
    }
}
