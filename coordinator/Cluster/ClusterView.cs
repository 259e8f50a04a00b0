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
    public PeerMap Peers { get; init; } = PeerMap.Empty;

    /// <summary>The nodes that are left out, wholly or in part, and why.</summary>
    public ValueArray<RefusedNode> Refused { get; init; } = [];

    /// <summary>Values that are in force although the source no longer has them, a sentence each.</summary>
    public ValueArray<string> Notes { get; init; } = [];

    /// <summary>True once one complete list was read.</summary>
    public bool IsComplete { get; init; }

    /// <summary>
    /// True if objects may be removed: the whole cluster is known, with this node in it and its uplink, and the data has no contradiction.
    /// </summary>
    public bool MayPrune =>
        IsComplete
        && !Network.IsAssumed
        && Self is { PodCidrs.Count: > 0, Uplink: not null }
        && Self.PodCidrs.All(cidr => Self.Address(cidr.Is6) is not null)
        && Self.FindOutside(Network) is null;

    /// <summary>True if nothing but the peers differs: the rest of the node stays as it was for the other view.</summary>
    public bool DiffersOnlyInPeers(ClusterView other) => IsComplete == other.IsComplete && Network == other.Network && Self == other.Self;

    /// <summary>All pod networks: this node's and its peers'.</summary>
    public IEnumerable<IPPrefix> PodCidrs => Self.PodCidrs.Concat(Peers.SelectMany(peer => peer.PodCidrs));
}
