using Plugboard.Addresses;
using Plugboard.Coordinator.Configuration;
using Plugboard.Linux;

namespace Plugboard.Coordinator.Cluster;

/// <summary>The cluster as this node sees it, checked: what the reconcilers plan from.</summary>
internal sealed record ClusterView
{
    /// <summary>The cluster's network.</summary>
    public required NetConf Network { get; init; }

    /// <summary>This node.</summary>
    public required LocalNode Self { get; init; }

    /// <summary>The other nodes, those that were refused left out.</summary>
    public ValueArray<ClusterNode> Peers { get; init; } = [];

    /// <summary>Who is left out, wholly or in part, and why.</summary>
    public ValueArray<RefusedNode> Refused { get; init; } = [];

    /// <summary>What is in force although the source does not say it, a sentence each.</summary>
    public ValueArray<string> Notes { get; init; } = [];

    /// <summary>True once one complete list was read.</summary>
    public bool IsComplete { get; init; }

    /// <summary>
    /// Only then is anything removed: the whole cluster is known, and this node in it, and how it is connected; and what is known does not
    /// contradict itself.
    /// </summary>
    public bool MayPrune =>
        IsComplete
        && !Network.IsAssumed
        && Self is { PodCidrs.Count: > 0, Uplink: not null }
        && Self.PodCidrs.All(cidr => Self.Address(cidr.Is6) is not null)
        && Self.FindOutside(Network) is null;

    /// <summary>All pod networks: this node's and its peers'.</summary>
    public IEnumerable<IPPrefix> PodCidrs => Self.PodCidrs.Concat(Peers.SelectMany(peer => peer.PodCidrs));
}
