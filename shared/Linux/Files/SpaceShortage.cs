namespace Plugboard.Linux.Files;

/// <summary>
/// What to do about ENOSPC and EDQUOT, which do not say whether blocks or inodes are missing. Source: statfs(2), f_bavail and f_ffree.
/// </summary>
public static class SpaceShortage
{
    /// <summary>The remedy, in words that name the filesystem; the same as long as the shortage is.</summary>
    /// <param name="errno">ENOSPC or EDQUOT.</param>
    /// <param name="path">What could not be written. It need not exist: what is above it has its filesystem.</param>
    public static string Remedy(Errno errno, string path)
    {
        if (path is not ['/', ..])
            return errno == Errno.EDQUOT ? "raise the quota, or remove files" : "free space or inodes on the filesystem (df; df -i)";
        var (place, space) = Find(path);
        return Remedy(errno, place, space);
    }

    /// <summary>The remedy for a directory whose path may mean something else to this process, as in another root.</summary>
    /// <param name="errno">ENOSPC or EDQUOT.</param>
    /// <param name="directory">Where a file could not be written.</param>
    public static string Remedy(Errno errno, FileDirectory directory)
    {
        try
        {
            return Remedy(errno, directory.Path, directory.Space());
        }
        catch (ErrnoException)
        {
            // The remedy without what is missing.
            return Remedy(errno, directory.Path, null);
        }
    }

    private static string Remedy(Errno errno, string place, FilesystemSpace? space)
    {
        if (errno == Errno.EDQUOT)
            return $"a quota on the filesystem of {place} is used up (repquota -a; of projects: repquota -aP): raise it, or remove files";
        return (space is { BytesAvailable: 0 }, space is { Inodes: > 0, InodesFree: 0 }) switch
        {
            (false, true) => $"the filesystem of {place} has space, but no inodes left (df -i {place}): remove files there",
            (true, false) => $"the filesystem of {place} is full (df {place}): free space there",
            (true, true) => $"the filesystem of {place} is full and has no inodes left (df {place}; df -i {place}): remove files there",
            // What failed gave its own back, or is larger than what is left.
            _ => $"free space or inodes on the filesystem of {place} (df {place}; df -i {place})",
        };
    }

    private static (string Place, FilesystemSpace? Space) Find(string path)
    {
        for (var place = path; place.Length > 1; place = Path.GetDirectoryName(place) ?? "/")
        {
            try
            {
                using var directory = FileDescriptor.OpenDirectory(place);
                return (place, directory.Space());
            }
            catch (ErrnoException)
            {
                // A file, or missing: the directory above it is looked at.
            }
        }

        return (path, null);
    }
}
