using Plugboard.Addresses;

namespace Plugboard.Coordinator.Node;

/// <summary>
/// The addresses that a packet reaches without a router: by the routes of the main table that are not the coordinator's, the longest prefix
/// first.
/// </summary>
internal sealed class OnLinkNetworks
{
    private readonly Dictionary<int, Dictionary<IPAddr, OnLinkRoute>>[] byLength =
    [
        [],
        [],
    ];
    private readonly List<int>[] lengths =
    [
        [],
        [],
    ];

    /// <summary>Of routes; of two to one network that with the smaller metric counts.</summary>
    public OnLinkNetworks(IEnumerable<OnLinkRoute> routes)
    {
        foreach (var route in routes)
        {
            var family = byLength[route.Dst.Is6 ? 1 : 0];
            if (!family.TryGetValue(route.Dst.Length, out var networks))
                family[route.Dst.Length] = networks = [];
            if (!networks.TryGetValue(route.Dst.Network.Address, out var known) || route.Priority < known.Priority)
                networks[route.Dst.Network.Address] = route;
        }

        for (var family = 0; family < 2; family++)
        {
            lengths[family].AddRange(byLength[family].Keys);
            lengths[family].Sort(static (a, b) => b.CompareTo(a));
        }
    }

    /// <summary>The route that a packet to an address takes; null if there is no route.</summary>
    public OnLinkRoute? Find(IPAddr address)
    {
        var family = address.Is6 ? 1 : 0;
        foreach (var length in lengths[family])
        {
            if (byLength[family][length].TryGetValue(address.Masked(length), out var route))
                return route;
        }

        return null;
    }

    /// <summary>The link by which an address is reached without a router; 0 if there is a router or no route.</summary>
    public int FindLink(IPAddr address) => Find(address) is { HasGateway: false } route ? route.Link : 0;
}
