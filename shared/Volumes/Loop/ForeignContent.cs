using Plugboard.Linux.Files;

namespace Plugboard.Volumes.Loop;

/// <summary>
/// What an image holds that has no filesystem of ours at its beginning, by the magic numbers of it. Sources: magic(5); blkid's
/// superblocks (util-linux, libblkid/src/superblocks and partitions).
/// </summary>
internal static class ForeignContent
{
    private const int BeginningLength = 68 * 1024;
    private const int FirstPartition = 446;
    private const int PartitionLength = 16;
    private const string Partition = "write the partition that is wanted into an image of its own (losetup -P, then dd)";
    private const string Raw = "convert it to a plain image (qemu-img convert -O raw)";
    private const string Unpack = "unpack it";
    private const string Other = "the driver mounts images with ext4, xfs or btrfs alone";

    // In this order: a volume of FAT or NTFS also has the mark of a partition table.
    private static readonly Magic[] all =
    [
        new(0, [0x4c, 0x55, 0x4b, 0x53, 0xba, 0xbe], "is an encrypted volume (LUKS)", Other),
        new(512, "LABELONE"u8.ToArray(), "is a volume of LVM", Other),
        new(4096, [0xfc, 0x4e, 0x2b, 0xa9], "is a part of a RAID (md)", Other),
        new(4086, "SWAPSPACE2"u8.ToArray(), "is swap space", Other),
        new(0, "hsqs"u8.ToArray(), "has a filesystem of type squashfs", Other),
        new(1024, [0xe2, 0xe1, 0xf5, 0xe0], "has a filesystem of type erofs", Other),
        new(1024, [0x10, 0x20, 0xf5, 0xf2], "has a filesystem of type f2fs", Other),
        new(82, "FAT32"u8.ToArray(), "has a filesystem of type vfat", Other),
        new(54, "FAT1"u8.ToArray(), "has a filesystem of type vfat", Other),
        new(3, "NTFS    "u8.ToArray(), "has a filesystem of type ntfs", Other),
        new(3, "EXFAT   "u8.ToArray(), "has a filesystem of type exfat", Other),
        new(512, "EFI PART"u8.ToArray(), "is a disk with a partition table (GPT)", Partition),
        new(32769, "CD001"u8.ToArray(), "is an image of a CD (ISO 9660)", Other),
        new(0, [0x51, 0x46, 0x49, 0xfb], "is a virtual machine's disk (qcow2)", Raw),
        new(0, "KDMV"u8.ToArray(), "is a virtual machine's disk (VMDK)", Raw),
        new(0, "vhdxfile"u8.ToArray(), "is a virtual machine's disk (VHDX)", Raw),
        new(0x40, [0x7f, 0x10, 0xda, 0xbe], "is a virtual machine's disk (VDI)", Raw),
        new(0, [0x1f, 0x8b], "is compressed (gzip)", Unpack),
        new(0, [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00], "is compressed (xz)", Unpack),
        new(0, [0x28, 0xb5, 0x2f, 0xfd], "is compressed (zstd)", Unpack),
        new(0, "BZh"u8.ToArray(), "is compressed (bzip2)", Unpack),
    ];

    /// <summary>What it is or has, and what to do about it; null if unknown.</summary>
    public static (string What, string Advice)? Find(FileDescriptor image)
    {
        var beginning = new byte[BeginningLength];
        var length = image.ReadAt(beginning, 0);
        return Find(beginning.AsSpan(0, length));
    }

    internal static (string What, string Advice)? Find(ReadOnlySpan<byte> beginning)
    {
        foreach (var magic in all)
        {
            if (beginning.Length >= magic.Offset && beginning[magic.Offset..].StartsWith(magic.Bytes))
                return (magic.What, magic.Advice);
        }

        return HasPartitions(beginning) ? ("is a disk with a partition table (MBR)", Partition) : null;
    }

    /// <summary>True if nothing was ever written where a filesystem, or a copy of ext4's superblock, would begin.</summary>
    public static bool IsBlank(FileDescriptor image)
    {
        // The first copy with blocks of 1, 2 and 4 KiB: fs/ext4/ext4.h, by the default number of blocks in a group.
        var parts = (ReadOnlySpan<long>)[0, 8193L << 10, 16384L << 11, 32768L << 12];
        var part = new byte[BeginningLength];
        foreach (var offset in parts)
        {
            var length = image.ReadAt(part, offset);
            if (part.AsSpan(0, length).ContainsAnyExcept((byte)0))
                return false;
        }

        return true;
    }

    // Four entries, of which each is empty or has a type and one of two boot flags, and at least one has a size.
    private static bool HasPartitions(ReadOnlySpan<byte> beginning)
    {
        if (beginning.Length < 512 || beginning[510] != 0x55 || beginning[511] != 0xaa)
            return false;
        var found = false;
        for (var i = 0; i < 4; i++)
        {
            var entry = beginning.Slice(FirstPartition + (i * PartitionLength), PartitionLength);
            if (entry[0] is not (0x00 or 0x80))
                return false;
            found |= entry[4] != 0 && entry[12..].ContainsAnyExcept((byte)0);
        }

        return found;
    }

    private sealed record Magic(int Offset, byte[] Bytes, string What, string Advice);
}
