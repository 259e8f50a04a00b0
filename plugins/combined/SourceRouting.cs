using Plugboard.Addresses;
using Plugboard.Linux;
using Plugboard.Netlink;
using Plugboard.Netlink.Route;
using Plugboard.Netlink.Route.Links;
using Plugboard.PodInterfaces;
using Plugboard.Protocols.Cni;

namespace Plugboard.Combined;

/// <summary>
/// One interface whose addresses each have a rule <c>from ADDRESS lookup TABLE</c>. Where the config names no table, each gets a free one,
/// from 100, with the interface's routes, which leave the main table: so does the reference's.
/// </summary>
/// <param name="inside">A client of the namespace.</param>
/// <param name="link">The interface.</param>
/// <param name="config">What the config says.</param>
internal sealed class SourceRouting(RouteClient inside, Link link, SbrConfig config)
{
    private const int FirstTable = 100;
    private const int LocalTable = 255;

    private static bool IsChosen(int table) => table is >= FirstTable and not (>= 253 and <= LocalTable);

    /// <summary>Makes rules and tables. What an earlier ADD made is taken over.</summary>
    /// <param name="ips">The interface's addresses.</param>
    /// <param name="routes">The result's routes, of which a default one may name the gateway.</param>
    /// <param name="rollback">Gets what was done.</param>
    public void Apply(IReadOnlyList<CniIP> ips, IReadOnlyList<CniRoute> routes, Rollback rollback)
    {
        var tables = new RoutingTables(inside);
        if (config.Table is { } given)
        {
            foreach (var ip in ips)
                AddRule(tables, ip.Address.Address, given, rollback);
            return;
        }

        var own = tables.By(link.Index, Route.MainTable).ToArray();
        foreach (var ip in ips)
        {
            var table = tables.FindOwn(ip.Address.Address, link.Index)?.Table ?? tables.TakeFree(FirstTable);
            // The rule first: it shows whose the table is, and as long as that is empty the main table decides.
            AddRule(tables, ip.Address.Address, table, rollback);
            // Gateways after the networks in which they are.
            foreach (var route in own.Where(route => IsOf(ip, route)).OrderBy(static route => route.Gateway is not null))
                Add(tables, route.ToSpec() with { Table = table }, rollback);
            if (GatewayOf(ip, routes) is { } gateway)
                AddDefault(tables, gateway, table, rollback);
        }

        LeaveMain(ips, tables, rollback);
    }

    private void AddRule(RoutingTables tables, IPAddr address, int table, Rollback rollback)
    {
        var rule = RoutingRule.From(address, table) with { Protocol = RouteProtocol.Plugboard };
        if (tables.Has(rule))
            return;
        rollback.OnFailure($"remove the {rule}", () => inside.Rules.Delete(rule));
        inside.Rules.Add(rule);
    }

    private void Add(RoutingTables tables, RouteSpec route, Rollback rollback)
    {
        if (tables.Has(route))
            return;
        rollback.OnFailure($"remove the route to {route}", () => inside.Routes.Delete(route));
        inside.Routes.Add(route, RouteAddMode.Replace);
    }

    private void AddDefault(RoutingTables tables, IPAddr gateway, int table, Rollback rollback)
    {
        var route = new RouteSpec
        {
            Dst = IPPrefix.Default(gateway.Is6),
            Gateway = gateway,
            OutInterface = link.Index,
            Table = table,
        };
        try
        {
            Add(tables, route, rollback);
        }
        catch (NetlinkException e)
        {
            throw new CniException(
                CniErrorCode.InvalidNetworkConfig,
                $"Failed to add default route to {gateway}: {ErrnoException.Sentence(e.Errno)}",
                e.Errno is Errno.ENETUNREACH or Errno.EHOSTUNREACH
                    ? $"no network of {link.Name} holds the gateway: correct the range's gateway, or gateways of sbr"
                    : e.KernelMessage ?? "the kernel refuses the gateway",
                e
            );
        }
    }

    // A route belongs to the address in whose network its source or gateway is; one with neither to all of them.
    private static bool IsOf(CniIP ip, Route route) =>
        (route.Source is null && route.Gateway is null)
        || (route.Source is { } source && ip.Address.Contains(source))
        || (route.Gateway is { } gateway && ip.Address.Contains(gateway));

    private IPAddr? GatewayOf(CniIP ip, IReadOnlyList<CniRoute> routes)
    {
        foreach (var gateway in config.Gateways)
        {
            if (gateway.Is6 == ip.Address.Is6)
                return gateway;
        }

        if (PodAddresses.GatewayOf(ip) is { } own)
            return own;
        // An IPAM plugin may name the gateway in its default route alone.
        foreach (var route in routes)
        {
            if (route.Dst.IsDefault && route.Gw is { } gateway && ip.Address.Contains(gateway))
                return gateway;
        }

        return null;
    }

