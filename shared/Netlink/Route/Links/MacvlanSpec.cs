using Plugboard.Netlink.Route.Uapi;

namespace Plugboard.Netlink.Route.Links;

/// <summary>
/// A second Ethernet address of another link, as a link of its own. Source: ip-link(8), TYPE macvlan; include/uapi/linux/if_link.h,
/// IFLA_MACVLAN_*.
/// </summary>
public sealed record MacvlanSpec : LinkSpec
{
    /// <inheritdoc/>
    public override string Kind => "macvlan";

    /// <summary>The index of the link below, in the client's namespace.</summary>
    public required int Parent { get; init; }

    /// <summary>What it exchanges with the others above the same link.</summary>
    public required MacvlanMode Mode { get; init; }

    /// <summary>The length of the queue for broadcasts (Linux 5.11), in packets; 0 for the kernel's, 1000.</summary>
    public uint BroadcastQueue { get; init; }

    private protected override int ParentIndex => Parent;

    private protected override void WriteData(NetlinkWriter writer)
    {
        writer.WriteUInt32(IfLinkH.IFLA_MACVLAN_MODE, (uint)Mode);
        if (BroadcastQueue != 0)
            writer.WriteUInt32(IfLinkH.IFLA_MACVLAN_BC_QUEUE_LEN, BroadcastQueue);
    }
}

/// <summary>What the macvlans of one link exchange. Source: include/uapi/linux/if_link.h, enum macvlan_mode.</summary>
public enum MacvlanMode
{
    /// <summary>Nothing.</summary>
    Private = 1,

    /// <summary>What the switch beyond the link sends back.</summary>
    Vepa = 2,

    /// <summary>Frames, directly.</summary>
    Bridge = 4,

    /// <summary>There is only one: it has the link for itself.</summary>
    Passthru = 8,
}
