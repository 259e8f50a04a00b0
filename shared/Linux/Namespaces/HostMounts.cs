using Plugboard.Linux.Files;

namespace Plugboard.Linux.Namespaces;

/// <summary>
/// The host's own mounts, for a process in a container that sees the host's root directory somewhere: executables that run among them find
/// every path as on the host, and what is mounted read-only in the container is not read-only there. Source: mount_namespaces(7), setns(2).
/// </summary>
public sealed class HostMounts
{
    /// <summary>The host's first process, for a container that sees the host's processes.</summary>
    public const string FirstProcess = "/proc/1";

    private readonly string? mounts;

    private HostMounts(string? mounts) => this.mounts = mounts;

    /// <summary>
    /// The mounts of a host; null if they cannot be entered: the root is not that of the process (a pod without <c>hostPID</c>), or the
    /// kernel refuses it (a container without <c>privileged</c>).
    /// </summary>
    /// <param name="root">Where its root directory is seen: <c>/</c> for the calling thread's own.</param>
    /// <param name="process">A process of the host: <see cref="FirstProcess"/>.</param>
    public static HostMounts? Find(string root, string process)
    {
        if (root.TrimEnd('/').Length == 0)
            return new HostMounts(null);
        try
        {
            var own = FileDescriptor.FindStatus($"{process}/root");
            var isOwn = FileDescriptor.FindStatus(root) is { } seen && own?.IsSameFile(seen) == true;
            var host = new HostMounts($"{process}/ns/mnt");
            return isOwn && host.Run(static () => true) ? host : null;
        }
        catch (ErrnoException)
        {
            return null;
        }
    }

    /// <summary>Runs <paramref name="work"/> among them, on a thread of its own where they are not the calling thread's.</summary>
    /// <exception cref="ErrnoException">They cannot be entered.</exception>
    public T Run<T>(Func<T> work) => mounts is { } path ? NamespaceThread.RunAfter(() => Enter(path), work) : work();

    // A thread that shares its root directory with others cannot change its mounts.
    private static void Enter(string path)
    {
        using var file = FileDescriptor.OpenKernelFile(path);
        if (unshare(CLONE_FS) < 0)
            throw ErrnoException.Last("unshare", path);
        if (setns(file.Number, CLONE_NEWNS) < 0)
            throw ErrnoException.Last("setns", path);
    }
}
