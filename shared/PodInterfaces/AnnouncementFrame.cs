using System.Buffers.Binary;
using Plugboard.Addresses;

namespace Plugboard.PodInterfaces;

/// <summary>
/// The frame that announces the owner of an address: a gratuitous ARP request, or an unsolicited neighbour advertisement that overrides
/// cached entries. Pure. Source: RFC 5227, section 3; RFC 4861, section 4.4; IEEE 802.1Q.
/// </summary>
public static class AnnouncementFrame
{
    private const ushort Arp = 0x0806;
    private const ushort IPv6 = 0x86dd;
    private const ushort Tag = 0x8100;
    private const byte IcmpV6 = 58;
    private const byte Advertisement = 136;
    private const uint Override = 0x2000_0000;
    private const byte TargetAddressOption = 2;

    private static readonly IPAddr AllNodes = IPAddr.V6((UInt128)0xff02 << 112 | 1);

    /// <summary>The frame.</summary>
    /// <param name="address">The address.</param>
    /// <param name="mac">Its owner.</param>
    /// <param name="vlan">The VLAN the frame is tagged with; 0 for none.</param>
    public static byte[] Of(IPAddr address, MacAddress mac, int vlan)
    {
        var content = address.Is6 ? NeighbourAdvertisement(address, mac) : GratuitousArp(address, mac);
        var header = vlan == 0 ? 14 : 18;
        var frame = new byte[header + content.Length];
        (address.Is6 ? new MacAddress(0x3333_0000_0001) : new MacAddress(0xffff_ffff_ffff)).WriteBytes(frame);
        mac.WriteBytes(frame.AsSpan(6));
        if (vlan != 0)
        {
            BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(12), Tag);
            BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(14), (ushort)vlan);
        }

        BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(header - 2), address.Is6 ? IPv6 : Arp);
        content.CopyTo(frame.AsSpan(header));
        return frame;
    }

    // Ethernet, IPv4, six and four bytes, request; the sender, and as target the same address with no hardware address.
    private static byte[] GratuitousArp(IPAddr address, MacAddress mac)
    {
        var arp = new byte[28];
        ((ReadOnlySpan<byte>)[0, 1, 8, 0, 6, 4, 0, 1]).CopyTo(arp);
        mac.WriteBytes(arp.AsSpan(8));
        address.WriteBytes(arp.AsSpan(14));
        address.WriteBytes(arp.AsSpan(24));
        return arp;
    }

    private static byte[] NeighbourAdvertisement(IPAddr address, MacAddress mac)
    {
        const int Header = 40;
        const int Length = 32;
        var packet = new byte[Header + Length];
        packet[0] = 0x60;
        packet[5] = Length;
        packet[6] = IcmpV6;
        packet[7] = 255;
        address.WriteBytes(packet.AsSpan(8));
        AllNodes.WriteBytes(packet.AsSpan(24));
        var message = packet.AsSpan(Header);
        message[0] = Advertisement;
        BinaryPrimitives.WriteUInt32BigEndian(message[4..], Override);
        address.WriteBytes(message[8..]);
        message[24] = TargetAddressOption;
        message[25] = 1;
        mac.WriteBytes(message[26..]);
        BinaryPrimitives.WriteUInt16BigEndian(message[2..], CheckSum(packet.AsSpan(8), Length + IcmpV6));
        return packet;
    }

    // RFC 1071 over both addresses and the message, and what else the pseudo header has.
    private static ushort CheckSum(ReadOnlySpan<byte> bytes, int rest)
    {
        var sum = (uint)rest;
        for (var i = 0; i < bytes.Length; i += 2)
            sum += BinaryPrimitives.ReadUInt16BigEndian(bytes[i..]);
        while (sum > ushort.MaxValue)
            sum = (sum & ushort.MaxValue) + (sum >> 16);
        return (ushort)~sum;
    }
}
