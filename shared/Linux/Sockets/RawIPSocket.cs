using System.Runtime.InteropServices;

namespace Plugboard.Linux.Sockets;

/// <summary>A raw IP socket of the calling thread's network namespace, only to ask the kernel's getsockopt(2). Source: raw(7).</summary>
public sealed unsafe class RawIPSocket : SafeHandle
{
    private readonly bool is6;

    private RawIPSocket(int fd, bool is6)
        : base(-1, ownsHandle: true)
    {
        this.is6 = is6;
        SetHandle(fd);
    }

    /// <inheritdoc/>
    public override bool IsInvalid => handle < 0;

    /// <summary>Opens one with CLOEXEC, which nothing is received on.</summary>
    /// <exception cref="ErrnoException">EPERM without CAP_NET_RAW, EAFNOSUPPORT where the kernel has no IPv6.</exception>
    public static RawIPSocket Open(bool is6)
    {
        var fd = socket(is6 ? AF_INET6 : AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
        return fd < 0 ? throw ErrnoException.Last("socket", "raw IP socket") : new RawIPSocket(fd, is6);
    }

    /// <summary>Sets an option of the socket's own level, IPPROTO_IP or IPPROTO_IPV6.</summary>
    /// <param name="option">The option's number.</param>
    /// <param name="value">What the kernel reads and then overwrites.</param>
    /// <returns>The kernel's refusal; <see cref="Errno.None"/> where it answered.</returns>
    public Errno GetOption(int option, Span<byte> value)
    {
        ObjectDisposedException.ThrowIf(IsClosed, this);
        socklen_t length = value.Length;
        fixed (byte* p = value)
        {
            return getsockopt((int)handle, is6 ? IPPROTO_IPV6 : IPPROTO_IP, option, p, &length) < 0
                ? (Errno)Marshal.GetLastPInvokeError()
                : Errno.None;
        }
    }

    /// <inheritdoc/>
    protected override bool ReleaseHandle() => close((int)handle) == 0;
}
