using Plugboard.Linux.Files;
using Plugboard.Linux.Mounts;

namespace Plugboard.Volumes.Loop;

/// <summary>
/// Which filesystem an image has, by the magic numbers of superblocks. Source: fs/xfs/libxfs/xfs_format.h (XFS_SB_MAGIC),
/// fs/btrfs/accessors.h (BTRFS_MAGIC), fs/ext4/ext4.h.
/// </summary>
internal static class ImageContent
{
    private const int BtrfsOffset = 0x10040;
    private const int XfsUuid = 0x20;
    private const int BtrfsUuid = 0x10020;
    private const int UuidLength = 16;

    private static readonly string[] all = ["ext4", "xfs", "btrfs"];

    /// <summary>Refuses an image that is empty, has another filesystem than the volume's, or is no image of a filesystem.</summary>
    /// <param name="plan">The volume.</param>
    /// <param name="image">Its image. One with unknown content is not refused: e2fsck may find a copy of the superblock.</param>
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

        if (Has(image, plan.FsType))
            return;
        if (ForeignContent.Find(image) is var (what, advice))
            throw new VolumeException($"loop: {plan.Image} {what}; {advice}");
        if (ForeignContent.IsBlank(image))
        {
            throw new VolumeException(
                $"loop: {plan.Image} has no filesystem, only zeros where it should begin; if it is a new image, make one: "
                    + $"mkfs.{plan.FsType} {plan.Image}"
            );
        }
    }

    /// <summary>True if the superblock of such a filesystem is there.</summary>
    public static bool Has(FileDescriptor image, string fsType) =>
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

    /// <summary>
    /// The image of another loop device whose filesystem has the same UUID, as that of a copy has; null if absent. Such a filesystem
    /// cannot be mounted beside it: always for xfs, before Linux 6.7 for btrfs.
    /// </summary>
    public static string? FindTwin(FileDescriptor image, string fsType)
    {
        if (FindUuid(image, fsType) is not { } uuid)
            return null;
        var status = image.Status();
        foreach (var loop in LoopDevice.List())
        {
            using var device = LoopDevice.FindByPath(loop.Device);
            if (device is null || device.IsOf(status))
                continue;
            var content = device.Content;
            if (Has(content, fsType) && FindUuid(content, fsType) is { } other && other.AsSpan().SequenceEqual(uuid))
                return loop.File;
        }

        return null;
    }

    private static byte[]? FindUuid(FileDescriptor image, string fsType)
    {
        var uuid = new byte[UuidLength];
        var offset = fsType switch
        {
            "xfs" => XfsUuid,
            "btrfs" => BtrfsUuid,
            _ => 0,
        };
        return offset > 0 && image.ReadAt(uuid, offset) == UuidLength ? uuid : null;
    }
}