    private void LeaveMain(IReadOnlyList<CniIP> ips, RoutingTables tables, Rollback rollback)
    {
        var own = tables.Routes.Where(static route => route.Table == Route.MainTable).SelectMany(FindLeaving);
        // Gateways before the networks in which they are: the rollback puts them back the other way round.
        foreach (var (route, mode) in own.OrderBy(static leaving => leaving.Route.Gateway is null))
        {
            var stays = config.AddSourceHints && FindHint(ips, route) is { } hint && TryHint(route, hint, rollback);
            if (stays)
                continue;
            rollback.OnFailure($"put the route to {route.Dst} back", () => inside.Routes.Add(route.ToSpec(), mode));
            inside.Routes.Delete(route.ToSpec());
        }
    }

    // The kernel joins IPv6 routes of one destination and metric, such as both interfaces' default routes, to one with several next hops:
    // each interface's hops are its own. An IPv4 route with several was made as one, and stays whole.
    private IEnumerable<(Route Route, RouteAddMode Mode)> FindLeaving(Route route) =>
        route.IsMultipath && !route.Dst.Is6
            ? []
            : route.By(link.Index).Select(each => (each, route.IsMultipath ? RouteAddMode.Append : RouteAddMode.Replace));

    // The route to the network of an address, with that as its source; link-local ones have each link's own.
    private static RouteSpec? FindHint(IReadOnlyList<CniIP> ips, Route route)
    {
        if (route.Gateway is not null)
            return null;
        if (route.Dst.Address.IsLinkLocalUnicast && route.Dst.Is6)
            return route.ToSpec();
        foreach (var ip in ips)
        {
            if (ip.Address.Network == route.Dst)
                return route.ToSpec() with { Source = ip.Address.Address };
        }

        return null;
    }

    private bool TryHint(Route route, RouteSpec hint, Rollback rollback)
    {
        if (route.ToSpec() == hint)
            return true;
        rollback.OnFailure($"put the route to {route.Dst} back", () => inside.Routes.Add(route.ToSpec(), RouteAddMode.Replace));
        inside.Routes.Add(hint, RouteAddMode.Replace);
        return true;
    }

    /// <summary>What is not as <see cref="Apply"/> makes it, a sentence; null if nothing is.</summary>
    public string? FindDifference(IReadOnlyList<CniIP> ips, IReadOnlyList<CniRoute> routes)
    {
        var tables = new RoutingTables(inside);
        foreach (var ip in ips)
        {
            var address = ip.Address.Address;
            var rule = config.Table is { } given ? tables.Find(address, given) : tables.FindOwn(address, link.Index);
            if (rule is null)
                return $"no rule from {address} to a table of {link.Name}";
            if (config.Table is not null || GatewayOf(ip, routes) is not { } gateway)
                continue;
            var isThere = tables.By(link.Index, rule.Table).Any(route => route.Dst.IsDefault && route.Gateway == gateway && !route.IsDead);
            if (!isThere)
                return $"table {rule.Table} of {address} has no default route to {gateway} on {link.Name}";
        }

        return null;
    }

    /// <summary>
    /// Removes the rules of an interface and the routes in their tables; also rules of sbr whose address no interface has any more.
    /// </summary>
    /// <param name="inside">A client of the namespace.</param>
    /// <param name="link">The interface; null if it is gone.</param>
    /// <param name="table">The config's table; null where it names none.</param>
    /// <param name="known">The interface's addresses by the result, which it may have no more.</param>
    public static void Withdraw(RouteClient inside, Link? link, int? table, IEnumerable<IPAddr> known)
    {
        var present = inside.Addresses.ListAll();
        var own = known
            .Concat(present.Where(each => each.LinkIndex == link?.Index).Select(static each => each.Address.Address))
            .ToHashSet();
        var living = present.Select(static each => each.Address.Address).ToHashSet();
        var tables = new RoutingTables(inside);
        foreach (var rule in tables.Rules)
        {
            if (rule.Source is not { } source || source != IPPrefix.Host(source.Address) || !rule.IsBySourceAlone)
                continue;
            var isOwn = own.Contains(source.Address) || (rule.Protocol == RouteProtocol.Plugboard && !living.Contains(source.Address));
            // The config may have had another table, or none, when ADD made the rule: a mark says more than the config of now.
            var isChosen = rule.Table != table && IsChosen(rule.Table) && !tables.LeadsElsewhere(rule.Table, link?.Index ?? 0);
            var isExpected = table is null ? isChosen : rule.Table == table;
            if (!isOwn || !(isExpected || rule.Protocol == RouteProtocol.Plugboard))
                continue;
            inside.Rules.Delete(rule);
            if (!isChosen)
                continue;
            foreach (var route in tables.By(link?.Index ?? 0, rule.Table))
                inside.Routes.Delete(route.ToSpec());
        }
    }
}
