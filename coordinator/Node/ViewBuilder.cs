using Plugboard.Addresses;
using Plugboard.Coordinator.Cluster;
using Plugboard.Coordinator.Configuration;
using Plugboard.Coordinator.Tracking;
using Plugboard.Linux;
using Plugboard.Netlink.Route.Links;

namespace Plugboard.Coordinator.Node;

/// <summary>
/// Builds this node's view of the cluster from the source's data and the node's own network. It makes no system call. It remembers the
/// accepted data of the peers, and whether this node belonged to the cluster.
/// </summary>
/// <param name="nodeName">This node's name in the cluster.</param>
/// <param name="ownNetwork">The cluster network from this node's own configuration; null: the source's configuration applies.</param>
/// <param name="isAlone">There are no other nodes, and this one needs no pod network.</param>
internal sealed class ViewBuilder(string nodeName, NetConf? ownNetwork, bool isAlone = false)
{
    private readonly PeerSelection selection = new(nodeName);
    private ValueArray<IPPrefix> lastPods = [];
    private bool wasMember;

    /// <summary>What to do if this node has no pod network, depending on the source.</summary>
    public string PodNetworkHint { get; init; } = "give it one in the source";

    /// <summary>
    /// True: the source has this node when the node has a lease, which it acquires by its address; its name means nothing.
    /// </summary>
    public bool IsLeased { get; init; }

    /// <summary>True: the coordinator writes this node's address into the source; false: others send to what is there.</summary>
    public bool PublishesAddress { get; init; }

    /// <summary>This node as the source has it; null if absent.</summary>
    public ClusterNode? FindOwn(ClusterSnapshot snapshot) => snapshot.Nodes.GetValueOrDefault(nodeName);

    /// <summary>What is known for choosing the uplink.</summary>
    /// <param name="snapshot">What the source delivered.</param>
    /// <param name="options">The flags.</param>
    /// <param name="before">What was chosen before.</param>
    public UplinkQuestion QuestionOf(ClusterSnapshot snapshot, UplinkOptions options, Uplink? before)
    {
        var told = snapshot.Nodes.GetValueOrDefault(nodeName);
        var network = NetworkOf(snapshot, told);
        var pods = told?.PodCidrs ?? [];
        return new UplinkQuestion
        {
            Options = options,
            Wished = told?.WishedAddresses ?? [],
            Told = told?.Addresses ?? [],
            OwnPods = pods,
            Needed = (Needs(is6: false), Needs(is6: true)),
            Others = [.. snapshot.Nodes.Values.Where(node => node.Name != nodeName).SelectMany(node => node.Addresses).Take(64)],
            Before = before,
        };

        bool Needs(bool is6) => network?.Enables(is6) != false && pods.Any(cidr => cidr.Is6 == is6);
    }

    /// <summary>The peers whose accepted data the last <see cref="Build"/> changed, and those that share a tunnel with them.</summary>
    public TouchedKeys<string> Touched { get; private set; } = TouchedKeys<string>.All;

    /// <summary>The next view is made of all nodes: the touched ones of an earlier one got lost.</summary>
    public void Forget() => selection.Forget();

    /// <summary>The view; null with the reason if the cluster network is not known yet.</summary>
    /// <param name="snapshot">What the source delivered.</param>
    /// <param name="uplink">The uplink.</param>
    /// <param name="links">The node's links by name: an existing tunnel keeps its hardware address unless another one was
    /// advertised.</param>
    /// <param name="whyNoUplink">Why the uplink is missing, if it is.</param>
    /// <param name="touched">The nodes that changed since the last view; null: all are checked.</param>
    public (ClusterView? View, string? NotReadyReason) Build(
        ClusterSnapshot snapshot,
        Uplink? uplink,
        IReadOnlyDictionary<string, Link> links,
        string? whyNoUplink = null,
        TouchedKeys<string>? touched = null
    )
    {
        var told = snapshot.Nodes.GetValueOrDefault(nodeName);
        Touched = TouchedKeys<string>.None;
        if (NetworkOf(snapshot, told) is not { } network)
        {
            Forget();
            return (
                null,
                snapshot.IsComplete
                    ? snapshot.SourceError ?? "the cluster's network is not known yet: set --net-config-path, or add it to the source"
                    : NotListed(snapshot)
            );
        }

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
        var notReady = NotReadyReasonOf(told, self, snapshot) ?? self.FindOutside(network);
        if (notReady is null && uplink is null && !isAlone)
            notReady = whyNoUplink ?? "there is no link by which other nodes are reached; name one with --iface";
        self = self with { IsGone = IsGone(told, self, snapshot) };
        Remember(self);
        Touched = selection.Update(network, self, snapshot.Nodes, touched ?? TouchedKeys<string>.All);
        var view = new ClusterView
        {
            Network = network,
            Self = self,
            Peers = selection.Accepted,
            Refused = selection.Refused,
            Notes = [.. selection.Notes, .. WrongAddresses(told, self)],
            IsComplete = snapshot.IsComplete,
        };
        return (view, notReady);
    }

