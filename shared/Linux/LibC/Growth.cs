using System.Runtime.InteropServices;

namespace Plugboard.Linux.LibC;

/// <summary>
/// What filesystems are grown by while they are mounted. Sources: fs/ext4/ext4.h, fs/xfs/libxfs/xfs_fs.h, linux/btrfs.h. The first two are
/// in no header of the kernel's user space, so the tests compute their numbers with _IOW.
/// </summary>
internal static unsafe partial class Growth
{
    public const nuint EXT4_IOC_RESIZE_FS = 0x40086610;
    public const nuint XFS_IOC_FSGROWFSDATA = 0x4010586e;
    public const nuint BTRFS_IOC_RESIZE = 0x50009403;
    public const int BTRFS_PATH_NAME_MAX = 4087;

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    public static partial int Ioctl(int fd, nuint request, void* argument);

    /// <summary>struct xfs_growfs_data.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct XfsGrowFsData
    {
        public ulong newblocks;
        public uint imaxpct;
    }

    /// <summary>struct btrfs_ioctl_vol_args.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct BtrfsVolArgs
    {
        public long fd;
        public fixed byte name[BTRFS_PATH_NAME_MAX + 1];
    }
}
