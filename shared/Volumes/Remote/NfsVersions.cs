using Plugboard.Linux;
using Plugboard.Linux.Mounts;

namespace Plugboard.Volumes.Remote;

/// <summary>
/// Which version of NFS is tried after one that was refused, as mount.nfs(8) does it: nfs_autonegotiate, utils/mount/stropts.c of
/// nfs-utils.
/// </summary>
internal static class NfsVersions
{
    private const string Mountd = "3";

    /// <summary>True for a refusal that says of the version only that the server or the kernel has not got it.</summary>
    public static bool IsOfVersion(ErrnoException cause) =>
        cause.Errno switch
        {
            Errno.EPROTONOSUPPORT or Errno.ECONNREFUSED => true,
            // A kernel without this minor version. Where it has words, and they are of something else, it is something else.
            Errno.EINVAL => cause is not MountException { KernelText: { Length: > 0 } text }
                || text.Contains("ersion", StringComparison.Ordinal),
            _ => false,
        };

    /// <summary>The place of the next one to try; -1: none.</summary>
    /// <param name="versions">All, in their order.</param>
    /// <param name="at">Which was refused.</param>
    /// <param name="cause">Why.</param>
    public static int Next(IReadOnlyList<string> versions, int at, ErrnoException cause)
    {
        if (IsOfVersion(cause))
            return at + 1 < versions.Count ? at + 1 : -1;
        // Old servers have no root of version 4, or refuse it.
        if (cause.Errno is not (Errno.ENOENT or Errno.EPERM) || versions[at] == Mountd)
            return -1;
        for (var next = at + 1; next < versions.Count; next++)
        {
            if (versions[next] == Mountd)
                return next;
        }

        return -1;
    }
}
