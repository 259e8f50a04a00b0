using System.Runtime.InteropServices;
using Plugboard.Linux.LibC;

namespace Plugboard.Linux.Files;

/// <summary>
/// A directory that stands for the root of a file tree, such as a host's that is mounted into a container: a link on the way, absolute or
/// with any number of
/// <c>..</c>, leads where it leads on that host and never out. By openat2(2) with RESOLVE_IN_ROOT (Linux 5.6), before that link by link in
/// this process.
/// </summary>
public sealed unsafe class RootedDirectory : IDisposable
{
    private const int Attempts = 1000;

    // path_resolution(7): as many as the kernel itself follows.
    private const int MostLinks = 40;

    private readonly FileDescriptor root;

    private RootedDirectory(FileDescriptor root) => this.root = root;

    /// <summary>Its own path, for messages.</summary>
    public string Path => root.Path;

    /// <summary>Opens the directory that is the root.</summary>
    public static RootedDirectory Open(string path) => new(FileDescriptor.Open(null, path, O_PATH | O_DIRECTORY, 0));

    /// <summary>Opens a directory inside, following links within the root; null, with the reason, where that is refused.</summary>
    public FileDirectory? TryOpen(string path, out Errno errno) =>
        TryOpen(path, O_RDONLY | O_DIRECTORY, out errno) is { } directory ? FileDirectory.Of(directory) : null;

    /// <summary>Opens a regular file inside for reading, following links within the root; null if nothing is there.</summary>
    /// <exception cref="UnusableFileException">Something else is there.</exception>
    /// <exception cref="ErrnoException">It cannot be opened.</exception>
    public FileDescriptor? FindForReading(string path)
    {
        using var place = FindPlace(path);
        if (place is null)
            return null;
        place.RequireRegular();
        return new FileDescriptor(FileDescriptor.Open(null, place.SelfPath, O_RDONLY, 0).Detach(), FullPath(path));
    }

    /// <summary>The status of what a path inside leads to, following links within the root; null if nothing is there.</summary>
    /// <exception cref="ErrnoException">It cannot be reached.</exception>
    public FileStatus? FindStatus(string path)
    {
        using var place = FindPlace(path);
        return place?.Status();
    }

    /// <summary>
    /// The path, as this process sees it and without links, of what a path inside leads to; null if nothing is there.
    /// </summary>
    /// <exception cref="ErrnoException">It cannot be reached.</exception>
    public string? FindRealPath(string path)
    {
        using var place = FindPlace(path);
        return place is null ? null : ReadLink(root, place.SelfPath);
    }

    // Neither a pipe nor a device is opened.
    private FileDescriptor? FindPlace(string path)
    {
        var place = TryOpen(path, O_PATH, out var errno);
        return place is not null || errno is Errno.ENOENT or Errno.ENOTDIR
            ? place
            : throw new ErrnoException("open", FullPath(path), errno);
    }

    private FileDescriptor? TryOpen(string path, int flags, out Errno errno)
    {
        var how = new open_how { flags = (ulong)(flags | O_CLOEXEC), resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS };
        for (var attempt = 1; ; attempt++)
        {
            var fd = OpenAt2.Open(OpenAt2.SYS_openat2, root.Number, path, &how, (nuint)sizeof(open_how));
            errno = fd >= 0 ? Errno.None : (Errno)Marshal.GetLastPInvokeError();
            if (fd >= 0)
                return new FileDescriptor((int)fd, FullPath(path));
            if (errno == Errno.ENOSYS)
                return Walk(path, flags, out errno);
            if (errno is not (Errno.EINTR or Errno.EAGAIN) || attempt == Attempts)
                return null;
        }
    }

    /// <summary>The path of a name inside as this process sees it where no link is on the way.</summary>
    public string FullPath(string path) => Path == "/" ? path : $"{Path.TrimEnd('/')}/{path.TrimStart('/')}";

    // Each step is a name below an open directory, so nothing but a link that is read here can lead anywhere.
    internal FileDescriptor? Walk(string path, int flags, out Errno errno)
    {
        var steps = new Stack<FileDescriptor>();
        var names = new Stack<string>(Enumerable.Reverse(path.Split('/', StringSplitOptions.RemoveEmptyEntries)));
        try
        {
            errno = Errno.None;
            for (var links = 0; names.TryPop(out var name); )
            {
                if (name == "..")
                {
                    if (steps.TryPop(out var left))
                        left.Dispose();
                }
                else if (name != "." && !Step(name, steps, names, ref links, out errno))
                {
                    return null;
                }
            }

            // A place that is no directory has no ".".
            if (flags == O_PATH && steps.TryPop(out var place))
                return new FileDescriptor(place.Detach(), FullPath(path));
            var opened = FileDescriptor.TryOpen(steps.TryPeek(out var last) ? last : root, ".", flags, 0, out errno);
            return opened is null ? null : new FileDescriptor(opened.Detach(), FullPath(path));
        }
        finally
        {
            foreach (var step in steps)
                step.Dispose();
        }
    }

    private bool Step(string name, Stack<FileDescriptor> steps, Stack<string> names, ref int links, out Errno errno)
    {
        var at = steps.TryPeek(out var top) ? top : root;
        var next = FileDescriptor.TryOpen(at, name, O_PATH | O_NOFOLLOW, 0, out errno);
        if (next is null)
            return false;
        if (!next.Status().IsLink)
        {
            steps.Push(next);
            return true;
        }

        next.Dispose();
        if (++links > MostLinks)
        {
            errno = Errno.ELOOP;
            return false;
        }

        Follow(ReadLink(at, name), steps, names);
        return true;
    }

    private static void Follow(string target, Stack<FileDescriptor> steps, Stack<string> names)
    {
        if (target.StartsWith('/'))
        {
            while (steps.TryPop(out var step))
                step.Dispose();
        }

        foreach (var name in Enumerable.Reverse(target.Split('/', StringSplitOptions.RemoveEmptyEntries)))
            names.Push(name);
    }

    private static string ReadLink(FileDescriptor at, string name)
    {
        Span<byte> buffer = stackalloc byte[4096];
        fixed (byte* p = buffer)
        {
            var length = (int)LibC.File.ReadLinkAt(at.Number, name, p, (nuint)buffer.Length);
            return length >= 0
                ? System.Text.Encoding.UTF8.GetString(buffer[..length])
                : throw ErrnoException.Last("readlink", $"{at.Path}/{name}");
        }
    }

    /// <inheritdoc/>
    public void Dispose() => root.Dispose();
}
