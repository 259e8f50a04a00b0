using Plugboard.Addresses;
using Plugboard.Netlink.Route.Uapi;

namespace Plugboard.Netlink.Route.Links;

/// <summary>
/// A VXLAN device: Ethernet in UDP, to the destinations that its <see cref="FdbTable"/> has. Source: ip-link(8), TYPE vxlan;
/// include/uapi/linux/if_link.h, IFLA_VXLAN_*; drivers/net/vxlan/vxlan_core.c.
/// </summary>
public sealed record VxlanSpec : LinkSpec
{
    /// <inheritdoc/>
    public override string Kind => "vxlan";

    /// <summary>The VXLAN network identifier, 0 to 16,777,215; the kernel has one device for each number and port.</summary>
    public required int Vni { get; init; }

    /// <summary>
    /// The address the packets are sent from, which decides the family of all destinations; null for IPv4 and the route's choice.
    /// </summary>
    public IPAddr? Local { get; init; }

    /// <summary>
    /// The index of the link the packets leave by, in the client's namespace; 0 for the route's choice. With it an MTU of 0 becomes that
    /// link's less the headers: 50 bytes for IPv4, 70 for IPv6; a greater one is cut to that.
    /// </summary>
    public int Parent { get; init; }

    /// <summary>The UDP port, of the sender and of all destinations; 0 for the driver's default, 8472 and not IANA's 4789.</summary>
    public ushort Port { get; init; }

    /// <summary>Whether senders are learnt into the forwarding table. Written always: the driver's own default is true.</summary>
    public bool Learning { get; init; }

    /// <summary>Packets carry the group policy extension: their mark.</summary>
    public bool Gbp { get; init; }

    /// <summary>IPv6: packets are sent without a UDP checksum.</summary>
    public bool UdpZeroChecksum6Tx { get; init; }

    /// <summary>IPv6: packets without a UDP checksum are taken.</summary>
    public bool UdpZeroChecksum6Rx { get; init; }

    /// <summary>The outer packet's time to live; 0 for the system's default.</summary>
    public byte Ttl { get; init; }

    private protected override void WriteData(NetlinkWriter writer)
    {
        writer.WriteUInt32(IfLinkH.IFLA_VXLAN_ID, (uint)Vni);
        if (Parent != 0)
            writer.WriteUInt32(IfLinkH.IFLA_VXLAN_LINK, (uint)Parent);
        if (Local is { } local)
            writer.WriteAddress(local.Is6 ? IfLinkH.IFLA_VXLAN_LOCAL6 : IfLinkH.IFLA_VXLAN_LOCAL, local);
        if (Ttl != 0)
            writer.WriteUInt8(IfLinkH.IFLA_VXLAN_TTL, Ttl);
        writer.WriteUInt8(IfLinkH.IFLA_VXLAN_LEARNING, (byte)(Learning ? 1 : 0));
        if (Port != 0)
            writer.WriteUInt16BigEndian(IfLinkH.IFLA_VXLAN_PORT, Port);
        if (UdpZeroChecksum6Tx)
            writer.WriteUInt8(IfLinkH.IFLA_VXLAN_UDP_ZERO_CSUM6_TX, 1);
        if (UdpZeroChecksum6Rx)
            writer.WriteUInt8(IfLinkH.IFLA_VXLAN_UDP_ZERO_CSUM6_RX, 1);
        if (Gbp)
            writer.WriteFlag(IfLinkH.IFLA_VXLAN_GBP);
    }
}
