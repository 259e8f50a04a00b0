using System.Buffers.Binary;
using Plugboard.Addresses;

namespace Plugboard.Dhcp.Wire;

/// <summary>IPv4 and UDP around a message between ports 68 and 67. Source: RFC 791, 768. Pure.</summary>
internal static class UdpPacket
{
    /// <summary>The port of clients.</summary>
    public const ushort ClientPort = 68;

    /// <summary>The port of servers.</summary>
    public const ushort ServerPort = 67;

    /// <summary>IPv4's EtherType.</summary>
    public const ushort EtherType = 0x0800;

    private const int IPHeader = 20;
    private const int UdpHeader = 8;
    private const byte Udp = 17;
    private const byte TimeToLive = 64;

    /// <summary>A packet from a client to a server, from the IP header on.</summary>
    public static byte[] Write(IPAddr source, IPAddr destination, ReadOnlySpan<byte> message)
    {
        var packet = new byte[IPHeader + UdpHeader + message.Length];
        var ip = packet.AsSpan();
        packet[0] = 0x45;
        packet[1] = 0x10; // Low delay: a queue on the way lets it pass.
        BinaryPrimitives.WriteUInt16BigEndian(ip[2..], (ushort)packet.Length);
        packet[8] = TimeToLive;
        packet[9] = Udp;
        source.WriteBytes(ip[12..]);
        destination.WriteBytes(ip[16..]);
        BinaryPrimitives.WriteUInt16BigEndian(ip[10..], Fold(Sum(ip[..IPHeader])));
        var udp = ip[IPHeader..];
        BinaryPrimitives.WriteUInt16BigEndian(udp, ClientPort);
        BinaryPrimitives.WriteUInt16BigEndian(udp[2..], ServerPort);
        BinaryPrimitives.WriteUInt16BigEndian(udp[4..], (ushort)udp.Length);
        message.CopyTo(udp[UdpHeader..]);
        var checksum = Fold(Sum(udp) + Sum(ip.Slice(12, 8)) + Udp + (uint)udp.Length);
        // 0 stands for a packet without one.
        BinaryPrimitives.WriteUInt16BigEndian(udp[6..], checksum == 0 ? ushort.MaxValue : checksum);
        return packet;
    }

    /// <summary>
    /// The message in a packet for a client; empty if it is anything else. The UDP checksum is not verified: of a packet that was not on a
    /// wire the kernel has not computed it.
    /// </summary>
    public static ReadOnlySpan<byte> Read(ReadOnlySpan<byte> packet)
    {
        if (packet.Length < IPHeader || packet[0] >> 4 != 4 || packet[9] != Udp)
            return [];
        var header = 4 * (packet[0] & 15);
        var length = BinaryPrimitives.ReadUInt16BigEndian(packet[2..]);
        var isFragment = (BinaryPrimitives.ReadUInt16BigEndian(packet[6..]) & 0x3fff) != 0;
        if (header < IPHeader || length < header + UdpHeader || length > packet.Length || isFragment)
            return [];
        var udp = packet[header..length];
        var udpLength = BinaryPrimitives.ReadUInt16BigEndian(udp[4..]);
        return BinaryPrimitives.ReadUInt16BigEndian(udp[2..]) == ClientPort && udpLength >= UdpHeader && udpLength <= udp.Length
            ? udp[UdpHeader..udpLength]
            : [];
    }

    private static uint Sum(ReadOnlySpan<byte> bytes)
    {
        var sum = 0u;
        for (var at = 0; at + 1 < bytes.Length; at += 2)
            sum += BinaryPrimitives.ReadUInt16BigEndian(bytes[at..]);
        return (bytes.Length & 1) == 0 ? sum : sum + (uint)(bytes[^1] << 8);
    }

    private static ushort Fold(uint sum)
    {
        while (sum >> 16 != 0)
            sum = (sum & 0xffff) + (sum >> 16);
        return (ushort)~sum;
    }
}
