using Plugboard.Addresses;
using Plugboard.Netlink;
using Plugboard.Netlink.Route;
using Plugboard.Netlink.Route.Links;

namespace Plugboard.Coordinator.Node;

/// <summary>The links, addresses and main routes of this node as last read from the kernel, with the changes since.</summary>
internal sealed class NodeNetwork
{
    private const int MainTable = 254;

    private readonly Dictionary<RouteKey, Route> routes = [];
    private readonly List<Route> shadowed = [];
    private readonly List<InterfaceAddress> addresses = [];
    private readonly Dictionary<string, Link> links = new(StringComparer.Ordinal);
    private readonly Dictionary<int, Link> byIndex = [];
    private OnLinkNetworks? onLink;

    /// <summary>False until it was read, and after a change with an unknown outcome.</summary>
    public bool IsCurrent { get; private set; }

    /// <summary>How often it was read.</summary>
    public long ReadCount { get; private set; }

    /// <summary>Goes up with each reading and each change by another process.</summary>
    public long Version { get; private set; }

    /// <summary>The links by name.</summary>
    public IReadOnlyDictionary<string, Link> Links => links;

    /// <summary>The addresses of all links.</summary>
    public IReadOnlyList<InterfaceAddress> Addresses => addresses;

    /// <summary>
    /// The routes of the main table, without those for a type of service or for some senders; of several to one network with one metric the
    /// first, which is the effective one.
    /// </summary>
    public IReadOnlyDictionary<RouteKey, Route> Routes => routes;

    /// <summary>The routes hidden by those.</summary>
    public IReadOnlyList<Route> Shadowed => shadowed;

    /// <summary>The networks that are reached without a router, by routes that are not the coordinator's.</summary>
    public OnLinkNetworks OnLink =>
        onLink ??= new OnLinkNetworks(
            routes
                .Values.Where(route => route.Protocol != RouteProtocol.Plugboard)
                .Select(route => new OnLinkRoute(
                    route.Dst,
                    route.OutInterface,
                    route.Gateway is not null || route.IsMultipath,
                    route.Priority
                ))
        );

    /// <summary>Reads everything from the kernel.</summary>
    public void Read(RouteClient client)
    {
        IsCurrent = false;
        Clear();
        foreach (var link in client.Links.List())
            Set(link);
        addresses.AddRange(client.Addresses.ListAll());
        foreach (var route in client.Routes.List(new RouteFilter(Table: MainTable)))
        {
            if (!route.IsSelective && !routes.TryAdd(KeyOf(route), route))
                shadowed.Add(route);
        }

        ReadCount++;
        Version++;
        IsCurrent = true;
    }

    /// <summary>The route that the kernel takes to an address, by all rules and tables; null: none, or one that drops.</summary>
    public static Route? FindRoute(RouteClient client, IPAddr address)
    {
        try
        {
            return client.Routes.Get(address);
        }
        catch (NetlinkException)
        {
            return null;
        }
    }

    private void Clear()
    {
        links.Clear();
        byIndex.Clear();
        addresses.Clear();
        routes.Clear();
        shadowed.Clear();
        onLink = null;
    }

    /// <summary>Another process changed something: it must be read before the next use.</summary>
    public void Invalidate() => IsCurrent = false;

    /// <summary>The link with an index; null if absent.</summary>
    public Link? FindLink(int index) => byIndex.GetValueOrDefault(index);

    /// <summary>The coordinator made a route, or replaced one.</summary>
    public void Note(Route route)
    {
        if (routes.TryGetValue(KeyOf(route), out var replaced) && replaced.Protocol != RouteProtocol.Plugboard)
            Version++;
        routes[KeyOf(route)] = route;
    }

    /// <summary>The coordinator removed a route.</summary>
    public void Forget(Route route)
    {
        if (!shadowed.Remove(route))
            routes.Remove(KeyOf(route));
    }

    /// <summary>The key of a route.</summary>
    public static RouteKey KeyOf(Route route) => new(route.Dst, route.Priority);

    /// <summary>True if a notification of a link, an address or a route reports something new.</summary>
    public bool IsChange(RouteChange change)
    {
        if (change.Route is { } route)
            return IsChange(route, change.IsDeleted);
        if (change.Link is { } link)
            return IsChange(link, change.IsDeleted);
        return change.Address is { } address && IsChange(address, change.IsDeleted);
    }

