using System.Globalization;
using Plugboard.Coordinator.Cluster;
using Plugboard.Coordinator.Engine;
using Plugboard.Coordinator.Node;
using Plugboard.Netlink.Route;

namespace Plugboard.Coordinator.Routes;

/// <summary>
/// Keeps the tunnels and the routes to the other nodes' pods. Owns what bears its route protocol number, and links that bear its alias with
/// all that is on them.
/// </summary>
/// <param name="client">The node's network.</param>
/// <param name="network">What was read of it; it is read again where it is not current.</param>
/// <param name="options">What the operator chose.</param>
internal sealed class RouteReconciler(RouteClient client, NodeNetwork network, RouteOptions options) : IReconciler
{
    private const int MostLinkRounds = 4;

    private readonly Dictionary<string, SeenTunnel> seen = new(StringComparer.Ordinal);
    private readonly ForwardChainCheck forwardCheck = new(network);
    private volatile IReadOnlyList<string> warnings = [];
    private RouteInterest? interest;
    private bool isChecked;
    private long seenAt;

    /// <inheritdoc/>
    public string Name => "routes";

    /// <inheritdoc/>
    public IReadOnlyList<string> Warnings => warnings;

    /// <summary>The last plan; its paths say how each peer is reached.</summary>
    public RoutePlan LastPlan { get; private set; } = new();

    /// <inheritdoc/>
    public SyncOutcome Plan(ClusterView view)
    {
        Refresh();
        var plan = RoutePlanner.Plan(view, network.OnLink, options);
        LastPlan = plan;
        var links = new TunnelLinks(network);
        links.Compare(plan.Tunnels, view.MayPrune);
        var operations = Compare(view, plan, links.MakesLinks);
        warnings = forwardCheck.Find(view, plan);
        var forwarding = new ForwardingSettings(client, options).Plan(view);
        return new SyncOutcome(
            [.. forwarding.Changes, .. links.Changes, .. operations.Changes],
            [.. plan.Problems, .. forwarding.Problems, .. links.Problems]
        );
    }

    /// <inheritdoc/>
    public SyncOutcome Sync(ClusterView view, SyncCause cause)
    {
        Refresh();
        var plan = RoutePlanner.Plan(view, network.OnLink, options);
        LastPlan = plan;
        var forwarding = new ForwardingSettings(client, options).Ensure(view);
        var linked = EnsureLinks(view, plan);
        interest = new RouteInterest(view, plan, plan.Tunnels.Select(tunnel => network.Links.GetValueOrDefault(tunnel.Name)?.Index ?? 0));
        var routed = Compare(view, plan, isAnew: false).Execute(client);
        if (routed.Problems.Count > 0 || linked.Problems.Count > 0)
            network.Invalidate();
        if (cause is SyncCause.Start or SyncCause.Audit or SyncCause.Source && !isChecked)
        {
            warnings = forwardCheck.Find(view, plan);
            isChecked = view.Peers.Count > 0;
        }

        string[] own = [.. plan.Problems, .. forwarding.Problems, .. linked.Problems];
        return new SyncOutcome([.. forwarding.Changes, .. linked.Changes, .. routed.Changes], [.. own, .. routed.Problems])
        {
            // One peer that the kernel refuses keeps no pod from being started.
            IsUsable = own.Length == 0 && (routed.Problems.Count == 0 || routed.Problems.Count < plan.Routes.Count),
        };
    }

    /// <inheritdoc/>
    public SyncOutcome Remove(bool isDryRun)
    {
        Refresh();
        var links = new TunnelLinks(network);
        links.Compare([], mayPrune: true);
        var operations = new RouteOperations();
        new RouteDifference(network, mayPrune: true).Compare(new RoutePlan(), new HashSet<int>(), operations);
        if (isDryRun)
            return new SyncOutcome([.. operations.Changes, .. links.Changes], links.Problems);
        var routed = operations.Execute(client);
        var linked = links.Execute(client);
        network.Invalidate();
        return new SyncOutcome([.. routed.Changes, .. linked.Changes], [.. routed.Problems, .. linked.Problems]);
    }

