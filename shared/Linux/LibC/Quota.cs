using System.Runtime.InteropServices;

namespace Plugboard.Linux.LibC;

/// <summary>
/// linux/quota.h, linux/dqblk_xfs.h and linux/fs.h: quotactl_fd(2), Linux 5.14, by its number, and the project of a file.
/// </summary>
internal static unsafe partial class Quota
{
    /// <summary>The same on every architecture.</summary>
    public const long SYS_quotactl_fd = 443;

    public const uint PRJQUOTA = 2;
    public const uint Q_GETQUOTA = 0x800007;
    public const uint Q_SETQUOTA = 0x800008;
    public const uint Q_XGETQSTAT = 0x5805;
    public const uint QIF_BLIMITS = 1;
    public const ushort FS_QUOTA_PDQ_ENFD = 1 << 5;

    public const nuint FS_IOC_FSGETXATTR = 0x801c581f;
    public const nuint FS_IOC_FSSETXATTR = 0x401c5820;
    public const uint FS_XFLAG_PROJINHERIT = 0x200;

    /// <summary>QCMD of linux/quota.h.</summary>
    public static uint OfProjects(uint command) => command << 8 | PRJQUOTA;

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    public static partial long QuotaCtlFd(long number, long fd, ulong command, ulong id, void* address);

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    public static partial int Ioctl(int fd, nuint request, FsXAttr* attributes);

    /// <summary>struct fsxattr; eight bytes of padding are at its end.</summary>
    [StructLayout(LayoutKind.Sequential, Size = 28)]
    public struct FsXAttr
    {
        public uint fsx_xflags;
        public uint fsx_extsize;
        public uint fsx_nextents;
        public uint fsx_projid;
        public uint fsx_cowextsize;
    }

    /// <summary>struct if_dqblk: limits in blocks of 1 KiB, what is used in bytes.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct IfDqBlk
    {
        public ulong dqb_bhardlimit;
        public ulong dqb_bsoftlimit;
        public ulong dqb_curspace;
        public ulong dqb_ihardlimit;
        public ulong dqb_isoftlimit;
        public ulong dqb_curinodes;
        public ulong dqb_btime;
        public ulong dqb_itime;
        public uint dqb_valid;
    }
}
