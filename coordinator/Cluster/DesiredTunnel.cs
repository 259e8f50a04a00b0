using Plugboard.Addresses;

namespace Plugboard.Coordinator.Cluster;

/// <summary>A tunnel's link that should be there.</summary>
internal sealed record DesiredTunnel
{
    /// <summary>What its alias says: the mark by which the coordinator knows its own links.</summary>
    public const string Alias = "plugboard coordinator";

    /// <summary>flannel's name for it: <c>flannel.1</c>, <c>flannel-v6.1</c>, <c>flannel.ipip</c>.</summary>
    public required string Name { get; init; }

    /// <summary>Which family's pods it carries, in packets of the same family.</summary>
    public required bool Is6 { get; init; }

    /// <summary>This node's address that the packets go out from.</summary>
    public required IPAddr Local { get; init; }

    /// <summary>The link they go out by.</summary>
    public required UplinkLink Uplink { get; init; }

    /// <summary>In bytes.</summary>
    public required int Mtu { get; init; }

    /// <summary>The tunnel's own address: the pod network's first with the full length.</summary>
    public required IPPrefix Address { get; init; }

    /// <summary>What a vxlan needs besides; null: it is IPv4 in IPv4.</summary>
    public DesiredVxlan? Vxlan { get; init; }

    /// <summary>As ip-link(8) has it.</summary>
    public override string ToString() =>
        Vxlan is { } vxlan
            ? $"{Name} type vxlan id {vxlan.Vni} local {Local} dev {Uplink.Name} dstport {vxlan.Port} "
                + $"{(vxlan.Learning ? "learning" : "nolearning")}{(vxlan.Gbp ? " gbp" : "")} address {vxlan.Mac} mtu {Mtu}"
            : $"{Name} type ipip local {Local} dev {Uplink.Name} mtu {Mtu}";
}