    /// <summary>
    /// Applies a notification without reading anything, for state that nothing depends on now. A notification may be older than the last
    /// reading; the later notifications correct it. State that something depends on is read again instead.
    /// </summary>
    public void Take(RouteChange change)
    {
        Version++;
        if (change.Route is { } route)
            Take(route, change);
        else if (change.Link is { } link)
            Take(link, change.IsDeleted);
        else if (change.Address is { } address)
            Take(address, change.IsDeleted);
    }

    private bool IsChange(Route route, bool isDeleted)
    {
        if (route.Table != MainTable)
            return route is { IsCloned: false, Dst.IsDefault: true };
        if (route.IsCloned || route.IsSelective)
            return false;
        var isKnown = routes.TryGetValue(KeyOf(route), out var seen) && seen == route;
        return isDeleted ? isKnown || shadowed.Contains(route) : !isKnown;
    }

    // The pods' ends come and go with the pods, and nothing here depends on them.
    private bool IsChange(Link link, bool isDeleted)
    {
        if (link is { Kind: "veth", MasterIndex: not 0 })
            return false;
        var known = links.GetValueOrDefault(link.Name);
        return isDeleted ? known is not null && known.Index == link.Index : known is null || !IsSame(known, link);
    }

    private static bool IsSame(Link known, Link now) =>
        known.Index == now.Index
        && known.Kind == now.Kind
        && known.Mtu == now.Mtu
        && known.IsUp == now.IsUp
        && known.OperState == now.OperState
        && known.MasterIndex == now.MasterIndex
        && known.Alias == now.Alias
        && known.Address == now.Address
        && known.Vxlan == now.Vxlan
        && known.Ipip == now.Ipip;

    private bool IsChange(InterfaceAddress address, bool isDeleted)
    {
        if (address.Address.Address.IsLinkLocalUnicast)
            return false;
        var isKnown = addresses.Exists(own =>
            own.LinkIndex == address.LinkIndex && own.Address == address.Address && (isDeleted || own.Flags == address.Flags)
        );
        return isDeleted == isKnown;
    }

    private void Take(Route route, RouteChange change)
    {
        if (route.Table != MainTable || route.IsSelective)
            return;
        onLink = null;
        var key = KeyOf(route);
        if (change.IsDeleted)
            TakeAway(route, key);
        else if (!routes.TryGetValue(key, out var seen) || change.IsReplacement || route.Dst.Is6 || seen == route)
            routes[key] = route;
        else
            // Before or behind the known one: only the kernel knows the order.
            IsCurrent = false;
    }

    private void TakeAway(Route route, RouteKey key)
    {
        if (shadowed.Count > 0 && shadowed.Exists(other => KeyOf(other) == key))
            IsCurrent = false;
        else if (routes.TryGetValue(key, out var seen) && seen == route)
            routes.Remove(key);
        else
            IsCurrent = false;
    }

    // The kernel removes the routes of a link that disappears or goes down, those of IPv4 without a notification.
    private void Take(Link link, bool isDeleted)
    {
        if (isDeleted || !link.IsUp)
            Remove(route => route.OutInterface == link.Index);
        if (isDeleted)
            Remove(link.Index);
        else
            Set(link);
    }

    private void Take(InterfaceAddress address, bool isDeleted)
    {
        addresses.RemoveAll(own => own.LinkIndex == address.LinkIndex && own.Address == address.Address);
        if (!isDeleted)
            addresses.Add(address);
        else
            Remove(route => route.Source == address.Address.Address);
    }

    private void Set(Link link)
    {
        Remove(link.Index);
        links[link.Name] = link;
        byIndex[link.Index] = link;
    }

    private void Remove(int index)
    {
        if (byIndex.Remove(index, out var known) && links.GetValueOrDefault(known.Name)?.Index == index)
            links.Remove(known.Name);
    }

    private void Remove(Predicate<Route> isGone)
    {
        onLink = null;
        foreach (var (key, route) in routes)
        {
            if (isGone(route))
                routes.Remove(key);
        }

        shadowed.RemoveAll(isGone);
    }
}
