using Plugboard.Coordinator.Node;
using Plugboard.Coordinator.Reconciling;
using Plugboard.Netlink.Route;

namespace Plugboard.Coordinator.Routes;

/// <summary>Compares the actual with the desired routes. Pure.</summary>
/// <param name="network">The actual network.</param>
/// <param name="mayPrune">Whether anything may be removed.</param>
internal sealed class RouteDifference(NodeNetwork network, bool mayPrune)
{
    /// <summary>Adds what is missing, different or superfluous.</summary>
    /// <param name="plan">The desired routes.</param>
    /// <param name="tunnels">The indexes of the coordinator's own links: anything on them that the plan does not have is removed, also
    /// objects of other programs.</param>
    /// <param name="difference">Gets the changes.</param>
    public void Compare(RoutePlan plan, IReadOnlySet<int> tunnels, RoutingDifference difference)
    {
        var wanted = EnsureAll(plan, difference);
        if (!mayPrune)
            return;
        foreach (var route in network.Routes.Values.Concat(network.Shadowed))
        {
            if (IsOwn(route, tunnels) && (!wanted.Contains(NodeNetwork.KeyOf(route)) || network.Shadowed.Contains(route)))
                Remove(route, difference);
        }
    }

    /// <summary>The same for a part of the routes, when all routes were as they should be before.</summary>
    /// <param name="before">What the part had.</param>
    /// <param name="plan">What it must have now.</param>
    /// <param name="tunnels">The indexes of the coordinator's own links.</param>
    /// <param name="difference">Gets the changes.</param>
    public void ComparePart(RoutePlan before, RoutePlan plan, IReadOnlySet<int> tunnels, RoutingDifference difference)
    {
        var wanted = EnsureAll(plan, difference);
        if (!mayPrune)
            return;
        foreach (var route in before.Routes)
        {
            var key = KeyOf(route);
            if (!wanted.Contains(key) && network.Routes.TryGetValue(key, out var present) && IsOwn(present, tunnels))
                Remove(present, difference);
        }
    }

    private HashSet<RouteKey> EnsureAll(RoutePlan plan, RoutingDifference difference)
    {
        var wanted = new HashSet<RouteKey>(plan.Routes.Count);
        foreach (var route in plan.Routes)
        {
            var key = KeyOf(route);
            wanted.Add(key);
            Ensure(route, key, difference);
        }

        return wanted;
    }

    private static bool IsOwn(Route route, IReadOnlySet<int> tunnels) =>
        route.Protocol == RouteProtocol.Plugboard || (tunnels.Contains(route.OutInterface) && route.Protocol != RouteProtocol.Kernel);

    private static RouteKey KeyOf(DesiredRoute route) => new(route.Dst, route.Priority);

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
        // Replaces a route that another program made: the network is the peer's.
        difference.Make(
            new ReplaceRoute(new Change(present is null ? ChangeVerb.Add : ChangeVerb.Replace, "route", desired.ToString()), spec)
        );
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
