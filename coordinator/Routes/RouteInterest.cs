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
    private readonly IPAddr[][] others;

    /// <summary>Of a plan.</summary>
    /// <param name="view">The cluster.</param>
    /// <param name="plan">The desired routes.</param>
    /// <param name="tunnels">The indexes of the tunnels' links.</param>
    public RouteInterest(ClusterView view, RoutePlan plan, IEnumerable<int> tunnels)
    {
        wanted = plan.Routes.Select(route => new RouteKey(route.Dst, route.Priority)).ToHashSet();
        links = [.. tunnels];
        // Only then does the path to another node's address matter.
        var asksTheWay = view.Network.Backend.Type == BackendType.HostGw || view.Network.Backend.DirectRouting;
        others = [SortedOf(view, is6: false, asksTheWay), SortedOf(view, is6: true, asksTheWay)];
    }

    private static IPAddr[] SortedOf(ClusterView view, bool is6, bool asksTheWay)
    {
        if (!asksTheWay)
            return [];
        var found = view.Peers.Select(peer => peer.Address(is6)).OfType<IPAddr>().ToArray();
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
        var sorted = others[dst.Is6 ? 1 : 0];
        var at = Array.BinarySearch(sorted, dst.Network.Address);
        at = at < 0 ? ~at : at;
        return at < sorted.Length && dst.Contains(sorted[at]);
    }
}
