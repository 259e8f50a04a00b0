using System.Runtime.InteropServices;

namespace Plugboard.Linux.Mounts;

/// <summary>
/// Takes mounts away: all that are on a directory and below it, one by one from the top, by what mountinfo says. Never lazily.
/// </summary>
public static class Unmounting
{
    // Mounts that another process makes as fast as we take them away must not keep us for ever.
    private const int MostLayers = 100_000;

    /// <summary>
    /// Unmounts everything on and below <paramref name="target"/>, the deepest first. A mount that is gone meanwhile is no failure; a mount
    /// that another one hides follows when that one is gone.
    /// </summary>
    /// <returns>The number of unmounted mounts.</returns>
    /// <exception cref="ErrnoException">EBUSY: a file, a directory or another mount on it is in use; the mounts on top are gone. Its
    /// subject is the mount's target.</exception>
    public static int PeelAll(string target)
    {
        for (var peeled = 0; peeled < MostLayers; )
        {
            var table = MountTable.ReadAt(target);
            if (table.Entries.Count == 0)
                return peeled;
            var count = PeelRound(table, target, out var busy);
            if (count == 0)
                return busy is null ? peeled : throw busy;
            peeled += count;
        }

        return MostLayers;
    }

    private static int PeelRound(MountTable table, string target, out ErrnoException? busy)
    {
        var count = 0;
        busy = null;
        foreach (var path in table.Below(target).Select(static entry => entry.Target).Append(target))
        {
            try
            {
                count += TryPeel(path, 0) ? 1 : 0;
            }
            catch (ErrnoException e) when (e.Errno == Errno.EBUSY)
            {
                busy ??= e;
            }
        }

        return count;
    }

    /// <summary>
    /// Takes away what is on a directory though its server does not answer: MNT_FORCE ends the requests that wait for it, MNT_DETACH takes
    /// the mount out of sight. What was written and not sent is lost.
    /// </summary>
    public static void Force(string target)
    {
        foreach (var _ in MountTable.ReadAt(target).LayersOn(target))
        {
            // MNT_FORCE may return EBUSY on the first try: it has just aborted the waiting requests.
            if (LibC.Mount.Umount2(target, MNT_FORCE | UMOUNT_NOFOLLOW) < 0)
                TryPeel(target, MNT_DETACH);
        }
    }

    // EINVAL: no mount point (any more). ENOENT: not even a directory.
    private static bool TryPeel(string target, int flags)
    {
        if (LibC.Mount.Umount2(target, flags | UMOUNT_NOFOLLOW) == 0)
            return true;
        var errno = (Errno)Marshal.GetLastPInvokeError();
        return errno is Errno.EINVAL or Errno.ENOENT ? false : throw new ErrnoException("umount", target, errno);
    }
}
