using Plugboard.Addresses;
using Plugboard.Netlink.Route;

namespace Plugboard.Combined;

/// <summary>The rules and routes of a namespace in both families, as they were read once, and the tables taken since.</summary>
internal sealed class RoutingTables
{
    private static readonly int[] reserved = [252, 253, 254, 255];

    private readonly HashSet<int> taken;

    /// <summary>Reads them.</summary>
    /// <param name="inside">A client of the namespace.</param>
    public RoutingTables(RouteClient inside)
    {
        Rules = [.. inside.Rules.List(AddressFamily.IPv4), .. inside.Rules.List(AddressFamily.IPv6)];
        Routes = inside.Routes.List();
        taken =
        [
            .. reserved,
            .. Rules.Select(static rule => rule.Table),
            .. Routes.Select(static route => route.Table),
            .. inside.Links.List().Select(static link => link.VrfTable ?? 0),
        ];
    }

    /// <summary>The rules, those of IPv4 first.</summary>
    public IReadOnlyList<RoutingRule> Rules { get; }

    /// <summary>The routes of all tables.</summary>
    public IReadOnlyList<Route> Routes { get; }

    /// <summary>The routes of a table by way of a link; of a route with several next hops those of the link.</summary>
    public IEnumerable<Route> By(int link, int table) => Routes.Where(route => route.Table == table).SelectMany(route => route.By(link));

    /// <summary>The first table from a number on that no rule, route or VRF has; it is taken from now on.</summary>
    public int TakeFree(int first)
    {
        while (!taken.Add(first))
            first++;
        return first;
    }

    /// <summary>True if a rule has the source and the table.</summary>
    public bool Has(RoutingRule wanted) =>
        Rules.Any(rule => rule.IsBySourceAlone && rule.Source == wanted.Source && rule.Table == wanted.Table);

    /// <summary>True if a table has the route.</summary>
    public bool Has(RouteSpec wanted) =>
        By(wanted.OutInterface, wanted.Table ?? Route.MainTable)
            .Any(route => route.Dst == wanted.Dst.Network && route.Gateway == wanted.Gateway && !route.IsDead);

    /// <summary>The rule of an address to a table; null if absent.</summary>
    public RoutingRule? Find(IPAddr source, int table) =>
        Rules.FirstOrDefault(rule => rule.IsBySourceAlone && rule.Source == IPPrefix.Host(source) && rule.Table == table);

    /// <summary>The rule of an address to a table that no other interface has routes in; null if absent.</summary>
    public RoutingRule? FindOwn(IPAddr source, int link) =>
        Rules.FirstOrDefault(rule =>
            rule.IsBySourceAlone
            && rule.Source == IPPrefix.Host(source)
            && !reserved.Contains(rule.Table)
            && !LeadsElsewhere(rule.Table, link)
        );

    /// <summary>True if a table has a route by way of another interface.</summary>
    public bool LeadsElsewhere(int table, int link) =>
        Routes.Any(route =>
            route.Table == table
            && (
                route.IsMultipath
                    ? route.NextHops.Any(hop => hop.OutInterface != link)
                    : route.OutInterface != 0 && route.OutInterface != link
            )
        );
}
