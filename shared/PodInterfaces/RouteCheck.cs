using Plugboard.Netlink.Route;
using Plugboard.Netlink.Route.Links;
using Plugboard.Protocols.Cni;

namespace Plugboard.PodInterfaces;

/// <summary>
/// CHECK of the routes. Plugins that come later move them by design: <c>sbr</c> into a table of the interface's own, <c>vrf</c> into the
/// VRF's, where routes of scope link and of further tables get lost; and a second network may have the container's default route instead.
/// </summary>
/// <param name="inside">A client of the pod's namespace.</param>
/// <param name="link">The container's end.</param>
/// <param name="part">What the result says.</param>
public sealed class RouteCheck(RouteClient inside, Link link, OwnPart part)
{
    private readonly Dictionary<AddressFamily, IReadOnlyList<Route>> own = [];
    private bool? isInVrf;

    // A kernel asks the devices of a VRF for no other tables than the VRF's.
    private bool IsInVrf => isInVrf ??= link.MasterIndex != 0 && inside.Links.Find(link.MasterIndex) is { Kind: "vrf" };

    /// <summary>The first route that is not as ADD left it, with the reason; null if all are.</summary>
    public (CniRoute Route, string Reason)? FindDifference()
    {
        foreach (var route in part.Routes)
        {
            var owner = part.OwnerOf(route);
            if (owner == RouteOwner.Other || IsPresent(route) || IsReplacedByDesign(route, owner))
                continue;
            var gateway = PodAddresses.NextHop(route, part.IPs)?.ToString() ?? "any gateway";
            return (
                route,
                route.Table is > 0 and var table
                    ? $"table {table} of the container has no such route by way of {gateway} on {link.Name}"
                    : $"no table of the container has such a route by way of {gateway} on {link.Name}"
            );
        }

        return null;
    }

    private bool IsPresent(CniRoute route)
    {
        var gateway = PodAddresses.NextHop(route, part.IPs);
        foreach (var candidate in OwnRoutes(route.Dst.Is6))
        {
            // Two gateways of one IPv6 destination are one route of the kernel's, which is not asked for each.
            if (
                candidate.Dst == route.Dst.Network
                && (route.Table is not > 0 || candidate.Table == route.Table)
                && (gateway is null || candidate.IsMultipath || candidate.Gateway == gateway)
            )
                return true;
        }

        return false;
    }

    private bool IsReplacedByDesign(CniRoute route, RouteOwner owner)
    {
        if (IsInVrf && (route.Table is > 0 || route.Scope >= (int)RouteScope.Link))
            return true;
        // Its default route where another network has it, and what may be the other's anyway.
        return (route.Dst.IsDefault || owner == RouteOwner.Unknown) && LeadsElsewhere(route);
    }

    private bool LeadsElsewhere(CniRoute route)
    {
        var family = route.Dst.Is6 ? AddressFamily.IPv6 : AddressFamily.IPv4;
        foreach (var candidate in inside.Routes.List(new RouteFilter(family)))
        {
            if (candidate.Dst == route.Dst.Network && candidate.Type == RouteType.Unicast && candidate.OutInterface != link.Index)
                return true;
        }

        return false;
    }

    private IReadOnlyList<Route> OwnRoutes(bool is6)
    {
        var family = is6 ? AddressFamily.IPv6 : AddressFamily.IPv4;
        if (!own.TryGetValue(family, out var routes))
            own[family] = routes = inside.Routes.List(new RouteFilter(family, OutInterface: link.Index));
        return routes;
    }
}
