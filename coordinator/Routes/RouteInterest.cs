using Plugboard.Addresses;
using Plugboard.Coordinator.Cluster;
using Plugboard.Coordinator.Configuration;
using Plugboard.Coordinator.Node;
using Plugboard.Netlink.Route;

namespace Plugboard.Coordinator.Routes;

/// <summary>
/// The routes of the main table that the coordinator's routes depend on: a router has a hundred thousand others, which change all the time.
/// Pure.
/// </summary>
internal sealed class RouteInterest
{
    private readonly HashSet<RouteKey> wanted;
    private readonly HashSet<int> links;
    private readonly bool asksTheWay;
    private PeerMap peers;
    private IPAddr[]?[] others = [null, null];

    /// <summary>Of a plan.</summary>
    /// <param name="view">The cluster.</param>
    /// <param name="plan">The desired routes.</param>
    /// <param name="tunnels">The indexes of the tunnels' links.</param>
    public RouteInterest(ClusterView view, RoutePlan plan, IEnumerable<int> tunnels)
    {
        wanted = plan.Routes.Select(KeyOf).ToHashSet();
        links = [.. tunnels];
        peers = view.Peers;
        // Only then does the path to another node's address matter.
        asksTheWay = view.Network.Backend.Type == BackendType.HostGw || view.Network.Backend.DirectRouting;
    }

    /// <summary>How many routes are desired.</summary>
    public int WantedCount => wanted.Count;

    /// <summary>A part of the plan became another.</summary>
    public void Replace(RoutePlan before, RoutePlan now, PeerMap peersNow)
    {
        wanted.ExceptWith(before.Routes.Select(KeyOf));
        wanted.UnionWith(now.Routes.Select(KeyOf));
        (peers, others) = (peersNow, [null, null]);
    }

    private static RouteKey KeyOf(DesiredRoute route) => new(route.Dst, route.Priority);

    // Only when it is asked for: that is once for many changes of peers, or never.
    private IPAddr[] SortedOf(bool is6)
    {
        var found = peers.Select(peer => peer.Address(is6)).OfType<IPAddr>().ToArray();
        Array.Sort(found);
        return found;
    }

    /// <summary>
    /// True for a route of the coordinator's, one in the position of such a route, or one that decides how another node is reached.
    /// </summary>
    public bool Concerns(Netlink.Route.Route route) =>
        route.Protocol == RouteProtocol.Plugboard
        || route.Dst.IsDefault
        || wanted.Contains(NodeNetwork.KeyOf(route))
        || links.Contains(route.OutInterface)
        || LeadsToOthers(route.Dst);

    private bool LeadsToOthers(IPPrefix dst)
    {
        if (!asksTheWay)
            return false;
        var sorted = others[dst.Is6 ? 1 : 0] ??= SortedOf(dst.Is6);
        var at = Array.BinarySearch(sorted, dst.Network.Address);
        at = at < 0 ? ~at : at;
        return at < sorted.Length && dst.Contains(sorted[at]);
    }
}
