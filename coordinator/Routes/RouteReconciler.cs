using System.Globalization;
using Plugboard.Coordinator.Cluster;
using Plugboard.Coordinator.Node;
using Plugboard.Coordinator.Reconciling;
using Plugboard.Netlink.Route;

namespace Plugboard.Coordinator.Routes;

/// <summary>
/// Maintains the tunnels and the routes to the other nodes' pods. It owns objects with its route protocol number, and links with its alias
/// and all that is on them.
/// </summary>
/// <param name="client">The node's network.</param>
/// <param name="network">The last reading; it is read again if it is not current.</param>
/// <param name="options">The operator's options.</param>
internal sealed class RouteReconciler(RouteClient client, NodeNetwork network, RouteOptions options) : IReconciler
{
    private const int MostLinkRounds = 4;

    private readonly Dictionary<string, SeenTunnel> seen = new(StringComparer.Ordinal);
    private readonly ForwardChainCheck forwardCheck = new(network);
    private volatile IReadOnlyList<string> warnings = [];
    private RouteInterest? interest;
    private PlannedView? planned;
    private bool isChecked;
    private long seenAt;

    private RoutingApplier Applier => new(client, network, seen);

    private RoutingComparison Comparison => new(network, SeenOf);

    /// <inheritdoc/>
    public string Name => "routes";

    /// <inheritdoc/>
    public IReadOnlyList<string> Warnings => warnings;

    /// <summary>The last plan, made again: what it takes for thousands of peers is not kept.</summary>
    public RoutePlan LastPlan => planned?.Plan(options) ?? new RoutePlan();

    /// <inheritdoc/>
    public IEnumerable<PeerPath> Paths => PathsOf(planned, options);

    private static IEnumerable<PeerPath> PathsOf(PlannedView? planned, RouteOptions options)
    {
        foreach (var path in planned?.Plan(options).Paths ?? [])
            yield return path;
    }

    /// <inheritdoc/>
    public SyncOutcome Plan(ClusterView view)
    {
        Refresh();
        planned = new PlannedView(view, network.OnLink);
        var plan = planned.Plan(options);
        var links = new TunnelLinks(network);
        links.Compare(plan.Tunnels, view.MayPrune);
        var difference = Comparison.Whole(view, plan, links.MakesLinks);
        warnings = Check(view, plan);
        var forwarding = new ForwardingSettings(client, options).Plan(view);
        return new SyncOutcome(
            [.. forwarding.Changes, .. links.Changes, .. difference.Changes],
            [.. plan.Problems, .. forwarding.Problems, .. links.Problems]
        );
    }

    /// <inheritdoc/>
    public SyncOutcome Sync(ClusterView view, SyncCause cause)
    {
        Refresh();
        planned = new PlannedView(view, network.OnLink);
        var plan = planned.Plan(options);
        var forwarding = new ForwardingSettings(client, options).Ensure(view);
        var linked = EnsureLinks(view, plan);
        interest = new RouteInterest(view, plan, plan.Tunnels.Select(tunnel => network.Links.GetValueOrDefault(tunnel.Name)?.Index ?? 0));
        var routed = Applier.Apply(Comparison.Whole(view, plan, makesLinks: false));
        if (routed.Problems.Count > 0 || linked.Problems.Count > 0)
            network.Invalidate();
        if (cause is SyncCause.Start or SyncCause.Audit or SyncCause.Source && !isChecked)
        {
            warnings = Check(view, plan);
            isChecked = view.Peers.Count > 0;
        }

        string[] own = [.. plan.Problems, .. forwarding.Problems, .. linked.Problems];
        return new SyncOutcome([.. forwarding.Changes, .. linked.Changes, .. routed.Changes], [.. own, .. routed.Problems])
        {
            // A single peer that the kernel refuses does not stop pods from starting.
            IsUsable = own.Length == 0 && (routed.Problems.Count == 0 || routed.Problems.Count < plan.Routes.Count),
        };
    }

    /// <inheritdoc/>
    public SyncOutcome SyncPeers(ClusterView view, IReadOnlyCollection<string> touched)
    {
        if (planned is not { } last || interest is null || !isChecked || !IsSeen)
            return Sync(view, SyncCause.Source);
        planned = new PlannedView(view, network.OnLink);
        // Which way leads to a peer has not changed since: a route that decides it would have been a reason to compare all.
        var before = new PlannedView(last.View, network.OnLink).Plan(touched, options);
        var plan = planned.Plan(touched, options);
        var routed = Applier.Apply(Comparison.Part(view, before, plan));
        interest.Replace(before, plan, view.Peers);
        if (routed.Problems.Count > 0)
            network.Invalidate();
        return routed with
        {
            IsUsable = plan.Problems.Count == 0 && (routed.Problems.Count == 0 || routed.Problems.Count < interest.WantedCount),
        };
    }

    private IReadOnlyList<string> Check(ClusterView view, RoutePlan plan) =>
        [.. forwardCheck.Find(view, plan), .. ForeignRouteCheck.Find(network, view, plan)];

    // Nothing was read, and nothing must be, since all was compared.
    private bool IsSeen => network.IsCurrent && seenAt == network.ReadCount;

    /// <inheritdoc/>
    public SyncOutcome Remove(bool isDryRun)
    {
        Refresh();
        var links = new TunnelLinks(network);
        links.Compare([], mayPrune: true);
        var difference = new RoutingDifference();
        new RouteDifference(network, mayPrune: true).Compare(new RoutePlan(), new HashSet<int>(), difference);
        if (isDryRun)
            return new SyncOutcome([.. difference.Changes, .. links.Changes], links.Problems);
        var routed = Applier.Apply(difference);
        var linked = new TunnelLinkApplier(client).Apply(links);
        network.Invalidate();
        return new SyncOutcome([.. routed.Changes, .. linked.Changes], [.. routed.Problems, .. linked.Problems]);
    }

    // A reading after a change may miss what another process removed meanwhile, and no further notification follows: the comparison repeats
    // until there is no difference.
    private SyncOutcome EnsureLinks(ClusterView view, RoutePlan plan)
    {
        var changes = new List<Change>();
        for (var round = 0; round < MostLinkRounds; round++)
        {
            var links = new TunnelLinks(network);
            links.Compare(plan.Tunnels, view.MayPrune);
            var outcome = new TunnelLinkApplier(client).Apply(links);
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
                $"{left.Changes[0]}: made {times} times, each time without effect, for an unknown reason (ip monitor link shows changes); "
                    + "it is retried",
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

    private SeenTunnel SeenOf(DesiredTunnel tunnel, int index)
    {
        if (index == 0)
            return new SeenTunnel();
        if (!seen.TryGetValue(tunnel.Name, out var known))
            seen[tunnel.Name] = known = SeenTunnel.Read(client, index, tunnel.Vxlan is not null);
        return known;
    }

    /// <inheritdoc/>
    public bool Hears(RouteChange change)
    {
        if (change.Neighbour is { } neighbour)
            return IsChange(neighbour, change.IsDeleted);
        if (change.Fdb is { } entry)
            return IsChange(entry, change.IsDeleted);
        if (interest is null)
            return true;
        return change.Route is { IsSelective: false } route
            && (
                interest.Concerns(route)
                || (network.Routes.TryGetValue(NodeNetwork.KeyOf(route), out var replaced) && interest.Concerns(replaced))
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
