namespace Plugboard.Linux.Mounts;

/// <summary>
/// What holds for one mount and not for the filesystem. Source: include/uapi/linux/mount.h, MOUNT_ATTR_*; mount_setattr(2).
/// </summary>
[Flags]
public enum MountAttributes : ulong
{
    /// <summary>Nothing special.</summary>
    None = 0,

    /// <summary>MOUNT_ATTR_RDONLY</summary>
    ReadOnly = 0x1,

    /// <summary>MOUNT_ATTR_NOSUID: set-user-id bits and file capabilities have no effect.</summary>
    NoSuid = 0x2,

    /// <summary>MOUNT_ATTR_NODEV: device nodes cannot be opened.</summary>
    NoDev = 0x4,

    /// <summary>MOUNT_ATTR_NOEXEC: nothing can be executed.</summary>
    NoExec = 0x8,

    /// <summary>MOUNT_ATTR_NOATIME: access times are not kept.</summary>
    NoAtime = 0x10,

    /// <summary>MOUNT_ATTR_STRICTATIME: access times are kept at each access.</summary>
    StrictAtime = 0x20,

    /// <summary>MOUNT_ATTR_NODIRATIME: access times of directories are not kept.</summary>
    NoDirAtime = 0x80,

    /// <summary>MOUNT_ATTR_NOSYMFOLLOW, Linux 5.14: no symbolic link in it is followed.</summary>
    NoSymFollow = 0x20_0000,
}
