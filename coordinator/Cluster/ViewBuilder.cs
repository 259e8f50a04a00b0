using Plugboard.Coordinator.Configuration;
using Plugboard.Coordinator.Node;
using Plugboard.Coordinator.Routes;
using Plugboard.Linux;
using Plugboard.Netlink.Route.Links;

namespace Plugboard.Coordinator.Cluster;

/// <summary>Makes the cluster as this node sees it from what the source tells and what the node's own network is: pure.</summary>
/// <param name="nodeName">This node's name in the cluster.</param>
/// <param name="ownNetwork">The cluster's network, from this node's own configuration; null: the source tells it.</param>
/// <param name="isAlone">There are no other nodes, and this one need have no pod network.</param>
internal sealed class ViewBuilder(string nodeName, NetConf? ownNetwork, bool isAlone = false)
{
    /// <summary>The operator's options, before them what the cluster itself wishes for this node (flannel's annotation <c>node-public-ip</c>).</summary>
    public UplinkOptions WishesOf(ClusterSnapshot snapshot, UplinkOptions options) =>
        snapshot.Nodes.GetValueOrDefault(nodeName) is { WishedAddresses.Count: > 0 } told
            ? options with { Interfaces = [.. told.WishedAddresses.Select(address => address.ToString()), .. options.Interfaces] }
            : options;

    /// <summary>The view; null with the reason where the cluster's network is not known yet.</summary>
    /// <param name="snapshot">What the source told.</param>
    /// <param name="uplink">By which link the others are reached.</param>
    /// <param name="links">The node's links by name: a tunnel that is there keeps its hardware address where nobody was told another.</param>
    public (ClusterView? View, string? Lack) Build(ClusterSnapshot snapshot, Uplink? uplink, IReadOnlyDictionary<string, Link> links)
    {
        if ((ownNetwork ?? snapshot.Network) is not { } network)
            return (null, "the cluster's network is not known yet: give --net-config-path, or write it to where the source has it");
        var told = snapshot.Nodes.GetValueOrDefault(nodeName);
        var self = new LocalNode
        {
            Name = nodeName,
            Identity = nodeName,
            PodCidrs = (told?.PodCidrs ?? []).Where(cidr => network.Enables(cidr.Is6)).Select(cidr => cidr.Network).ToValueArray(),
            Uplink = uplink?.Link,
            Addresses = (uplink?.Addresses ?? []).Where(address => network.Enables(address.Is6)).ToValueArray(),
            Vtep4 = told?.Vtep4 ?? Tunnels.FindPresent(links, network.Backend, is6: false),
            Vtep6 = told?.Vtep6 ?? Tunnels.FindPresent(links, network.Backend, is6: true),
        };
        var check = new PeerCheck(network, self);
        var peers = check.Accept(snapshot.Nodes.Values.Where(node => node.Name != nodeName));
        return (new ClusterView { Network = network, Self = self, Peers = peers, Refused = check.Refused.ToValueArray(), IsComplete = snapshot.IsComplete }, LackOf(told, self, snapshot));
    }

    private string? LackOf(ClusterNode? told, LocalNode self, ClusterSnapshot snapshot)
    {
        if (isAlone)
            return null;
        if (!snapshot.IsComplete)
            return snapshot.Hindrance ?? "the list of nodes was not read yet";
        if (told is null)
            return $"the source knows no node {nodeName}; say --node-name, or let the node join";
        if (self.PodCidrs.Count == 0)
            return $"node {nodeName} has no pod network yet; Kubernetes assigns one where the controller manager runs with --allocate-node-cidrs";
        return self.Uplink is null ? "there is no link by which other nodes are reached; say --iface" : null;
    }
}
