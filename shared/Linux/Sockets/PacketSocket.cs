using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Plugboard.Addresses;

namespace Plugboard.Linux.Sockets;

/// <summary>
/// Packets of a link of the calling thread's network namespace, without their Ethernet header, as far as a filter lets them in. It keeps
/// the namespace alive. No call waits. Source: packet(7).
/// </summary>
public sealed unsafe class PacketSocket : SafeHandle
{
    private const int SO_ATTACH_FILTER = 26;
    private const ushort AllProtocols = 3;

    private readonly int link;

    private PacketSocket(int fd, int link)
        : base(-1, ownsHandle: true)
    {
        this.link = link;
        SetHandle(fd);
    }

    /// <inheritdoc/>
    public override bool IsInvalid => handle < 0;

    private int Number => IsClosed ? throw new ObjectDisposedException("packet socket") : (int)handle;

    /// <summary>Opens one. Nothing is received before the filter is in force.</summary>
    /// <param name="link">The link's index.</param>
    /// <param name="filter">Classic BPF.</param>
    /// <exception cref="ErrnoException">EPERM without CAP_NET_RAW; ENODEV: the link is gone.</exception>
    public static PacketSocket Open(int link, ReadOnlySpan<FilterStep> filter)
    {
        // Protocol 0 receives nothing.
        var fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (fd < 0)
            throw ErrnoException.Last("socket", "packet socket");
        var opened = new PacketSocket(fd, link);
        try
        {
            opened.Attach(filter);
            return opened;
        }
        catch (ErrnoException)
        {
            opened.Dispose();
            throw;
        }
    }

    private void Attach(ReadOnlySpan<FilterStep> filter)
    {
        fixed (FilterStep* first = filter)
        {
            var program = new FilterProgram { Count = (ushort)filter.Length, Steps = first };
            if (setsockopt(Number, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(FilterProgram)) < 0)
                throw ErrnoException.Last("setsockopt", "packet socket");
        }

        var address = Address(AllProtocols, default);
        if (bind(Number, (sockaddr*)&address, sizeof(sockaddr_ll)) < 0)
            throw ErrnoException.Last("bind", $"packet socket of link {link}");
    }

    /// <summary>Sends a packet, from its network header on.</summary>
    /// <param name="protocol">The EtherType.</param>
    /// <param name="destination">The hardware address that gets it.</param>
    /// <param name="packet">The packet.</param>
    /// <exception cref="ErrnoException">ENETDOWN: the link is down; ENXIO, ENODEV: it is gone.</exception>
    public void Send(ushort protocol, MacAddress destination, ReadOnlySpan<byte> packet)
    {
        var address = Address(protocol, destination);
        fixed (byte* p = packet)
        {
            while (sendto(Number, p, packet.Length, 0, (sockaddr*)&address, sizeof(sockaddr_ll)) < 0)
            {
                if (Marshal.GetLastPInvokeError() != (int)Errno.EINTR)
                    throw ErrnoException.Last("sendto", $"link {link}");
            }
        }
    }

    /// <summary>The next packet's length; null if none has come.</summary>
    /// <param name="buffer">Gets it, cut to its size.</param>
    /// <param name="protocol">The EtherType.</param>
    /// <param name="source">The hardware address that sent it.</param>
    /// <exception cref="ErrnoException">ENETDOWN: the link was set down.</exception>
    public int? TryReceive(Span<byte> buffer, out ushort protocol, out MacAddress source)
    {
        sockaddr_ll address = default;
        socklen_t size = sizeof(sockaddr_ll);
        (protocol, source) = (0, default);
        fixed (byte* p = buffer)
        {
            var length = recvfrom(Number, p, buffer.Length, 0, (sockaddr*)&address, &size);
            if (length < 0)
            {
                return (Errno)Marshal.GetLastPInvokeError() is Errno.EAGAIN or Errno.EINTR
                    ? null
                    : throw ErrnoException.Last("recvfrom", $"link {link}");
            }

            protocol = BinaryPrimitives.ReverseEndianness(address.sll_protocol);
            source = MacAddress.FromBytes(new ReadOnlySpan<byte>(address.sll_addr, MacAddress.ByteCount));
            return (int)length;
        }
    }

    private sockaddr_ll Address(ushort protocol, MacAddress hardware)
    {
        var address = new sockaddr_ll
        {
            sll_family = (ushort)AF_PACKET,
            sll_ifindex = link,
            sll_protocol = BinaryPrimitives.ReverseEndianness(protocol),
            sll_halen = MacAddress.ByteCount,
        };
        hardware.WriteBytes(new Span<byte>(address.sll_addr, MacAddress.ByteCount));
        return address;
    }

    /// <inheritdoc/>
    protected override bool ReleaseHandle() => close((int)handle) == 0;

    [StructLayout(LayoutKind.Sequential)]
    private struct FilterProgram
    {
        public ushort Count;
        public FilterStep* Steps;
    }
}

/// <summary>An instruction of classic BPF, struct sock_filter. Source: linux/filter.h.</summary>
/// <param name="Code">What it does.</param>
/// <param name="IfTrue">How many instructions a jump passes over if its condition is true.</param>
/// <param name="IfFalse">The same if it is false.</param>
/// <param name="Operand">Its number.</param>
[StructLayout(LayoutKind.Sequential)]
public readonly record struct FilterStep(ushort Code, byte IfTrue, byte IfFalse, uint Operand);