    // Only the operator can correct it, and each node looks right by itself.
    private IEnumerable<string> WrongAddresses(ClusterNode? told, LocalNode self)
    {
        foreach (var address in PublishesAddress ? [] : told?.Addresses ?? [])
        {
            if (self.PodCidr(address.Is6) is not null && self.Address(address.Is6)?.Address is { } own && own != address)
                yield return $"node {nodeName}: other nodes send to {address}, as the source says, and this node uses {own}: correct the "
                    + "source, or name the link by --iface, unless a router translates one to the other";
        }
    }

    private NetConf? NetworkOf(ClusterSnapshot snapshot, ClusterNode? told) => (ownNetwork ?? snapshot.Network)?.For(told?.PodCidrs ?? []);

    // A mistyped name does not remove the node: it was never in the list, or another entry has its data.
    private bool IsGone(ClusterNode? told, LocalNode self, ClusterSnapshot snapshot) =>
        snapshot.IsComplete && wasMember && (told is null ? FindDouble(self, snapshot) is null : told.PodCidrs.Count == 0);

    private void Remember(LocalNode self)
    {
        if (self.PodCidrs.Count == 0)
            return;
        wasMember = true;
        lastPods = self.PodCidrs;
    }

    private ClusterNode? FindDouble(LocalNode self, ClusterSnapshot snapshot) =>
        snapshot.Nodes.Values.FirstOrDefault(node =>
            self.Addresses.Any(own => node.Addresses.Contains(own.Address)) || node.PodCidrs.Any(cidr => lastPods.Contains(cidr))
        );

    // The source may have the network; it was not asked yet.
    private static string NotListed(ClusterSnapshot snapshot) => snapshot.Fault ?? "the list of nodes was not read yet";

    private string? NotReadyReasonOf(ClusterNode? told, LocalNode self, ClusterSnapshot snapshot)
    {
        if (isAlone)
            return null;
        if (!snapshot.IsComplete)
            return NotListed(snapshot);
        if (told is null)
            return IsLeased ? WhyNotLeased(self, snapshot) : WhyUnknown(self, snapshot);
        if (told.PodCidrs.Count == 0)
            return $"node {nodeName} has no pod network yet; {PodNetworkHint}";
        return self.PodCidrs.Count == 0
            ? $"node {nodeName} has the pod network {told.PodCidrs}, and the cluster network does not enable that family: "
                + $"EnableIPv4, EnableIPv6"
            : null;
    }

    // Without an uplink that is the reason.
    private static string? WhyNotLeased(LocalNode self, ClusterSnapshot snapshot) =>
        snapshot.PublishError
        ?? (
            self.Uplink is not { } link ? null
            : self.Addresses.Count > 0 ? "this node has no lease in etcd yet"
            : $"this node has no lease in etcd: {link.Name} has no address of the families of the cluster's network; give it one, or name "
                + "another link with --iface"
        );

    private string WhyUnknown(LocalNode self, ClusterSnapshot snapshot) =>
        FindDouble(self, snapshot) is { } other
            ? $"the source knows no node {nodeName}, and node {other.Name} has this node's address or pod network: correct its name, "
                + $"or set --node-name {other.Name}"
            : $"the source knows no node {nodeName}{Spelling.Hint(nodeName, snapshot.Nodes.Keys)}; set --node-name, or let the node join";
}
