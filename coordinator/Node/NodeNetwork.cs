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

    /// <summary>How often it was read.</summary>
    public long ReadCount { get; private set; }

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
        links = client.Links.List().ToDictionary(link => link.Name, StringComparer.Ordinal);
        Addresses = client.Addresses.ListAll();
        routes.Clear();
        shadowed.Clear();
        foreach (var route in client.Routes.List(new RouteFilter(Table: MainTable)))
        {
            if (!routes.TryAdd(KeyOf(route), route))
                shadowed.Add(route);
        }

        onLink = null;
        ReadCount++;
        IsCurrent = true;
    }

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

    /// <summary>True where a notification of a link, an address or a route tells what is not known.</summary>
    public bool IsNews(RouteChange change)
    {
        if (change.Route is { } route)
            return IsNews(route, change.IsDeleted);
        if (change.Link is { } link)
            return IsNews(link, change.IsDeleted);
        return change.Address is { } address && IsNews(address, change.IsDeleted);
    }

    private bool IsNews(Route route, bool isDeleted)
    {
        if (route.Table != MainTable || route.IsCloned)
            return false;
        var isKnown = routes.TryGetValue(KeyOf(route), out var seen) && seen == route;
        return isDeleted ? isKnown || shadowed.Contains(route) : !isKnown;
    }

    // The pods' ends come and go with the pods, and nothing here depends on them.
    private bool IsNews(Link link, bool isDeleted)
    {
        if (link is { Kind: "veth", MasterIndex: not 0 })
            return false;
        var known = links.GetValueOrDefault(link.Name);
        return isDeleted ? known is not null && known.Index == link.Index : known is null || !IsSame(known, link);
    }

    private static bool IsSame(Link known, Link now) =>
        known.Index == now.Index && known.Kind == now.Kind && known.Mtu == now.Mtu && known.IsUp == now.IsUp && known.Alias == now.Alias && known.Address == now.Address
        && known.Vxlan == now.Vxlan && known.Ipip == now.Ipip;

    private bool IsNews(InterfaceAddress address, bool isDeleted)
    {
        if (address.Address.Address.IsLinkLocalUnicast)
            return false;
        var isKnown = Addresses.Any(own => own.LinkIndex == address.LinkIndex && own.Address == address.Address && (isDeleted || own.Flags == address.Flags));
        return isDeleted == isKnown;
    }
}
