using Plugboard.Addresses;

namespace Plugboard.Coordinator.Cluster;

/// <summary>A desired tunnel link.</summary>
internal sealed record DesiredTunnel
{
    /// <summary>Its alias: the mark by which the coordinator recognises its own links.</summary>
    public const string Alias = "plugboard coordinator";

    /// <summary>flannel's name for it: <c>flannel.1</c>, <c>flannel-v6.1</c>, <c>flannel.ipip</c>.</summary>
    public required string Name { get; init; }

    /// <summary>The family of the pods that it carries, in packets of the same family.</summary>
    public required bool Is6 { get; init; }

    /// <summary>This node's address, the source of its packets.</summary>
    public required IPAddr Local { get; init; }

    /// <summary>The underlying link.</summary>
    public required UplinkLink Uplink { get; init; }

    /// <summary>In bytes.</summary>
    public required int Mtu { get; init; }

    /// <summary>The tunnel's own address: the pod network's first with the full length.</summary>
    public required IPPrefix Address { get; init; }

    /// <summary>A vxlan's attributes; null: it is IPv4 in IPv4.</summary>
    public DesiredVxlan? Vxlan { get; init; }

    /// <summary>As ip-link(8) has it.</summary>
    public override string ToString() =>
        Vxlan is { } vxlan
            ? $"{Name} type vxlan id {vxlan.Vni} local {Local} dev {Uplink.Name} dstport {vxlan.Port} "
                + $"{(vxlan.Learning ? "learning" : "nolearning")}{(vxlan.Gbp ? " gbp" : "")} address {vxlan.Mac} mtu {Mtu}"
            : $"{Name} type ipip local {Local} dev {Uplink.Name} mtu {Mtu}";
}
