using Plugboard.Linux.Sockets;

namespace Plugboard.Dhcp.Wire;

/// <summary>
/// What of a pod's traffic concerns its DHCP client: ARP, and UDP to port 68; untagged, and not what the pod sends itself. Source:
/// linux/filter.h; Documentation/networking/filter.rst.
/// </summary>
internal static class PacketFilter
{
    private const ushort LoadByte = 0x30;
    private const ushort LoadHalf = 0x28;
    private const ushort LoadHalfAtX = 0x48;
    private const ushort LoadHeaderLength = 0xb1;
    private const ushort JumpEqual = 0x15;
    private const ushort JumpSet = 0x45;
    private const ushort Return = 0x06;

    private const uint Ancillary = 0xffff_f000; // SKF_AD_OFF
    private const uint Protocol = Ancillary;
    private const uint PacketType = Ancillary + 4;
    private const uint HasVlanTag = Ancillary + 48;
    private const uint Outgoing = 4; // PACKET_OUTGOING
    private const uint Udp = 17;
    private const uint Fragment = 0x1fff;

    /// <summary>The filter. A jump counts from the instruction after it; the last two are "whole packet" and "nothing".</summary>
    public static ReadOnlySpan<FilterStep> Steps =>
        new FilterStep[]
        {
            new(LoadByte, 0, 0, PacketType),
            new(JumpEqual, 13, 0, Outgoing),
            new(LoadByte, 0, 0, HasVlanTag),
            new(JumpEqual, 0, 11, 0),
            new(LoadHalf, 0, 0, Protocol),
            new(JumpEqual, 8, 0, ArpPacket.EtherType),
            new(JumpEqual, 0, 8, UdpPacket.EtherType),
            new(LoadByte, 0, 0, 9),
            new(JumpEqual, 0, 6, Udp),
            new(LoadHalf, 0, 0, 6),
            new(JumpSet, 4, 0, Fragment),
            new(LoadHeaderLength, 0, 0, 0),
            new(LoadHalfAtX, 0, 0, 2),
            new(JumpEqual, 0, 1, UdpPacket.ClientPort),
            new(Return, 0, 0, ushort.MaxValue),
            new(Return, 0, 0, 0),
        };

    /// <summary>Of a probe for an IPv6 address: questions and answers of neighbours, and not what the pod sends itself.</summary>
    public static ReadOnlySpan<FilterStep> NeighbourSteps =>
        new FilterStep[]
        {
            new(LoadByte, 0, 0, PacketType),
            new(JumpEqual, 8, 0, Outgoing),
            new(LoadHalf, 0, 0, Protocol),
            new(JumpEqual, 0, 6, IPv6Packet.EtherType),
            new(LoadByte, 0, 0, 6),
            new(JumpEqual, 0, 4, IPv6Packet.Icmp),
            new(LoadByte, 0, 0, IPv6Packet.Header),
            new(JumpEqual, 1, 0, 135),
            new(JumpEqual, 0, 1, 136),
            new(Return, 0, 0, ushort.MaxValue),
            new(Return, 0, 0, 0),
        };
}
