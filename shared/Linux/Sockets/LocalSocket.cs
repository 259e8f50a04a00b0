using System.Runtime.InteropServices;
using System.Text;
using Plugboard.Linux.Files;

namespace Plugboard.Linux.Sockets;

/// <summary>
/// A stream to another process of this machine, by a socket in the file system or by an abstract one. All its calls together take no longer
/// than its time. Source: unix(7).
/// </summary>
public sealed unsafe class LocalSocket : IDisposable
{
    // struct sockaddr_un: the family, and 108 bytes of path.
    private const int PathOffset = 2;
    private const int LongestPath = 107;

    private readonly FileDescriptor connected;
    private readonly long deadline;

    private LocalSocket(FileDescriptor connected, long deadline) => (this.connected, this.deadline) = (connected, deadline);

    /// <summary>Connects.</summary>
    /// <param name="path">The socket's path; an abstract one begins with a NUL.</param>
    /// <param name="time">For connecting and everything after it.</param>
    /// <exception cref="ErrnoException">ENOENT, ECONNREFUSED: no process listens; ENAMETOOLONG; EAGAIN: its queue is full.</exception>
    public static LocalSocket Connect(string path, TimeSpan time)
    {
        var subject = path.Replace('\0', '@');
        var bytes = Encoding.UTF8.GetBytes(path);
        if (bytes.Length > LongestPath)
            throw new ErrnoException("connect", subject, Errno.ENAMETOOLONG);
        var fd = OpenSocket(subject);
        try
        {
            Limit(fd, time);
            var address = stackalloc byte[PathOffset + LongestPath + 1];
            *(ushort*)address = (ushort)AF_UNIX;
            bytes.CopyTo(new Span<byte>(address + PathOffset, LongestPath));
            // The length of an abstract name counts, a path ends with a NUL.
            var length = PathOffset + bytes.Length + (path.StartsWith('\0') ? 0 : 1);
            address[PathOffset + bytes.Length] = 0;
            if (connect(fd.Number, (sockaddr*)address, (uint)length) < 0)
                throw ErrnoException.Last("connect", subject);
            return new LocalSocket(fd, Environment.TickCount64 + (long)time.TotalMilliseconds);
        }
        catch
        {
            fd.Dispose();
            throw;
        }
    }

    private static FileDescriptor OpenSocket(string subject)
    {
        var fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        return fd < 0 ? throw ErrnoException.Last("socket", subject) : new FileDescriptor(fd, subject);
    }

    // socket(7): also how long connect(2) waits for room in the listener's queue.
    private static void Limit(FileDescriptor fd, TimeSpan time)
    {
        var value = stackalloc long[2];
        value[0] = (long)time.TotalSeconds;
        value[1] = time.Milliseconds * 1000L;
        if (setsockopt(fd.Number, SOL_SOCKET, SO_SNDTIMEO, value, 2 * sizeof(long)) < 0)
            throw ErrnoException.Last("setsockopt", fd.Path);
    }

    /// <summary>Sends all of it.</summary>
    /// <exception cref="ErrnoException">EPIPE: the other end is closed; EAGAIN: it does not read.</exception>
    public void Send(ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            fixed (byte* p = bytes)
            {
                var sent = send(connected.Number, p, bytes.Length, MSG_NOSIGNAL);
                if (sent >= 0)
                    bytes = bytes[(int)sent..];
                else if (Marshal.GetLastPInvokeError() != (int)Errno.EINTR)
                    throw ErrnoException.Last("send", connected.Path);
            }
        }
    }

    /// <summary>Receives until the buffer is full.</summary>
    /// <exception cref="ErrnoException">ETIMEDOUT; ECONNRESET: the other end closed before.</exception>
    public void ReceiveAll(Span<byte> buffer)
    {
        while (buffer.Length > 0)
        {
            var left = (int)Math.Clamp(deadline - Environment.TickCount64, 0, int.MaxValue);
            if (!InternetSocket.Wait(connected, POLLIN, TimeSpan.FromMilliseconds(left)))
                throw new ErrnoException("recv", connected.Path, Errno.ETIMEDOUT);
            fixed (byte* p = buffer)
            {
                var length = recv(connected.Number, p, buffer.Length, 0);
                if (length == 0)
                    throw new ErrnoException("recv", connected.Path, Errno.ECONNRESET);
                if (length > 0)
                    buffer = buffer[(int)length..];
                else if (Marshal.GetLastPInvokeError() != (int)Errno.EINTR)
                    throw ErrnoException.Last("recv", connected.Path);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => connected.Dispose();
}
