using Plugboard.Addresses;
using Plugboard.Protocols.Cni;

namespace Plugboard.Ipam.HostLocal;

/// <summary>
/// The addresses of a network that no pod gets, whichever range holds them: the gateways of all its ranges, each IPv4 subnet's network
/// address and broadcast address, each IPv6 subnet's subnet-router anycast address (RFC 4291, 2.6.1). A route's next hop is a router's: it
/// is given out only to a pod that requests it. Pure.
/// </summary>
internal sealed class ReservedAddresses
{
    private readonly Dictionary<IPAddr, IPRange> reserved = [];
    private readonly HashSet<IPAddr> routers = [];

    /// <summary>What ranges and routes of one network reserve.</summary>
    public static ReservedAddresses Of(IEnumerable<IReadOnlyList<IPRange>> sets, IEnumerable<CniRoute> routes)
    {
        var addresses = new ReservedAddresses();
        foreach (var set in sets)
        {
            foreach (var range in set)
                addresses.Reserve(range);
        }

        foreach (var route in routes)
        {
            if (route.Gw is { } router)
                addresses.routers.Add(router);
        }

        return addresses;
    }

    private void Reserve(IPRange range)
    {
        reserved[range.Gateway] = range;
        reserved.TryAdd(range.Subnet.Address, range);
        if (range.Subnet.HasBroadcast)
            reserved.TryAdd(range.Subnet.Last, range);
    }

    /// <summary>True for an address that a pod may get unasked.</summary>
    public bool IsFree(IPAddr address) => !reserved.ContainsKey(address) && !routers.Contains(address);

    /// <summary>
    /// What an address is that no pod can have, such as <c>the broadcast address of 10.1.2.0/24</c>; null: a pod can have it.
    /// </summary>
    public string? FindRole(IPAddr address)
    {
        if (!reserved.TryGetValue(address, out var range))
            return null;
        if (address == range.Gateway)
            return "subnet's gateway";
        if (address == range.Subnet.Address)
            return $"the {(address.Is6 ? "subnet-router anycast" : "network")} address of {range.Subnet}";
        return $"the broadcast address of {range.Subnet}";
    }

    /// <summary>How many of the ranges' addresses no pod gets unasked.</summary>
    public int CountIn(Func<IPAddr, bool> contains)
    {
        var count = 0;
        foreach (var address in reserved.Keys)
            count += contains(address) ? 1 : 0;
        foreach (var address in routers)
            count += contains(address) && !reserved.ContainsKey(address) ? 1 : 0;
        return count;
    }
}
