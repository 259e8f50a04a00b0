using Plugboard.Linux;
using Plugboard.Linux.Files;

namespace Plugboard.Volumes.Loop;

/// <summary>The image file of a <c>loop</c> volume: it appears whole, with its filesystem in it, or not at all.</summary>
internal static class LoopImage
{
    // statfs(2): the filesystems on which another node may have the same image open.
    private const long Nfs = 0x6969;
    private const long Cifs = 0xff534d42;
    private const long Smb2 = 0xfe534d42;
    private const long Fuse = 0x65735546;

    /// <summary>Opens the image; makes it where it is missing and the plan has a size.</summary>
    public static FileDescriptor Open(LoopPlan plan, VolumePolicy policy)
    {
        using var root = plan.Image.Open("loop", policy);
        try
        {
            var image = root.FindFile(plan.Image.Inside, plan.ReadOnly);
            if (image is null && plan.CreateSize is { } size)
            {
                Make(plan, policy, root, size);
                image = root.FindFile(plan.Image.Inside, plan.ReadOnly);
            }

            return Require(
                plan,
                image
                    ?? throw new VolumeException(
                        $"loop: {plan.Image} does not exist; create it on the node, or set options \"create\" and \"size\""
                    )
            );
        }
        catch (ErrnoException e)
        {
            throw plan.Image.Refused("loop", e);
        }
    }

    private static FileDescriptor Require(LoopPlan plan, FileDescriptor image)
    {
        var (regular, type) = (image.Status().IsRegular, image.FilesystemType() & 0xffffffff);
        if (regular && type is not (Nfs or Cifs or Smb2 or Fuse))
            return image;
        image.Dispose();
        throw new VolumeException(
            regular
                ? $"loop: {plan.Image} is on a filesystem that other nodes may share, and two nodes would destroy it; keep images on "
                    + "local disks"
                : $"loop: {plan.Image} is not a regular file"
        );
    }

    private static void Make(LoopPlan plan, VolumePolicy policy, ConfinedDirectory root, long size)
    {
        var slash = plan.Image.Inside.LastIndexOf('/');
        var parent = slash < 0 ? "" : plan.Image.Inside[..slash];
        using (root.EnsureDirectory(parent, 0x1c0)) { }

        using var directory = root.FindNames(parent) ?? throw new ErrnoException("open", parent, Errno.ENOENT);
        using var made = directory.CreateUnnamed(0x180);
        if (plan.Preallocate)
            made.File.Allocate(size);
        made.File.SetLength(size);
        var tools = new FilesystemTools(plan.Image.ToString(), policy.MountTimeout);
        tools.Make(plan.FsType, made.File, policy.MkfsOptions.GetValueOrDefault(plan.FsType, []));
        // mkfs gives all blocks back that it does not write: mke2fs(8), discard; mkfs.xfs(8), -K; mkfs.btrfs(8), -K.
        if (plan.Preallocate)
            made.File.Allocate(size);
        made.File.Sync();
        if (!made.TryLink(plan.Image.Inside[(slash + 1)..]))
            throw new ErrnoException("link", plan.Image.Inside, Errno.EEXIST);
    }
}
