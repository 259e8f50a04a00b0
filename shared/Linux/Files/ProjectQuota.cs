using System.Runtime.InteropServices;
using Plugboard.Linux.LibC;

namespace Plugboard.Linux.Files;

/// <summary>
/// Limits of directories: ext4 and xfs count what belongs to a project, a number that a directory hands on to all that is made in it. The
/// filesystem must be mounted with
/// <c>prjquota</c>. Sources: quotactl(2), ioctl_xfs_fsgetxattr(2).
/// </summary>
public static unsafe class ProjectQuota
{
    private const ulong Block = 1024;

    /// <summary>
    /// True if the filesystem that a file is on keeps to limits of projects: false too where it only counts them, and before Linux 5.14.
    /// </summary>
    public static bool IsEnforced(FileDescriptor file)
    {
        // struct fs_quota_stat: a byte of version, then at 2 the flags; the rest is of no interest.
        var status = stackalloc byte[128];
        return Quota.QuotaCtlFd(Quota.SYS_quotactl_fd, file.Number, Quota.OfProjects(Quota.Q_XGETQSTAT), 0, status) == 0
            && (*(ushort*)(status + 2) & Quota.FS_QUOTA_PDQ_ENFD) != 0;
    }

    /// <summary>The project of a directory; 0: none.</summary>
    public static uint ProjectOf(FileDescriptor directory) => Attributes(directory).fsx_projid;

    /// <summary>Gives a directory a project, which all that is made in it from now on gets too; what is in it already does not.</summary>
    public static void SetProject(FileDescriptor directory, uint project)
    {
        var attributes = Attributes(directory);
        attributes.fsx_projid = project;
        attributes.fsx_xflags |= Quota.FS_XFLAG_PROJINHERIT;
        if (Quota.Ioctl(directory.Number, Quota.FS_IOC_FSSETXATTR, &attributes) < 0)
            throw ErrnoException.Last("FS_IOC_FSSETXATTR", directory.Path);
    }

    /// <summary>The limit of a project in bytes, 0 for none, and how many files it has.</summary>
    public static (long Limit, long Files) Find(FileDescriptor file, uint project)
    {
        var block = new Quota.IfDqBlk();
        if (Quota.QuotaCtlFd(Quota.SYS_quotactl_fd, file.Number, Quota.OfProjects(Quota.Q_GETQUOTA), project, &block) == 0)
            return ((long)(block.dqb_bhardlimit * Block), (long)block.dqb_curinodes);
        // xfs has no record of a project that never had anything.
        return (Errno)Marshal.GetLastPInvokeError() is Errno.ENOENT ? (0, 0) : throw ErrnoException.Last("quotactl", file.Path);
    }

    /// <summary>Sets the limit of a project, rounded up to whole KiB.</summary>
    public static void SetLimit(FileDescriptor file, uint project, long bytes)
    {
        var blocks = ((ulong)bytes + Block - 1) / Block;
        var block = new Quota.IfDqBlk
        {
            dqb_bhardlimit = blocks,
            dqb_bsoftlimit = blocks,
            dqb_valid = Quota.QIF_BLIMITS,
        };
        if (Quota.QuotaCtlFd(Quota.SYS_quotactl_fd, file.Number, Quota.OfProjects(Quota.Q_SETQUOTA), project, &block) < 0)
            throw ErrnoException.Last("quotactl", file.Path);
    }

    private static Quota.FsXAttr Attributes(FileDescriptor directory)
    {
        var attributes = new Quota.FsXAttr();
        return Quota.Ioctl(directory.Number, Quota.FS_IOC_FSGETXATTR, &attributes) < 0
            ? throw ErrnoException.Last("FS_IOC_FSGETXATTR", directory.Path)
            : attributes;
    }
}
