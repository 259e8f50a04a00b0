using System.Buffers.Binary;
using Plugboard.Addresses;

namespace Plugboard.Dhcp.Wire;

/// <summary>IPv6 around UDP and ICMPv6, without extension headers. Source: RFC 8200, 3, 8.1. Pure.</summary>
internal static class IPv6Packet
{
    /// <summary>IPv6's EtherType.</summary>
    public const ushort EtherType = 0x86dd;

    /// <summary>The length of the header.</summary>
    public const int Header = 40;

    /// <summary>The next header's number of ICMPv6.</summary>
    public const byte Icmp = 58;

    private const byte Udp = 17;
    private const int UdpHeader = 8;

    /// <summary>A message from a client's port to the servers'.</summary>
    public static byte[] WriteUdp(IPAddr source, IPAddr destination, ReadOnlySpan<byte> message)
    {
        var datagram = new byte[UdpHeader + message.Length];
        BinaryPrimitives.WriteUInt16BigEndian(datagram, Dhcp6Ports.Client);
        BinaryPrimitives.WriteUInt16BigEndian(datagram.AsSpan(2), Dhcp6Ports.Server);
        BinaryPrimitives.WriteUInt16BigEndian(datagram.AsSpan(4), (ushort)datagram.Length);
        message.CopyTo(datagram.AsSpan(UdpHeader));
        return Write(source, destination, Udp, datagram, checksumAt: 6, hopLimit: 1);
    }

    /// <summary>A packet; its checksum is computed.</summary>
    public static byte[] Write(IPAddr source, IPAddr destination, byte next, ReadOnlySpan<byte> payload, int checksumAt, byte hopLimit)
    {
        var packet = new byte[Header + payload.Length];
        packet[0] = 0x60;
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(4), (ushort)payload.Length);
        packet[6] = next;
        packet[7] = hopLimit;
        source.WriteBytes(packet.AsSpan(8));
        destination.WriteBytes(packet.AsSpan(24));
        payload.CopyTo(packet.AsSpan(Header));
        var checksum = Checksum(packet, next);
        // RFC 8200, 8.1: UDP's zero would be no checksum.
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(Header + checksumAt), checksum == 0 ? ushort.MaxValue : checksum);
        return packet;
    }

    /// <summary>The checksum over addresses, length, next header and payload; 0 of a packet that has the right one.</summary>
    public static ushort Checksum(ReadOnlySpan<byte> packet, byte next)
    {
        var sum = (uint)(packet.Length - Header) + next;
        for (var at = 8; at + 1 < packet.Length; at += 2)
            sum += BinaryPrimitives.ReadUInt16BigEndian(packet[at..]);
        if (packet.Length % 2 != 0)
            sum += (uint)packet[^1] << 8;
        while (sum > ushort.MaxValue)
            sum = (sum >> 16) + (sum & ushort.MaxValue);
        return (ushort)~sum;
    }
}

/// <summary>Where client and servers listen. Source: RFC 8415, 7.1, 7.2.</summary>
internal static class Dhcp6Ports
{
    public const ushort Client = 546;
    public const ushort Server = 547;

    /// <summary>All_DHCP_Relay_Agents_and_Servers, ff02::1:2.</summary>
    public static readonly IPAddr AllServers = IPAddr.V6(((UInt128)0xff02_0000_0000_0000 << 64) | 0x0001_0002);

    /// <summary>The hardware address of that group. Source: RFC 2464, 7.</summary>
    public static readonly MacAddress AllServersHardware = new(0x3333_0001_0002);
}
