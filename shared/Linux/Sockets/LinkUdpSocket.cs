using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Plugboard.Addresses;
using Plugboard.Linux.LibC;

namespace Plugboard.Linux.Sockets;

/// <summary>
/// UDP from a link-local IPv6 address and a port, by one link of the calling thread's network namespace. It keeps the namespace alive. No
/// call waits. Source: ipv6(7), udp(7).
/// </summary>
public sealed unsafe class LinkUdpSocket : SafeHandle
{
    private readonly uint link;
    private readonly string name;

    private LinkUdpSocket(int fd, uint link, string subject)
        : base(-1, ownsHandle: true)
    {
        this.link = link;
        name = subject;
        SetHandle(fd);
    }

    /// <inheritdoc/>
    public override bool IsInvalid => handle < 0;

    private int Number => IsClosed ? throw new ObjectDisposedException("UDP socket") : (int)handle;

    /// <summary>Opens one.</summary>
    /// <param name="link">The link's index.</param>
    /// <param name="address">The link's own link-local address.</param>
    /// <param name="port">The port.</param>
    /// <exception cref="ErrnoException">EADDRNOTAVAIL: the link does not have the address, or it is tentative; EADDRINUSE: another process
    /// has the port; ENODEV: the link is gone.</exception>
    public static LinkUdpSocket Open(int link, IPAddr address, ushort port)
    {
        var subject = $"[{address}%{link}]:{port}";
        var fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (fd < 0)
            throw ErrnoException.Last("socket", subject);
        var opened = new LinkUdpSocket(fd, (uint)link, subject);
        var bytes = stackalloc byte[Inet.AddressSize];
        if (bind(fd, (sockaddr*)bytes, InternetSocket.Write(address, port, bytes, (uint)link)) == 0)
            return opened;
        var refusal = ErrnoException.Last("bind", subject);
        opened.Dispose();
        throw refusal;
    }

    /// <summary>Sends a datagram to an address of the link, or a group there.</summary>
    /// <exception cref="ErrnoException">ENETUNREACH, EADDRNOTAVAIL: the address is gone; ENODEV: the link is; EPERM: a rule of the
    /// namespace forbids it.</exception>
    public void Send(IPAddr destination, ushort port, ReadOnlySpan<byte> datagram)
    {
        var bytes = stackalloc byte[Inet.AddressSize];
        var size = InternetSocket.Write(destination, port, bytes, link);
        fixed (byte* p = datagram)
        {
            while (sendto(Number, p, datagram.Length, 0, (sockaddr*)bytes, size) < 0)
            {
                if (Marshal.GetLastPInvokeError() != (int)Errno.EINTR)
                    throw ErrnoException.Last("sendto", name);
            }
        }
    }

    /// <summary>The next datagram's length; null if none has come.</summary>
    /// <param name="buffer">Gets it, cut to its size.</param>
    /// <param name="source">The address that sent it.</param>
    /// <param name="port">The port that sent it.</param>
    /// <exception cref="ErrnoException">What an earlier datagram came to, as ECONNREFUSED or ENETDOWN.</exception>
    public int? TryReceive(Span<byte> buffer, out IPAddr source, out ushort port)
    {
        var bytes = stackalloc byte[Inet.AddressSize];
        socklen_t size = Inet.AddressSize;
        (source, port) = (default, 0);
        fixed (byte* p = buffer)
        {
            var length = recvfrom(Number, p, buffer.Length, 0, (sockaddr*)bytes, &size);
            if (length < 0)
            {
                return (Errno)Marshal.GetLastPInvokeError() is Errno.EAGAIN or Errno.EINTR
                    ? null
                    : throw ErrnoException.Last("recvfrom", name);
            }

            var address = new ReadOnlySpan<byte>(bytes, Inet.AddressSize);
            source = IPAddr.FromBytes(address.Slice(8, 16));
            port = BinaryPrimitives.ReadUInt16BigEndian(address[2..]);
            return (int)length;
        }
    }

    /// <inheritdoc/>
    protected override bool ReleaseHandle() => close((int)handle) == 0;
}
