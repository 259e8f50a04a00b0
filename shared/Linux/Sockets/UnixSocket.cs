using System.Runtime.InteropServices;
using System.Text;

namespace Plugboard.Linux.Sockets;

/// <summary>
/// A stream socket of the machine itself, with a path. No call waits: <see cref="SocketPoll"/> does. Source: unix(7).
/// </summary>
public sealed unsafe class UnixSocket : SafeHandle
{
    private const int FamilySize = 2;
    private const int LongestPath = 107;

    // asm-generic/socket.h
    private const int SO_TYPE = 3;
    private const int SO_ACCEPTCONN = 30;

    private UnixSocket(int fd, string path)
        : base(-1, ownsHandle: true)
    {
        Path = path;
        SetHandle(fd);
    }

    /// <inheritdoc/>
    public override bool IsInvalid => handle < 0;

    /// <summary>Its path; of a socket that was inherited without one, empty.</summary>
    public string Path { get; }

    private int Number => IsClosed ? throw new ObjectDisposedException(Path) : (int)handle;

    /// <summary>Connects to the process that listens at a path; null and the kernel's reason if it cannot.</summary>
    /// <exception cref="ErrnoException">No socket can be made.</exception>
    public static UnixSocket? TryConnect(string path, out Errno errno)
    {
        var made = Make(path);
        var address = stackalloc byte[FamilySize + LongestPath + 1];
        if (!TryWrite(path, address, out var length))
            errno = Errno.ENAMETOOLONG;
        else if (connect(made.Number, (sockaddr*)address, length) == 0)
            errno = Errno.None;
        else
            errno = (Errno)Marshal.GetLastPInvokeError();
        if (errno == Errno.None)
            return made;
        made.Dispose();
        return null;
    }

    /// <summary>Makes the path and listens there.</summary>
    /// <param name="path">At most 107 bytes.</param>
    /// <param name="mode">Who may connect, as of a file.</param>
    /// <exception cref="ErrnoException">EADDRINUSE: something is there; ENAMETOOLONG.</exception>
    public static UnixSocket Listen(string path, uint mode)
    {
        var made = Make(path);
        try
        {
            var address = stackalloc byte[FamilySize + LongestPath + 1];
            if (!TryWrite(path, address, out var length))
                throw new ErrnoException("bind", path, Errno.ENAMETOOLONG);
            if (bind(made.Number, (sockaddr*)address, length) < 0)
                throw ErrnoException.Last("bind", path);
            if (chmod(address + FamilySize, (ushort)mode) < 0)
                throw ErrnoException.Last("chmod", path);
            if (listen(made.Number, SOMAXCONN) < 0)
                throw ErrnoException.Last("listen", path);
            return made;
        }
        catch (ErrnoException)
        {
            made.Dispose();
            throw;
        }
    }

    /// <summary>Takes a listening socket that this process was started with, as systemd passes it (sd_listen_fds(3)).</summary>
    /// <param name="descriptor">Its number: 3 is the first.</param>
    /// <exception cref="ErrnoException">
    /// EBADF, ENOTSOCK: it is not a socket; EPROTOTYPE: not a stream; EAFNOSUPPORT: of a network; EINVAL: it does not listen.
    /// </exception>
    public static UnixSocket Inherit(int descriptor)
    {
        var subject = $"descriptor {descriptor}";
        if (Option(descriptor, SO_TYPE, subject) != SOCK_STREAM)
            throw new ErrnoException("inherit", subject, Errno.EPROTOTYPE);
        if (Option(descriptor, SO_ACCEPTCONN, subject) == 0)
            throw new ErrnoException("inherit", subject, Errno.EINVAL);
        if (fcntl(descriptor, F_SETFD, FD_CLOEXEC) < 0 || fcntl(descriptor, F_SETFL, O_NONBLOCK) < 0)
            throw ErrnoException.Last("fcntl", subject);
        var address = stackalloc byte[FamilySize + LongestPath + 1];
        new Span<byte>(address, FamilySize + LongestPath + 1).Clear();
        socklen_t length = FamilySize + LongestPath;
        if (getsockname(descriptor, (sockaddr*)address, &length) < 0)
            throw ErrnoException.Last("getsockname", subject);
        if (*(ushort*)address != AF_UNIX)
            throw new ErrnoException("inherit", subject, Errno.EAFNOSUPPORT);
        return new UnixSocket(descriptor, Marshal.PtrToStringUTF8((nint)(address + FamilySize)) ?? "");
    }

    private static int Option(int descriptor, int name, string subject)
    {
        var value = 0;
        socklen_t size = sizeof(int);
        return getsockopt(descriptor, SOL_SOCKET, name, &value, &size) < 0 ? throw ErrnoException.Last("getsockopt", subject) : value;
    }

    /// <summary>The next connection; null if none waits.</summary>
    public UnixSocket? TryAccept()
    {
        var fd = accept4(Number, null, null, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd >= 0)
            return new UnixSocket(fd, Path);
        return (Errno)Marshal.GetLastPInvokeError() is Errno.EAGAIN or Errno.EINTR or Errno.ECONNABORTED
            ? null
            : throw ErrnoException.Last("accept", Path);
    }

    /// <summary>What has come; 0 at the end of the stream, null if nothing has come yet.</summary>
    public int? TryReceive(Span<byte> buffer)
    {
        fixed (byte* p = buffer)
        {
            var length = recv(Number, p, buffer.Length, 0);
            if (length >= 0)
                return (int)length;
            return (Errno)Marshal.GetLastPInvokeError() is Errno.EAGAIN or Errno.EINTR ? null : throw ErrnoException.Last("recv", Path);
        }
    }

    /// <summary>Sends as much as there is room for, and says how much.</summary>
    /// <exception cref="ErrnoException">EPIPE: the other end is closed.</exception>
    public int Send(ReadOnlySpan<byte> bytes)
    {
        fixed (byte* p = bytes)
        {
            var length = send(Number, p, bytes.Length, MSG_NOSIGNAL);
            if (length >= 0)
                return (int)length;
            return (Errno)Marshal.GetLastPInvokeError() is Errno.EAGAIN or Errno.EINTR ? 0 : throw ErrnoException.Last("send", Path);
        }
    }

    private static UnixSocket Make(string path)
    {
        var fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        return fd < 0 ? throw ErrnoException.Last("socket", path) : new UnixSocket(fd, path);
    }

    private static bool TryWrite(string path, byte* address, out socklen_t length)
    {
        length = 0;
        var count = Encoding.UTF8.GetByteCount(path);
        if (count > LongestPath)
            return false;
        *(ushort*)address = (ushort)AF_UNIX;
        Encoding.UTF8.GetBytes(path, new Span<byte>(address + FamilySize, LongestPath));
        address[FamilySize + count] = 0;
        length = FamilySize + count + 1;
        return true;
    }

    /// <inheritdoc/>
    protected override bool ReleaseHandle() => close((int)handle) == 0;
}
