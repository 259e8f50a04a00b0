namespace Plugboard.Linux.Mounts;

/// <summary>One line of /proc/self/mountinfo, with its escapes undone. Source: proc_pid_mountinfo(5).</summary>
public sealed record MountEntry
{
    /// <summary>The mount's number; used again after it is gone.</summary>
    public required int Id { get; init; }

    /// <summary>The number of the mount it is on; its own for the top of the tree.</summary>
    public required int ParentId { get; init; }

    /// <summary>
    /// The major number of the device, as in the statx(2) of its files (btrfs: of the whole filesystem, not of the subvolume).
    /// </summary>
    public required uint Major { get; init; }

    /// <summary>The minor number of the device.</summary>
    public required uint Minor { get; init; }

    /// <summary>Which directory of the filesystem is seen: <c>/</c> unless it is a bind mount or a subvolume.</summary>
    public required string Root { get; init; }

    /// <summary>Where it is mounted, as seen from the process's root.</summary>
    public required string Target { get; init; }

    /// <summary>The mount's own options, divided by commas: <c>rw,nosuid,relatime</c>.</summary>
    public required string Options { get; init; }

    /// <summary>The optional fields, divided by blanks: <c>shared:1 master:2</c>; empty for a private mount.</summary>
    public required string Propagation { get; init; }

    /// <summary>The filesystem's type: <c>ext4</c>, <c>nfs4</c>, <c>fuse.sshfs</c>.</summary>
    public required string Type { get; init; }

    /// <summary>The mount's source, as reported by the filesystem.</summary>
    public required string Source { get; init; }

    /// <summary>The filesystem's own options, divided by commas.</summary>
    public required string SuperOptions { get; init; }

    /// <summary>True if what is mounted here is seen in other namespaces too.</summary>
    public bool IsShared => Propagation.StartsWith("shared:", StringComparison.Ordinal);

    /// <summary>True if nothing can be written through this mount.</summary>
    public bool IsReadOnly => Attributes.HasFlag(MountAttributes.ReadOnly);

    /// <summary>The options of the mount as attributes.</summary>
    public MountAttributes Attributes
    {
        get
        {
            var attributes = MountAttributes.None;
            foreach (var option in Options.Split(','))
            {
                attributes |= option switch
                {
                    "ro" => MountAttributes.ReadOnly,
                    "nosuid" => MountAttributes.NoSuid,
                    "nodev" => MountAttributes.NoDev,
                    "noexec" => MountAttributes.NoExec,
                    "noatime" => MountAttributes.NoAtime,
                    "nodiratime" => MountAttributes.NoDirAtime,
                    "nosymfollow" => MountAttributes.NoSymFollow,
                    _ => MountAttributes.None,
                };
            }

            return attributes;
        }
    }

    /// <summary>True if looking at a file may wait for a server: statx(2), umount2(2) and even open(2) may block.</summary>
    public bool IsRemote =>
        Type is "nfs" or "nfs4" or "cifs" or "smb3" or "ceph" or "9p" or "glusterfs" || Type.StartsWith("fuse", StringComparison.Ordinal);
}