    // What was read again after a change may lack what somebody took away meanwhile, and of that no notification will tell more: it is
    // compared until nothing is left to do.
    private SyncOutcome EnsureLinks(ClusterView view, RoutePlan plan)
    {
        var changes = new List<Change>();
        for (var round = 0; round < MostLinkRounds; round++)
        {
            var links = new TunnelLinks(network);
            links.Compare(plan.Tunnels, view.MayPrune);
            var outcome = links.Execute(client);
            changes.AddRange(outcome.Changes);
            if (outcome.Changes.Count > 0)
            {
                network.Invalidate();
                Refresh();
            }

            if (outcome.Changes.Count == 0 || outcome.Problems.Count > 0)
                return new SyncOutcome(changes, outcome.Problems);
        }

        var left = new TunnelLinks(network);
        left.Compare(plan.Tunnels, view.MayPrune);
        if (left.Changes.Count == 0)
            return new SyncOutcome(changes, left.Problems);
        var times = MostLinkRounds.ToString(CultureInfo.InvariantCulture);
        return new SyncOutcome(
            changes,
            [
                $"{left.Changes[0]}: made {times} times, and not so afterwards; why is not known (ip monitor link shows changes); it "
                    + "is tried again",
            ]
        );
    }

    private void Refresh()
    {
        if (!network.IsCurrent)
            network.Read(client);
        if (seenAt == network.ReadCount)
            return;
        seenAt = network.ReadCount;
        seen.Clear();
    }

    private RouteOperations Compare(ClusterView view, RoutePlan plan, bool isAnew)
    {
        var operations = new RouteOperations();
        var own = new HashSet<int>();
        foreach (var tunnel in plan.Tunnels)
        {
            var link = isAnew ? null : network.Links.GetValueOrDefault(tunnel.Name);
            if (link is not null)
                own.Add(link.Index);
            new TunnelDifference(tunnel.Name, link?.Index ?? 0, SeenOf(tunnel, link?.Index ?? 0)).Compare(plan, view.MayPrune, operations);
        }

        new RouteDifference(network, view.MayPrune).Compare(plan, own, operations);
        return operations;
    }

    private SeenTunnel SeenOf(DesiredTunnel tunnel, int index)
    {
        if (index == 0)
            return new SeenTunnel();
        if (!seen.TryGetValue(tunnel.Name, out var known))
            seen[tunnel.Name] = known = SeenTunnel.Read(client, index, tunnel.Vxlan is not null);
        return known;
    }

    /// <summary>
    /// True if a notification reports something new and something here depends on it: somebody else changed it, and all must be read
    /// again. What is notifications and changes nothing here is
    /// noted without reading: a foreign route costs what it is, not what all routes are.
    /// </summary>
    /// <param name="change">The notification.</param>
    /// <param name="uplink">What the choice of the uplink depends on.</param>
    public bool Hear(RouteChange change, UplinkInterest uplink)
    {
        if (change.PortId == client.PortId)
            return false;
        if (change.Neighbour is { } neighbour)
            return IsChange(neighbour, change.IsDeleted);
        if (change.Fdb is { } entry)
            return IsChange(entry, change.IsDeleted);
        if (!network.IsChange(change))
            return false;
        if (interest is null || Concerns(change, uplink, interest))
            return true;
        network.Take(change);
        return false;
    }

    private bool Concerns(RouteChange change, UplinkInterest uplink, RouteInterest routes)
    {
        if (change.Link is { } link)
            return uplink.Concerns(link);
        if (change.Address is { } address)
            return uplink.Concerns(address, network.FindLink(address.LinkIndex));
        return change.Route is { } route
            && (
                routes.Concerns(route)
                || uplink.Concerns(route)
                || (network.Routes.TryGetValue(NodeNetwork.KeyOf(route), out var replaced) && routes.Concerns(replaced))
            );
    }

    private bool IsChange(Neighbour neighbour, bool isDeleted)
    {
        if (FindSeen(neighbour.LinkIndex) is not { } tunnel)
            return false;
        var isKnown = tunnel.Neighbours.TryGetValue(neighbour.Address, out var mac);
        return isDeleted || !SeenTunnel.IsPermanent(neighbour.State) ? isKnown : !isKnown || mac != neighbour.LinkAddress;
    }

    private bool IsChange(FdbEntry entry, bool isDeleted)
    {
        if (FindSeen(entry.LinkIndex) is not { } tunnel)
            return false;
        var known = tunnel.Fdb.GetValueOrDefault(entry.LinkAddress);
        return isDeleted || !SeenTunnel.IsPermanent(entry.State)
            ? known is not null && known.Destination == entry.Destination
            : known?.Destination != entry.Destination;
    }

    // Null for links that are no tunnel of the coordinator's.
    private SeenTunnel? FindSeen(int index)
    {
        foreach (var (name, tunnel) in seen)
        {
            if (network.Links.GetValueOrDefault(name)?.Index == index)
                return tunnel;
        }

        return null;
    }
}
