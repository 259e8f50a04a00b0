using System.Runtime.InteropServices;
using Plugboard.Linux.LibC;

namespace Plugboard.Linux.Files;

/// <summary>
/// A directory that other users write to, and that a path must not leave: each path is resolved by openat2(2) with RESOLVE_BENEATH and
/// RESOLVE_NO_SYMLINKS (Linux 5.6), and before that name by name with O_NOFOLLOW. The result is a descriptor, so a later rename or
/// replacement has no effect on it.
/// </summary>
public sealed unsafe class ConfinedDirectory : IDisposable
{
    private static ulong Resolve => RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
    private const int Attempts = 1000;

    private readonly FileDescriptor root;

    private ConfinedDirectory(FileDescriptor root) => this.root = root;

    /// <summary>Its path, for messages.</summary>
    public string Path => root.Path;

    /// <summary>Opens a directory that the node's administrator named; links in its own path are followed.</summary>
    public static ConfinedDirectory Open(string path) => new(FileDescriptor.Open(null, path, O_PATH | O_DIRECTORY, 0));

    /// <summary>As <see cref="Open"/>, of a directory that is open already. It is closed with this object.</summary>
    public static ConfinedDirectory Of(FileDescriptor root) => new(root);

    /// <summary>Opens a directory inside as a place (O_PATH); null if it is missing.</summary>
    /// <exception cref="ErrnoException">ELOOP: the path has a symbolic link. EXDEV: it leads out. ENOTDIR: a part of it is not a
    /// directory.</exception>
    public FileDescriptor? FindDirectory(string path) => Find(path, O_PATH | O_DIRECTORY);

    /// <summary>Opens a file inside for reading and, unless <paramref name="readOnly"/>, for writing; null if it is missing.</summary>
    /// <exception cref="ErrnoException">As for <see cref="FindDirectory"/>.</exception>
    public FileDescriptor? FindFile(string path, bool readOnly) => Find(path, (readOnly ? O_RDONLY : O_RDWR) | O_NONBLOCK);

    /// <summary>Opens a directory inside for its names and for new files; null if it is missing.</summary>
    public FileDirectory? FindNames(string path) => Find(path, O_RDONLY | O_DIRECTORY) is { } found ? FileDirectory.Of(found) : null;

    private FileDescriptor? Find(string path, int flags)
    {
        var found = TryOpen(root, path.Length == 0 ? "." : path, flags, out var errno);
        return found is not null || errno == Errno.ENOENT ? found : throw new ErrnoException("open", $"{Path}/{path}", errno);
    }

    /// <summary>Opens a directory inside and creates its missing parts, name by name.</summary>
    /// <param name="path">Relative, without <c>..</c>.</param>
    /// <param name="mode">The mode of created directories, less the umask.</param>
    /// <param name="made">Gets each created directory, as a path.</param>
    /// <exception cref="ErrnoException">As for <see cref="FindDirectory"/>.</exception>
    public FileDescriptor EnsureDirectory(string path, uint mode, Action<FileDescriptor>? made = null)
    {
        var at = OpenPart(root, ".");
        foreach (var name in path.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            using var parent = at;
            var errno = LibC.File.MkDirAt(parent.Number, name, mode) == 0 ? Errno.None : (Errno)Marshal.GetLastPInvokeError();
            // Some filesystems say that they are read-only or full before they say that the name is there: opening it decides.
            at =
                TryOpen(parent, name, O_PATH | O_DIRECTORY, out var refused)
                ?? throw new ErrnoException(
                    errno is Errno.None or Errno.EEXIST ? "open" : "mkdir",
                    $"{parent.Path}/{name}",
                    errno is Errno.None or Errno.EEXIST ? refused : errno
                );
            if (errno == Errno.None)
                made?.Invoke(at);
        }

        return at;
    }

    private static FileDescriptor OpenPart(FileDescriptor directory, string name) =>
        TryOpen(directory, name, O_PATH | O_DIRECTORY, out var errno) ?? throw new ErrnoException("open", directory.Path, errno);

    private static FileDescriptor? TryOpen(FileDescriptor directory, string path, int flags, out Errno errno)
    {
        var how = new open_how { flags = (ulong)(uint)(flags | O_CLOEXEC), resolve = Resolve };
        for (var attempt = 1; ; attempt++)
        {
            var fd = OpenAt2.Open(OpenAt2.SYS_openat2, directory.Number, path, &how, (nuint)sizeof(open_how));
            errno = fd >= 0 ? Errno.None : (Errno)Marshal.GetLastPInvokeError();
            if (fd >= 0)
                return new FileDescriptor((int)fd, path == "." ? directory.Path : $"{directory.Path}/{path}");
            // EAGAIN: a rename happened meanwhile, and the kernel could not decide whether the path led out.
            if (errno == Errno.ENOSYS)
                return Walk(directory, path, flags, out errno);
            if (errno is not (Errno.EINTR or Errno.EAGAIN) || attempt == Attempts)
                return null;
        }
    }

    private static FileDescriptor? Walk(FileDescriptor directory, string path, int flags, out Errno errno)
    {
        var step = O_PATH | O_DIRECTORY | O_NOFOLLOW;
        var names = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        var at = FileDescriptor.TryOpen(directory, ".", step, 0, out errno);
        for (var i = 0; at is not null && i < names.Length; i++)
        {
            using var parent = at;
            var last = i == names.Length - 1;
            at = names[i] == ".." ? null : FileDescriptor.TryOpen(parent, names[i], last ? flags | O_NOFOLLOW : step, 0, out errno);
            if (names[i] == "..")
                errno = Errno.EXDEV;
            // O_DIRECTORY|O_NOFOLLOW of a link is ENOTDIR, openat2's is ELOOP.
            if (
                errno == Errno.ENOTDIR
                && FileDescriptor.Stat(parent.Number, names[i], AT_SYMLINK_NOFOLLOW, path) is { IsDirectory: false, IsRegular: false }
            )
                errno = Errno.ELOOP;
        }

        return at;
    }

    /// <inheritdoc/>
    public void Dispose() => root.Dispose();
}
