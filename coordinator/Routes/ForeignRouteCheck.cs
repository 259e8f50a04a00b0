using System.Globalization;
using Plugboard.Addresses;
using Plugboard.Coordinator.Cluster;
using Plugboard.Coordinator.Node;
using Plugboard.Netlink.Route;

namespace Plugboard.Coordinator.Routes;

/// <summary>
/// Finds routes of other programs that come before the coordinator's: to a part of another node's pod network, or with a better metric, as
/// IPv6 has. They are not the coordinator's to remove. Pure.
/// </summary>
internal static class ForeignRouteCheck
{
    private const int MostNamed = 8;

    /// <summary>A sentence for each, with what to do.</summary>
    /// <param name="network">The actual routes.</param>
    /// <param name="view">The cluster.</param>
    /// <param name="plan">Its plan.</param>
    public static IReadOnlyList<string> Find(NodeNetwork network, ClusterView view, RoutePlan plan)
    {
        var wanted = plan.Routes.Where(static route => route.Type == RouteType.Unicast).ToDictionary(static route => route.Dst);
        var lengths = wanted.Keys.Select(static dst => (dst.Is6, dst.Length)).Distinct().ToList();
        var found = network
            .Routes.Values.Where(static route => route.Protocol != RouteProtocol.Plugboard)
            .Select(route => (Route: route, Hidden: FindHidden(route, wanted, lengths)))
            .Where(each => each.Hidden is { } hidden && !IsSameWay(each.Route, hidden, network))
            .OrderBy(static each => each.Route.Dst.ToString(), StringComparer.Ordinal)
            .ToList();
        var sentences = found.Take(MostNamed).Select(each => Describe(each.Route, each.Hidden!.Value, network, view)).ToList();
        if (found.Count > MostNamed)
            sentences.Add($"and {(found.Count - MostNamed).ToString(CultureInfo.InvariantCulture)} more such routes");
        return sentences;
    }

    private static DesiredRoute? FindHidden(Route route, Dictionary<IPPrefix, DesiredRoute> wanted, List<(bool Is6, int Length)> lengths)
    {
        foreach (var (is6, length) in lengths)
        {
            if (
                route.Dst.Is6 == is6
                && route.Dst.Length >= length
                && wanted.TryGetValue(new IPPrefix(route.Dst.Address.Masked(length), length), out var hidden)
                && (route.Dst.Length > length || route.Priority < hidden.Priority)
            )
                return hidden;
        }

        return null;
    }

    private static bool IsSameWay(Route route, DesiredRoute hidden, NodeNetwork network) =>
        route.Gateway == hidden.Gateway && network.FindLink(route.OutInterface)?.Name == hidden.Link;

    private static string Describe(Route route, DesiredRoute hidden, NodeNetwork network, ClusterView view)
    {
        var node = view.Peers.FirstOrDefault(peer => peer.PodCidr(route.Dst.Is6)?.Network == hidden.Dst)?.Name ?? "another node";
        var way = route.Gateway is { } gateway ? $"via {gateway}" : "without a router";
        var link = network.FindLink(route.OutInterface)?.Name is { } name ? $" by {name}" : "";
        var metric = route.Priority == 0 ? "" : $" metric {route.Priority.ToString(CultureInfo.InvariantCulture)}";
        var author = route.Protocol.ToString().ToLowerInvariant();
        return $"packets to {route.Dst}, of the pods of {node} ({hidden.Dst}), go {way}{link}: a route of protocol {author} comes before "
            + $"the coordinator's; unless it is meant: ip {(route.Dst.Is6 ? "-6 " : "")}route del {route.Dst}{metric}";
    }
}
