using System.Buffers.Binary;
using Plugboard.Addresses;

namespace Plugboard.Dhcp.Wire;

/// <summary>
/// Neighbour discovery, as a probe for an address uses it: the question of a node that has no address yet, and whatever shows that another
/// one has it. Source: RFC 4861, 4.3, 4.4; RFC 4862, 5.4. Pure.
/// </summary>
/// <param name="IsAnswer">An advertisement; else a question.</param>
/// <param name="Sender">The address that it came from; <c>::</c>: a probe.</param>
/// <param name="Target">The address that it is about.</param>
internal readonly record struct NeighbourPacket(bool IsAnswer, IPAddr Sender, IPAddr Target)
{
    private const byte Solicitation = 135;
    private const byte Advertisement = 136;
    private const byte HopLimit = 255;
    private const int TargetAt = 8;
    private const int Fixed = 24;
    private const byte Nonce = 14; // RFC 3971, 5.3.2; RFC 7527

    /// <summary>The group that an address's owner listens to, and its hardware address. Source: RFC 4291, 2.7.1; RFC 2464, 7.</summary>
    public static (IPAddr Group, MacAddress Hardware) GroupOf(IPAddr address)
    {
        var low = (ulong)address.Value & 0xff_ffff;
        return (IPAddr.V6(((UInt128)0xff02_0000_0000_0000 << 64) | 0x0001_ff00_0000 | low), new MacAddress(0x3333_ff00_0000 | low));
    }

    /// <summary>
    /// A question who has an address, which claims none. The nonce keeps one that a switch sends back from counting at a kernel that
    /// compares them.
    /// </summary>
    public static byte[] WriteProbe(IPAddr address, ulong nonce)
    {
        var message = new byte[Fixed + 8];
        message[0] = Solicitation;
        address.WriteBytes(message.AsSpan(TargetAt));
        message[Fixed] = Nonce;
        message[Fixed + 1] = 1;
        for (var i = 0; i < 6; i++)
            message[Fixed + 2 + i] = (byte)(nonce >> 8 * i);
        return IPv6Packet.Write(IPAddr.V6(0), GroupOf(address).Group, IPv6Packet.Icmp, message, checksumAt: 2, HopLimit);
    }

    /// <summary>A question or an answer; null for anything else, and for what has come from another link.</summary>
    public static NeighbourPacket? Read(ReadOnlySpan<byte> packet)
    {
        if (packet.Length < IPv6Packet.Header + Fixed || packet[0] >> 4 != 6 || packet[6] != IPv6Packet.Icmp || packet[7] != HopLimit)
            return null;
        var length = BinaryPrimitives.ReadUInt16BigEndian(packet[4..]);
        if (length < Fixed || packet.Length < IPv6Packet.Header + length)
            return null;
        packet = packet[..(IPv6Packet.Header + length)];
        var message = packet[IPv6Packet.Header..];
        if (message[0] is not (Solicitation or Advertisement) || message[1] != 0 || IPv6Packet.Checksum(packet, IPv6Packet.Icmp) != 0)
            return null;
        return new NeighbourPacket(
            message[0] == Advertisement,
            IPAddr.FromBytes(packet.Slice(8, 16)),
            IPAddr.FromBytes(message.Slice(TargetAt, 16))
        );
    }

    /// <summary>True if another node has the address, or probes for it too.</summary>
    public bool Contests(IPAddr address) => Target == address && (IsAnswer || Sender.IsUnspecified) || Sender == address;
}
