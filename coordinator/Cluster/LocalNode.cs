using Plugboard.Addresses;
using Plugboard.Coordinator.Configuration;
using Plugboard.Linux;

namespace Plugboard.Coordinator.Cluster;

/// <summary>This node: what the source says of it and what its own network is.</summary>
internal sealed record LocalNode
{
    /// <summary>Its name in the cluster.</summary>
    public required string Name { get; init; }

    /// <summary>The seed of its tunnels' hardware addresses: its name, so that they survive a reinstallation.</summary>
    public string Identity { get; init; } = "";

    /// <summary>The networks of its pods; none: not assigned yet.</summary>
    public ValueArray<IPPrefix> PodCidrs { get; init; } = [];

    /// <summary>The uplink; null if absent now.</summary>
    public UplinkLink? Uplink { get; init; }

    /// <summary>Its addresses on that link, at most one per family.</summary>
    public ValueArray<IPPrefix> Addresses { get; init; } = [];

    /// <summary>The IPv4 end of its tunnel as advertised to the other nodes; null if not advertised yet.</summary>
    public VtepData? Vtep4 { get; init; }

    /// <summary>The IPv6 end of its tunnel as advertised to the other nodes; null if not advertised yet.</summary>
    public VtepData? Vtep6 { get; init; }

    /// <summary>It belonged to the cluster, and the source, complete and valid, no longer lists it, or lists it without pods.</summary>
    public bool IsGone { get; init; }

    /// <summary>
    /// Why the pod networks are not in the cluster network, a sentence; null if they are, or if no cluster network is configured.
    /// </summary>
    public string? FindOutside(NetConf network)
    {
        foreach (var own in PodCidrs.AsSpan())
        {
            if (network.NetworkOf(own.Is6) is { } whole && !(whole.Length <= own.Length && whole.Contains(own.Address)))
                return $"this node's pod network {own} is not within the cluster's network {whole}: other nodes refuse it; correct the "
                    + $"{(own.Is6 ? "IPv6Network" : "Network")} of net-conf.json (or of the peers file, or of etcd), or the "
                    + "node's pod network";
        }

        return null;
    }

    /// <summary>Its pod network of a family; null: none.</summary>
    public IPPrefix? PodCidr(bool is6) => FirstOf(PodCidrs, is6);

    /// <summary>Its address of a family with its network's length; null: none.</summary>
    public IPPrefix? Address(bool is6) => FirstOf(Addresses, is6);

    private static IPPrefix? FirstOf(ValueArray<IPPrefix> prefixes, bool is6)
    {
        foreach (var prefix in prefixes.AsSpan())
        {
            if (prefix.Is6 == is6)
                return prefix;
        }

        return null;
    }
}
