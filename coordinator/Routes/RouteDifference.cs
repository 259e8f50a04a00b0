using Plugboard.Coordinator.Reconciling;
using Plugboard.Coordinator.Node;
using Plugboard.Netlink.Route;

namespace Plugboard.Coordinator.Routes;

/// <summary>Compares the routes that are there with those that should be.</summary>
/// <param name="network">What is there.</param>
/// <param name="mayPrune">Only then is anything removed.</param>
internal sealed class RouteDifference(NodeNetwork network, bool mayPrune)
{
    /// <summary>Asks for what is missing, other or too much.</summary>
    /// <param name="plan">What should be.</param>
    /// <param name="tunnels">The indexes of the links that are the coordinator's own: what is on them and not wanted goes, whoever made
    /// it.</param>
    /// <param name="difference">Gets the changes.</param>
    public void Compare(RoutePlan plan, IReadOnlySet<int> tunnels, RoutingDifference difference)
    {
        var wanted = new HashSet<RouteKey>(plan.Routes.Count);
        foreach (var route in plan.Routes)
        {
            var key = new RouteKey(route.Dst, route.Priority);
            wanted.Add(key);
            Ensure(route, key, difference);
        }

        if (!mayPrune)
            return;
        foreach (var route in network.Routes.Values.Concat(network.Shadowed))
        {
            var isOwn =
                route.Protocol == RouteProtocol.Plugboard
                || (tunnels.Contains(route.OutInterface) && route.Protocol != RouteProtocol.Kernel);
            if (isOwn && (!wanted.Contains(NodeNetwork.KeyOf(route)) || network.Shadowed.Contains(route)))
                Remove(route, difference);
        }
    }

    private void Ensure(DesiredRoute desired, RouteKey key, RoutingDifference difference)
    {
        var link = desired.Link.Length == 0 ? 0 : network.Links.GetValueOrDefault(desired.Link)?.Index ?? 0;
        var present = network.Routes.GetValueOrDefault(key);
        if (present is not null && IsAsDesired(present, desired, link))
            return;
        var spec = new RouteSpec
        {
            Dst = desired.Dst,
            Gateway = desired.Gateway,
            OutInterface = link,
            Priority = desired.Priority,
            Type = desired.Type,
            OnLink = desired.OnLink,
            Mtu = desired.Mtu,
            Protocol = RouteProtocol.Plugboard,
        };
        // In the place of another: whoever put it there, the network is the peer's.
        difference.Make(new ReplaceRoute(new Change(present is null ? ChangeVerb.Add : ChangeVerb.Replace, "route", desired.ToString()), spec));
    }

    private static bool IsAsDesired(Route present, DesiredRoute desired, int link) =>
        present.Protocol == RouteProtocol.Plugboard
        && present.Gateway == desired.Gateway
        && present.OutInterface == link
        && present.Type == desired.Type
        && present.OnLink == desired.OnLink
        && present.Mtu == desired.Mtu
        && !present.IsMultipath;

    private void Remove(Route route, RoutingDifference difference)
    {
        var link = network.FindLink(route.OutInterface)?.Name;
        var text = new DesiredRoute(route.Dst, route.Gateway, link ?? "") { OnLink = route.OnLink, Mtu = route.Mtu }.ToString();
        difference.Remove(new DeleteRoute(new Change(ChangeVerb.Delete, "route", text), route));
    }
}
