using Plugboard.Addresses;
using Plugboard.Coordinator.Cluster;
using Plugboard.Coordinator.Node;
using Plugboard.Coordinator.Reconciling;
using Plugboard.Coordinator.Routes;
using Plugboard.Netlink.Route;
using Plugboard.Netlink.Route.Links;

namespace Plugboard.Tests.Unit.Coordinator.Histories;

/// <summary>What the reconciler of routes notes of the kernel, with a kernel that accepts everything.</summary>
internal sealed class MirroredRoutes
{
    private static readonly RouteOptions options = new() { BlackholesOwnNetwork = true };
    private static readonly OnLinkNetworks onLink = new([
        new OnLinkRoute(IPPrefix.Parse("192.168.0.0/24"), 2, HasGateway: false, 0),
        new OnLinkRoute(IPPrefix.Parse("0.0.0.0/0"), 2, HasGateway: true, 0),
        new OnLinkRoute(IPPrefix.Parse("fd00:192::/64"), 2, HasGateway: false, 0),
    ]);
    private static readonly string[] links = ["eth0", "flannel.1", "flannel-v6.1", "flannel.ipip"];

    private readonly NodeNetwork network = new();
    private readonly Dictionary<string, SeenTunnel> seen = new(StringComparer.Ordinal);
    private RouteInterest? interest;

    /// <summary>The kernel has the links and nothing on them.</summary>
    public MirroredRoutes()
    {
        foreach (var (index, name) in links.Index())
        {
            var link = new Link
            {
                Index = index + 2,
                Name = name,
                Flags = LinkFlags.Up,
            };
            network.Take(new RouteChange { Link = link });
        }
    }

    private RoutingComparison Comparison => new(network, (tunnel, _) => SeenOf(tunnel.Name));

    private SeenTunnel SeenOf(string name)
    {
        if (!seen.TryGetValue(name, out var tunnel))
            seen[name] = tunnel = new SeenTunnel();
        return tunnel;
    }

    /// <summary>Compares all, and notes that it was done.</summary>
    public void ApplyWhole(ClusterView view)
    {
        var plan = new PlannedView(view, onLink).Plan(options);
        Note(Comparison.Whole(view, plan, makesLinks: false));
        interest = new RouteInterest(view, plan, [3, 4, 5]);
    }

    /// <summary>Compares what some peers need, and notes that it was done.</summary>
    public void ApplyPart(ClusterView last, ClusterView view, IReadOnlyCollection<string> touched)
    {
        var before = new PlannedView(last, onLink).Plan(touched, options);
        var plan = new PlannedView(view, onLink).Plan(touched, options);
        var difference = Comparison.Part(view, before, plan);
        // Nothing that a comparison of all would not do as well.
        var whole = Comparison.Whole(view, new PlannedView(view, onLink).Plan(options), makesLinks: false);
        Assert.Equal(Sorted(whole.Changes), Sorted(difference.Changes));
        Note(difference);
        interest!.Replace(before, plan, view.Peers);
    }

    private static IEnumerable<string> Sorted(IEnumerable<Change> changes) =>
        changes.Select(static change => change.ToString()).Order(StringComparer.Ordinal);

    /// <summary>What a comparison of all would change.</summary>
    public IReadOnlyList<string> FindLeft(ClusterView view) =>
        [.. Sorted(Comparison.Whole(view, new PlannedView(view, onLink).Plan(options), makesLinks: false).Changes)];

    /// <summary>The routes that concern the coordinator are those of a plan of all.</summary>
    public void AssertInterest(ClusterView view)
    {
        var plan = new PlannedView(view, onLink).Plan(options);
        var whole = new RouteInterest(view, plan, [3, 4, 5]);
        Assert.Equal(whole.WantedCount, interest!.WantedCount);
        foreach (
            var text in (string[])["10.244.1.0/24", "10.244.2.0/23", "10.244.5.0/24", "192.168.0.2/32", "172.16.0.0/24", "172.16.0.5/32"]
        )
        {
            var route = new Route { Dst = IPPrefix.Parse(text), OutInterface = 2 };
            Assert.Equal(whole.Concerns(route), interest.Concerns(route));
        }
    }

    private void Note(RoutingDifference difference)
    {
        var applier = new RoutingApplier(null!, network, seen);
        foreach (var change in difference.All)
            applier.Note(change);
    }
}
