using Plugboard.Linux;
using Plugboard.Netlink;
using Plugboard.Netlink.Route;
using Plugboard.Netlink.Route.Links;
using Plugboard.PodInterfaces;

namespace Plugboard.Combined;

/// <summary>
/// An interface on its way into a VRF and out again. The kernel sets it down and up, so that its networks get into the other table: what
/// else it had, IPv6 addresses and routes of every table, is made again. Source: drivers/net/vrf.c, cycle_netdev.
/// </summary>
/// <param name="pod">The pod.</param>
/// <param name="link">The interface, as it was before.</param>
internal sealed class VrfMembership(ChainedInterface pod, Link link)
{
    private readonly RouteClient inside = pod.Inside;

    private const int LocalTable = 255;

    private static readonly TimeSpan dadTimeout = TimeSpan.FromSeconds(2.5);

    /// <summary>Makes the interface a member; its routes of the main table get into the VRF's.</summary>
    public void Join(Link vrf, Rollback rollback)
    {
        var addresses = ListAddresses();
        var routes = ListRoutes();
        // What the interface had before: half-way it has lost addresses and routes already.
        rollback.OnFailure($"take {link.Name} out of {vrf.Name}", () => Move(0, addresses, routes, static table => table));
        Move(vrf.Index, addresses, routes, table => table == Route.MainTable ? vrf.VrfTable ?? 0 : table);
        if (addresses.Length == 0)
            return;
        using var entered = pod.Namespace.Enter();
        var usable = addresses.Where(static each => !each.IsTentative).Select(static each => each.Address.Address);
        LocalAddresses.Wait("vrf", inside, link, usable, vrf.VrfTable ?? 0);
    }

    /// <summary>Takes the interface out; its routes of the VRF's table get into the main one.</summary>
    public void Leave(Link vrf) => Move(0, ListAddresses(), ListRoutes(), table => table == vrf.VrfTable ? Route.MainTable : table);

    private InterfaceAddress[] ListAddresses() =>
        [.. inside.Addresses.List(link.Index, AddressFamily.IPv6).Where(static each => each.Scope == RouteScope.Universe)];

    private Route[] ListRoutes() => [.. inside.Routes.List(new RouteFilter(OutInterface: link.Index)).Where(IsKept)];

    private void Move(int master, InterfaceAddress[] addresses, Route[] routes, Func<int, int> tableOf)
    {
        using var monitor = OpenMonitor();
        inside.Links.Set(link.Index, new LinkChange { Master = master });
        RestoreAddresses(addresses);
        // A route by way of an address that is not yet usable is refused. The link-local one, whose detection takes two seconds, is no
        // reason.
        if (addresses.Length > 0 && link is { IsUp: true, OperState: OperState.Up or OperState.Unknown })
        {
            var areUsable = static (IReadOnlyList<InterfaceAddress> found) =>
                !found.Any(static each => each.Scope == RouteScope.Universe && each.IsTentative && !each.IsDadFailed);
            monitor.WaitForAddresses(inside, link.Index, areUsable, dadTimeout);
        }

        foreach (var route in routes.OrderBy(static route => route.Gateway is not null || route.IsMultipath))
        {
            var table = tableOf(route.Table);
            if (route.IsMultipath)
                RestoreHops(route, route.Table, table);
            else
                inside.Routes.Add(route.ToSpec() with { Table = table }, RouteAddMode.Replace);
        }
    }

    private RouteMonitor OpenMonitor()
    {
        using var entered = pod.Namespace.Enter();
        return RouteMonitor.Open(RouteMonitorGroups.IPv6Address);
    }

    // The kernel makes its own again, those of addresses, and asks routers again.
    private static bool IsKept(Route route) =>
        route.Table != LocalTable
        && route.Type == RouteType.Unicast
        && route.Protocol is not (RouteProtocol.Kernel or RouteProtocol.RouterAdvertisement);

    private void RestoreAddresses(InterfaceAddress[] addresses)
    {
        var present = inside.Addresses.List(link.Index, AddressFamily.IPv6).Select(static each => each.Address).ToHashSet();
        foreach (var lost in addresses)
        {
            if (present.Contains(lost.Address))
                continue;
            var options = new AddressOptions(NoDad: !lost.IsTentative, NoPrefixRoute: (lost.Flags & AddressFlags.NoPrefixRoute) != 0);
            inside.Addresses.Add(link.Index, lost.Address, options);
        }
    }

    // Of a route with several next hops those of this interface. An IPv6 route gives up one hop; an IPv4 one stays whole in its table.
    private void RestoreHops(Route route, int from, int to)
    {
        foreach (var hop in route.NextHops)
        {
            if (hop.OutInterface != link.Index)
                continue;
            var single = route.ToSpec() with { Gateway = hop.Gateway, OutInterface = link.Index };
            if (from != to && route.Dst.Is6)
                inside.Routes.Delete(single);
            try
            {
                inside.Routes.Add(single with { Table = to }, RouteAddMode.Append);
            }
            catch (NetlinkException e) when (e.Errno == Errno.EEXIST)
            {
                // It never went: the kernel keeps a route as long as one of its hops lives.
            }
        }
    }
}
