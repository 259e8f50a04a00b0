using System.Text;
using Plugboard.Linux.Files;
using Plugboard.Linux.LibC;

namespace Plugboard.Linux.Mounts;

/// <summary>Makes a mounted filesystem as large as its device, with the ioctl of each and no tool.</summary>
public static unsafe class FilesystemGrowth
{
    /// <summary>
    /// Grows the filesystem that a directory is on to <paramref name="deviceBytes"/>; one that is that large already is left.
    /// </summary>
    /// <param name="type"><c>ext4</c>, <c>xfs</c> or <c>btrfs</c>.</param>
    /// <param name="directory">Any directory of it, open for reading.</param>
    /// <param name="deviceBytes">How large its device is.</param>
    /// <exception cref="ErrnoException">ext4: EPERM without CAP_SYS_RESOURCE.</exception>
    /// <exception cref="NotSupportedException">Another filesystem.</exception>
    public static void Grow(string type, FileDescriptor directory, long deviceBytes)
    {
        switch (type)
        {
            case "ext4":
                GrowExt4(directory, deviceBytes);
                break;
            case "xfs":
                GrowXfs(directory, deviceBytes);
                break;
            case "btrfs":
                GrowBtrfs(directory);
                break;
            default:
                throw new NotSupportedException($"{type} cannot be grown while it is mounted");
        }
    }

    private static void GrowExt4(FileDescriptor directory, long deviceBytes)
    {
        var space = directory.Space();
        var blocks = (ulong)(deviceBytes / space.BlockSize);
        if (Growth.Ioctl(directory.Number, Growth.EXT4_IOC_RESIZE_FS, &blocks) < 0)
            throw ErrnoException.Last("EXT4_IOC_RESIZE_FS", directory.Path);
    }

    private static void GrowXfs(FileDescriptor directory, long deviceBytes)
    {
        // imaxpct 25: mkfs.xfs's own for filesystems up to 1 TiB; the ioctl sets it each time.
        var growth = new Growth.XfsGrowFsData { newblocks = (ulong)(deviceBytes / directory.Space().BlockSize), imaxpct = 25 };
        if (Growth.Ioctl(directory.Number, Growth.XFS_IOC_FSGROWFSDATA, &growth) < 0)
            throw ErrnoException.Last("XFS_IOC_FSGROWFSDATA", directory.Path);
    }

    private static void GrowBtrfs(FileDescriptor directory)
    {
        var arguments = new Growth.BtrfsVolArgs();
        Encoding.ASCII.GetBytes("1:max").CopyTo(new Span<byte>(arguments.name, Growth.BTRFS_PATH_NAME_MAX));
        if (Growth.Ioctl(directory.Number, Growth.BTRFS_IOC_RESIZE, &arguments) < 0)
            throw ErrnoException.Last("BTRFS_IOC_RESIZE", directory.Path);
    }
}
