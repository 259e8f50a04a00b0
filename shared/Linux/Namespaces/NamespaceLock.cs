using System.Globalization;
using Plugboard.Linux.Files;

namespace Plugboard.Linux.Namespaces;

/// <summary>
/// The files that serialise root's processes in one network namespace, one for each purpose: <c>/run/plugboard/locks/PURPOSE.INODE</c>,
/// with the inode number of the namespace. A lock on the namespace itself would be open to all: any process in the namespace may open it,
/// and hold the lock for ever. The file is empty and stays until the node boots; a flock(2) on it ends with its process.
/// </summary>
public static class NamespaceLock
{
    /// <summary>Where the files are.</summary>
    public const string Directory = "/run/plugboard/locks";

    /// <summary>
    /// Opens the file of the calling thread's namespace and makes it where it is missing; null if /run cannot be written.
    /// </summary>
    /// <param name="purpose">A word: <c>bridge</c>, <c>iptables</c>.</param>
    public static FileDescriptor? TryOpen(string purpose)
    {
        if (NetworkNamespace.FindOwnInode() is not { } inode)
            return null;
        var path = string.Create(CultureInfo.InvariantCulture, $"{Directory}/{purpose}.{inode}");
        var file = TryOpenPath(path, out var errno);
        if (file is not null || errno != Errno.ENOENT)
            return file;
        try
        {
            FileDirectory.Ensure(Directory, FileModes.Directory).Dispose();
        }
        catch (ErrnoException)
        {
            // EROFS, ENOSPC, EACCES: the caller does without.
            return null;
        }

        return TryOpenPath(path, out _);
    }

    private static FileDescriptor? TryOpenPath(string path, out Errno errno)
    {
        var flags = O_RDONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK;
        return FileDescriptor.TryOpen(null, path, flags, FileModes.RootsOwn, out errno);
    }
}
