using Plugboard.Addresses;
using Plugboard.Linux.Files;
using Plugboard.Netlink;
using Plugboard.Netlink.Route;
using Plugboard.Netlink.Route.Links;
using Plugboard.Protocols.Cni;

namespace Plugboard.PodInterfaces;

/// <summary>
/// The IPv6 addresses to which the kernel takes packets. It gives an address its route in the table local only in a work queue, behind
/// everyone else who changes a link: where a hundred pods start that can be after the ADD, and what the first packets ask for is not
/// answered. Source: net/ipv6/addrconf.c, addrconf_dad_work.
/// </summary>
public static class LocalAddresses
{
    private static readonly TimeSpan timeout = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Waits until a link takes packets to its IPv6 addresses, 5 s at most. A link that is down or has no carrier takes none, and is not
    /// waited for; nor may an address be among them for which duplicate address detection runs.
    /// </summary>
    /// <param name="plugin">The plugin, for the report of addresses that the kernel does not take in time.</param>
    /// <param name="client">A client of the link's namespace, in which the calling thread is.</param>
    /// <param name="link">The link.</param>
    /// <param name="addresses">Its addresses; those of IPv4, which are taken at once, are passed over.</param>
    /// <param name="vrfTable">The table of the VRF whose port the link is; 0 for any other link.</param>
    public static void Wait(string plugin, RouteClient client, Link link, IEnumerable<IPAddr> addresses, int vrfTable = 0)
    {
        var own = addresses.Where(static address => address.Is6).ToList();
        if (AreLocal(client, own, vrfTable))
            return;
        if (client.Links.Find(link.Index) is not { IsUp: true, OperState: OperState.Up or OperState.Unknown })
            return;
        using var monitor = RouteMonitor.Open(RouteMonitorGroups.IPv6Route);
        if (!monitor.WaitUntil(link.Index, () => AreLocal(client, own, vrfTable), timeout))
            StandardError.WriteLine(
                $"{plugin}: {link.Name} still takes no packets to {string.Join(" and ", own)} after {timeout.TotalSeconds} s"
            );
    }

    /// <summary>Refuses an address of a pod that the node has itself: the node would answer in the pod's place.</summary>
    /// <param name="host">A client of the node's namespace.</param>
    /// <param name="addresses">What the pod gets.</param>
    /// <param name="ipamType">The IPAM plugin that gave it.</param>
    /// <exception cref="CniException">Code 7: the node has one of them.</exception>
    public static void RefuseOfNode(RouteClient host, IEnumerable<CniIP> addresses, string ipamType)
    {
        foreach (var ip in addresses)
        {
            if (!IsLocal(host, ip.Address.Address))
                continue;
            throw new CniException(
                CniErrorCode.InvalidNetworkConfig,
                $"IPAM plugin returned address {ip.Address}, which the node itself has",
                $"the node would answer in the pod's place: keep the node's addresses out of what the IPAM plugin {ipamType} gives"
            );
        }
    }

    // The kernel looks into a VRF's table only for what comes from there.
    private static bool AreLocal(RouteClient client, List<IPAddr> addresses, int vrfTable)
    {
        if (vrfTable == 0)
            return addresses.TrueForAll(address => IsLocal(client, address));
        var local = client
            .Routes.List(new RouteFilter(AddressFamily.IPv6, vrfTable))
            .Where(static route => route.Type == RouteType.Local)
            .Select(static route => route.Dst)
            .ToHashSet();
        return addresses.TrueForAll(address => local.Contains(IPPrefix.Host(address)));
    }

    private static bool IsLocal(RouteClient client, IPAddr address)
    {
        try
        {
            return client.Routes.Get(address) is { Type: RouteType.Local };
        }
        catch (NetlinkException)
        {
            // EHOSTUNREACH, EACCES, EINVAL: a route that refuses packets to the network of the address.
            return false;
        }
    }
}
