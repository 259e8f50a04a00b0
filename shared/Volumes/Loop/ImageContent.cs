using Plugboard.Linux.Files;

namespace Plugboard.Volumes.Loop;

/// <summary>
/// Which filesystem an image has, by the magic numbers of superblocks. Source: fs/xfs/libxfs/xfs_format.h (XFS_SB_MAGIC),
/// fs/btrfs/accessors.h (BTRFS_MAGIC), fs/ext4/ext4.h.
/// </summary>
internal static class ImageContent
{
    private const int BtrfsOffset = 0x10040;

    private static readonly string[] all = ["ext4", "xfs", "btrfs"];

    /// <summary>Refuses an image that is empty, or that has another filesystem than the volume's.</summary>
    /// <param name="plan">The volume.</param>
    /// <param name="image">Its image. One without any superblock is not refused: e2fsck may find a copy.</param>
    /// <exception cref="VolumeException">It is refused.</exception>
    public static void Require(LoopPlan plan, FileDescriptor image)
    {
        if (image.Status().Size == 0)
        {
            throw new VolumeException(
                $"loop: {plan.Image} is empty; remove it, and option \"size\" makes it with a filesystem, or make one: "
                    + $"truncate -s SIZE {plan.Image} && mkfs.{plan.FsType} {plan.Image}"
            );
        }

        // What an earlier filesystem left behind does not matter.
        if (!Has(image, plan.FsType) && Array.Find(all, fsType => Has(image, fsType)) is { } other)
        {
            throw new VolumeException(
                $"loop: {plan.Image} has a filesystem of type {other}, not {plan.FsType}: set fsType of the volume to {other}"
            );
        }
    }

    private static bool Has(FileDescriptor image, string fsType) =>
        fsType switch
        {
            "xfs" => Has(image, 0, "XFSB"u8),
            "btrfs" => Has(image, BtrfsOffset, "_BHRfS_M"u8),
            _ => Ext4Superblock.FindSize(image) is not null,
        };

    private static bool Has(FileDescriptor image, long offset, ReadOnlySpan<byte> magic)
    {
        Span<byte> found = stackalloc byte[magic.Length];
        return image.ReadAt(found, offset) == magic.Length && found.SequenceEqual(magic);
    }
}
