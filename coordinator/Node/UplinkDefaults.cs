using Plugboard.Addresses;
using Plugboard.Netlink.Route;

namespace Plugboard.Coordinator.Node;

/// <summary>
/// The links that lead out of this node, if the operator named none: by the default routes, by rules that lead to other tables, by the
/// routes to other nodes.
/// </summary>
/// <param name="network">The node's links and routes.</param>
/// <param name="question">The input of the choice.</param>
/// <param name="ask">The route that the kernel takes to an address; null: none.</param>
internal sealed class UplinkDefaults(NodeNetwork network, UplinkQuestion question, Func<IPAddr, Route?> ask)
{
    // For a route lookup only, no packet is sent: addresses of the internet that no node has.
    private static readonly IPAddr far4 = IPAddr.Parse("1.1.1.1");
    private static readonly IPAddr far6 = IPAddr.Parse("2606:4700:4700::1111");

    // So many nodes are enough to find the link that leads to them.
    private const int MostOthers = 64;

    /// <summary>The links, the likeliest first.</summary>
    public IEnumerable<UplinkCandidate> Candidates()
    {
        bool[] families = question.Needed is (false, true) ? [true, false] : [false, true];
        foreach (var candidate in families.SelectMany(OfMainTable))
            yield return candidate;
        foreach (var is6 in families)
        {
            if (OfRules(is6) is { } candidate)
                yield return candidate;
        }

        if (OfOthers() is { } only)
            yield return only;
    }

    // An unreachable, blackhole or prohibit route is no way out, whatever its metric.
    private IEnumerable<UplinkCandidate> OfMainTable(bool is6)
    {
        var routes = network
            .Routes.Values.Concat(network.Shadowed)
            .Where(route => route.Dst.IsDefault && route.Dst.Is6 == is6 && route.Type == RouteType.Unicast);
        foreach (var route in routes.OrderBy(route => route.IsDead).ThenBy(route => route.Priority))
        {
            var links = route.IsMultipath
                ? route.NextHops.OrderBy(hop => hop.IsDead).Select(hop => hop.OutInterface)
                : [route.OutInterface];
            foreach (var link in links.Distinct().Select(network.FindLink))
            {
                if (link is not null)
                    yield return new UplinkCandidate(link, [], "the default route leaves by it");
            }
        }
    }

    private UplinkCandidate? OfRules(bool is6)
    {
        var far = is6 ? far6 : far4;
        return ask(far) is { Type: RouteType.Unicast } route && network.FindLink(route.OutInterface) is { } link
            ? new UplinkCandidate(link, route.Source is { } source ? [source] : [], $"packets to {far} leave by it")
            : null;
    }

    private UplinkCandidate? OfOthers()
    {
        var links = question.Others.Take(MostOthers).Select(network.OnLink.FindLink).Where(index => index != 0).Distinct().ToList();
        return links.Count == 1 && network.FindLink(links[0]) is { } link
            ? new UplinkCandidate(link, [], "other nodes are in its network")
            : null;
    }
}
