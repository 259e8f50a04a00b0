using Plugboard.Coordinator.Routes;
using Plugboard.Netlink.Route;
using Plugboard.Netlink.Route.Links;

namespace Plugboard.Coordinator.Node;

/// <summary>The links, addresses and main routes of this node as they were last read from the kernel, with what was changed since.</summary>
internal sealed class NodeNetwork
{
    private const int MainTable = 254;

    private readonly Dictionary<RouteKey, Route> routes = [];
    private readonly List<Route> shadowed = [];
    private Dictionary<string, Link> links = new(StringComparer.Ordinal);
    private OnLinkNetworks? onLink;

    /// <summary>False until it was read, and after somebody changed something.</summary>
    public bool IsCurrent { get; private set; }

    /// <summary>The links by name.</summary>
    public IReadOnlyDictionary<string, Link> Links => links;

    /// <summary>The addresses of all links.</summary>
    public IReadOnlyList<InterfaceAddress> Addresses { get; private set; } = [];

    /// <summary>The routes of the main table; of several to one network with one metric the first, which is the one that counts.</summary>
    public IReadOnlyDictionary<RouteKey, Route> Routes => routes;

    /// <summary>The routes behind those.</summary>
    public IReadOnlyList<Route> Shadowed => shadowed;

    /// <summary>Which addresses are reached without a router, by routes that are not the coordinator's.</summary>
    public OnLinkNetworks OnLink => onLink ??= new OnLinkNetworks(routes.Values
        .Where(route => route.Protocol != RouteProtocol.Plugboard)
        .Select(route => new OnLinkRoute(route.Dst, route.OutInterface, route.Gateway is not null || route.IsMultipath, route.Priority)));

    /// <summary>Reads all from the kernel.</summary>
    public void Read(RouteClient client)
    {
        IsCurrent = false;
        ReadLinks(client);
        Addresses = client.Addresses.ListAll();
        routes.Clear();
        shadowed.Clear();
        foreach (var route in client.Routes.List(new RouteFilter(Table: MainTable)))
        {
            if (!routes.TryAdd(KeyOf(route), route))
                shadowed.Add(route);
        }

        onLink = null;
        IsCurrent = true;
    }

    /// <summary>Reads the links again: one was made or removed by the coordinator itself.</summary>
    public void ReadLinks(RouteClient client) => links = client.Links.List().ToDictionary(link => link.Name, StringComparer.Ordinal);

    /// <summary>Somebody changed something: before the next use it is to be read.</summary>
    public void Invalidate() => IsCurrent = false;

    /// <summary>The link of an index; null: there is none.</summary>
    public Link? FindLink(int index) => links.Values.FirstOrDefault(link => link.Index == index);

    /// <summary>The coordinator made a route, or took one's place.</summary>
    public void Note(Route route) => routes[KeyOf(route)] = route;

    /// <summary>The coordinator removed a route.</summary>
    public void Forget(Route route)
    {
        if (!shadowed.Remove(route))
            routes.Remove(KeyOf(route));
    }

    /// <summary>The key of a route.</summary>
    public static RouteKey KeyOf(Route route) => new(route.Dst, route.Priority);

    /// <summary>True where a notification of a route tells what is not known: that one is there or gone.</summary>
    public bool IsNews(Route route, bool isDeleted)
    {
        if (route.Table != MainTable || route.IsCloned)
            return false;
        var known = routes.TryGetValue(KeyOf(route), out var seen) && seen == route;
        return isDeleted ? known || shadowed.Contains(route) : !known;
    }
}
