using System.Buffers.Binary;
using Plugboard.Addresses;

namespace Plugboard.Dhcp.Wire;

/// <summary>ARP of IPv4 over Ethernet, as a probe for an address uses it. Source: RFC 826; RFC 5227, 2.1. Pure.</summary>
/// <param name="SenderHardware">The hardware address that sent it.</param>
/// <param name="Sender">The address that the sender has; 0.0.0.0: it is a probe.</param>
/// <param name="Target">The address that is asked for.</param>
internal readonly record struct ArpPacket(MacAddress SenderHardware, IPAddr Sender, IPAddr Target)
{
    /// <summary>ARP's EtherType.</summary>
    public const ushort EtherType = 0x0806;

    private const int Length = 28;

    /// <summary>A question who has an address, which claims none.</summary>
    public static byte[] WriteProbe(MacAddress hardware, IPAddr address)
    {
        var packet = new byte[Length];
        BinaryPrimitives.WriteUInt64BigEndian(packet, 0x0001_0800_0604_0001);
        hardware.WriteBytes(packet.AsSpan(8));
        address.WriteBytes(packet.AsSpan(24));
        return packet;
    }

    /// <summary>A question or an answer; null for anything else.</summary>
    public static ArpPacket? Read(ReadOnlySpan<byte> packet)
    {
        if (packet.Length < Length || BinaryPrimitives.ReadUInt64BigEndian(packet) >> 8 != 0x0001_0800_0604_00)
            return null;
        return new ArpPacket(
            MacAddress.FromBytes(packet.Slice(8, MacAddress.ByteCount)),
            IPAddr.FromBytes(packet.Slice(14, 4)),
            IPAddr.FromBytes(packet.Slice(24, 4))
        );
    }

    /// <summary>True if another interface has, or is about to take, the address.</summary>
    public bool Contests(IPAddr address, MacAddress own) =>
        SenderHardware != own && (Sender == address || Sender.IsUnspecified && Target == address);
}
