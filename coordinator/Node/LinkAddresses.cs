using Plugboard.Addresses;
using Plugboard.Netlink.Route;

namespace Plugboard.Coordinator.Node;

/// <summary>Chooses a link's address for other nodes: one that stays. Pure.</summary>
/// <param name="network">The node's addresses and routes.</param>
internal sealed class LinkAddresses(NodeNetwork network)
{
    /// <summary>The best address of a family; null if other nodes can use none.</summary>
    public IPPrefix? FindBest(int link, bool is6)
    {
        var defaults = network.Routes.Values.Where(route => route.Dst.IsDefault && route.Dst.Is6 == is6).ToList();
        var sources = defaults
            .Where(route => route.OutInterface == link && route.Source is not null)
            .Select(route => route.Source!.Value)
            .ToList();
        var routers = defaults.SelectMany(route => RoutersBy(route, link)).ToList();
        return network
            .Addresses.Where(own => own.LinkIndex == link && own.Address.Is6 == is6 && IsUsable(own))
            // The source of this node's own packets outwards.
            .OrderBy(own => !sources.Contains(own.Address.Address))
            // A virtual address (keepalived, kube-vip) is a /32 beside the node's own, or a second one of its network.
            .ThenBy(own => own.Address.Length == own.Address.Address.BitLength)
            .ThenBy(own => (own.Flags & AddressFlags.Secondary) != 0)
            .ThenBy(own => !routers.Exists(router => own.Address.Contains(router)))
            .ThenBy(own => (own.Flags & AddressFlags.Permanent) == 0)
            .FirstOrDefault()
            ?.Address;
    }

    /// <summary>The link's own entry of an address; null if it has none, or if other nodes could not use it.</summary>
    public IPPrefix? Find(int link, IPAddr address)
    {
        foreach (var own in network.Addresses)
        {
            if (own.LinkIndex == link && own.Address.Address == address && IsReachable(own))
                return own.Address;
        }

        return null;
    }

    // A temporary IPv6 address expires after a day, a deprecated one soon, and a tentative one may belong to another host.
    private static bool IsUsable(InterfaceAddress own) =>
        IsReachable(own)
        && (own.Flags & (AddressFlags.Deprecated | AddressFlags.Tentative | AddressFlags.DadFailed)) == 0
        && !(own.Address.Is6 && (own.Flags & AddressFlags.Secondary) != 0);

    private static bool IsReachable(InterfaceAddress own) => own.Address.Address.IsGlobalUnicast && !own.IsDadFailed;

    private static IEnumerable<IPAddr> RoutersBy(Netlink.Route.Route route, int link)
    {
        if (route.OutInterface == link && route.Gateway is { } gateway)
            yield return gateway;
        foreach (var hop in route.NextHops)
        {
            if (hop.OutInterface == link && hop.Gateway is { } router)
                yield return router;
        }
    }
}
