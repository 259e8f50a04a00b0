using System.Globalization;
using Plugboard.Linux.Files;
using Plugboard.Linux.LibC;

namespace Plugboard.Linux.Namespaces;

/// <summary>An open network namespace. Source: network_namespaces(7), setns(2).</summary>
public sealed class NetworkNamespace : IDisposable
{
    private const string OwnPath = "/proc/thread-self/ns/net";
    private const long NsfsMagic = 0x6e736673;

    private readonly FileDescriptor file;

    private NetworkNamespace(FileDescriptor file) => this.file = file;

    /// <summary>The path it was opened by.</summary>
    public string Path => file.Path;

    /// <summary>The open file, for IFLA_NET_NS_FD.</summary>
    public FileDescriptor File => file;

    /// <summary>Opens the namespace a path names.</summary>
    /// <exception cref="NetworkNamespaceException">Nothing is there, or it is no namespace; the texts are the reference's.</exception>
    public static NetworkNamespace Open(string path)
    {
        FileDescriptor opened;
        try
        {
            // Opening does not wait for a named pipe: its filesystem shows that it is not a namespace.
            opened = FileDescriptor.FindUnwaited(null, path, O_RDONLY, 0) ?? throw new ErrnoException("open", path, Errno.ENOENT);
        }
        catch (UnusableFileException e)
        {
            throw new NetworkNamespaceException(path, $"\"{path}\" is {e.Kind}");
        }
        catch (ErrnoException e)
        {
            throw new NetworkNamespaceException(path, $"failed to Statfs \"{path}\": {ErrnoException.Sentence(e.Errno)}");
        }

        var type = opened.FilesystemType();
        if (type == NsfsMagic && IsNetwork(opened))
            return new NetworkNamespace(opened);
        opened.Dispose();
        if (type == NsfsMagic)
            throw new NetworkNamespaceException(path, $"\"{path}\" is a namespace of another kind");
        throw new NetworkNamespaceException(path, $"unknown FS magic on \"{path}\": {type.ToString("x", CultureInfo.InvariantCulture)}");
    }

    // Before Linux 4.11 the kernel does not report it.
    private static bool IsNetwork(FileDescriptor file)
    {
        var type = Sched.Ioctl(file.Number, Sched.NS_GET_NSTYPE);
        return type < 0 || type == CLONE_NEWNET;
    }

    /// <summary>The calling thread's namespace.</summary>
    public static NetworkNamespace OpenOwn() => new(FileDescriptor.OpenKernelFile(OwnPath));

    /// <summary>
    /// The inode number of the calling thread's namespace, which no other namespace has as long as it lives; null if /proc is not
    /// mounted.
    /// </summary>
    public static ulong? FindOwnInode() => FileDescriptor.FindStatus(OwnPath)?.Inode;

    /// <summary>True if both are one namespace.</summary>
    public bool IsSame(NetworkNamespace other) => file.Status().IsSameFile(other.file.Status());

    /// <summary>True if <paramref name="path"/> names the calling thread's namespace; false if it names another or nothing.</summary>
    public static bool IsOwn(string path) =>
        FileDescriptor.FindStatus(path) is { } status && FileDescriptor.FindStatus(OwnPath) is { } own && status.IsSameFile(own);

    /// <summary>
    /// Moves the calling thread into the namespace until the scope is disposed. Only for a process of one thread; a daemon takes
    /// <see cref="NamespaceThread"/>. Sockets opened inside stay there; /proc/sys/net is the namespace's while inside.
    /// </summary>
    public Scope Enter()
    {
        var own = OpenOwn();
        SetNs();
        return new Scope(own);
    }

    internal void SetNs()
    {
        if (setns(file.Number, CLONE_NEWNET) < 0)
            throw ErrnoException.Last("setns", Path);
    }

    /// <inheritdoc/>
    public void Dispose() => file.Dispose();

    /// <summary>The way back from a namespace that was entered.</summary>
    public readonly ref struct Scope
    {
        private readonly NetworkNamespace own;

        internal Scope(NetworkNamespace own) => this.own = own;

        /// <summary>Moves the thread back where it came from.</summary>
        public void Dispose()
        {
            own.SetNs();
            own.Dispose();
        }
    }
}
