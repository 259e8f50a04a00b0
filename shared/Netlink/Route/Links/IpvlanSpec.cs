using Plugboard.Netlink.Route.Uapi;

namespace Plugboard.Netlink.Route.Links;

/// <summary>
/// A link with the hardware address of another one: packets are distributed by IP address. Source: ip-link(8), TYPE ipvlan;
/// Documentation/networking/ipvlan.rst.
/// </summary>
public sealed record IpvlanSpec : LinkSpec
{
    /// <inheritdoc/>
    public override string Kind => "ipvlan";

    /// <summary>The index of the link below, in the client's namespace.</summary>
    public required int Parent { get; init; }

    /// <summary>The layer at which packets are distributed; one for all ipvlans of a link.</summary>
    public required IpvlanMode Mode { get; init; }

    /// <summary>What the ipvlans of the link exchange; one for all of them.</summary>
    public IpvlanFlag Flag { get; init; }

    private protected override int ParentIndex => Parent;

    private protected override void WriteData(NetlinkWriter writer)
    {
        writer.WriteUInt16(IfLinkH.IFLA_IPVLAN_MODE, (ushort)Mode);
        writer.WriteUInt16(IfLinkH.IFLA_IPVLAN_FLAGS, (ushort)Flag);
    }
}

/// <summary>The layer of an ipvlan. Source: include/uapi/linux/if_link.h, enum ipvlan_mode.</summary>
public enum IpvlanMode
{
    /// <summary>Frames: ARP, broadcasts and multicasts pass.</summary>
    L2 = 0,

    /// <summary>Packets, routed by the link below; neither ARP nor multicast.</summary>
    L3 = 1,

    /// <summary>As <see cref="L3"/>, and the rules of the host's namespace apply.</summary>
    L3S = 2,
}

/// <summary>What the ipvlans of one link exchange. Source: include/uapi/linux/if_link.h, IPVLAN_F_*.</summary>
public enum IpvlanFlag
{
    /// <summary>Packets, directly.</summary>
    Bridge = 0,

    /// <summary>Nothing.</summary>
    Private = 1,

    /// <summary>What the switch beyond the link sends back.</summary>
    Vepa = 2,
}
