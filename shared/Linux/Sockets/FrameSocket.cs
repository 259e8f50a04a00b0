using System.Runtime.InteropServices;

namespace Plugboard.Linux.Sockets;

/// <summary>
/// Sends whole frames by a link of the calling thread's network namespace and receives none. To close it takes the kernel milliseconds
/// (packet_release waits for all processors): not for what is done for every pod. Source: packet(7).
/// </summary>
public sealed unsafe class FrameSocket : SafeHandle
{
    private FrameSocket(int fd)
        : base(-1, ownsHandle: true) => SetHandle(fd);

    /// <inheritdoc/>
    public override bool IsInvalid => handle < 0;

    /// <summary>Opens one with CLOEXEC.</summary>
    /// <exception cref="ErrnoException">EPERM without CAP_NET_RAW, EAFNOSUPPORT where the kernel has no packet sockets.</exception>
    public static FrameSocket Open()
    {
        var fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
        return fd < 0 ? throw ErrnoException.Last("socket", "packet socket") : new FrameSocket(fd);
    }

    /// <summary>Sends an Ethernet frame, from its destination to its last byte before the check sum.</summary>
    /// <param name="link">The index of the link it leaves by.</param>
    /// <param name="frame">14 bytes at least.</param>
    /// <exception cref="ErrnoException">ENETDOWN: the link is down; ENXIO: it does not exist.</exception>
    public void Send(int link, ReadOnlySpan<byte> frame)
    {
        ObjectDisposedException.ThrowIf(IsClosed, this);
        var address = new sockaddr_ll
        {
            sll_family = (ushort)AF_PACKET,
            sll_ifindex = link,
            sll_protocol = MemoryMarshal.Read<ushort>(frame[12..]),
        };
        fixed (byte* p = frame)
        {
            while (sendto((int)handle, p, frame.Length, 0, (sockaddr*)&address, sizeof(sockaddr_ll)) < 0)
            {
                if (Marshal.GetLastPInvokeError() != (int)Errno.EINTR)
                    throw ErrnoException.Last("sendto", $"link {link}");
            }
        }
    }

    /// <inheritdoc/>
    protected override bool ReleaseHandle() => close((int)handle) == 0;
}
