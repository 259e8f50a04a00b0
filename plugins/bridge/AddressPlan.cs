using Plugboard.Addresses;
using Plugboard.Netlink.Route;
using Plugboard.Protocols.Cni;

namespace Plugboard.Bridge;

/// <summary>What the pod and the bridge get, from what IPAM gave and the config wants. Pure.</summary>
internal sealed record AddressPlan
{
    /// <summary>The container interface's place in the result: after the bridge and the host's veth end.</summary>
    private const int ContainerInterfaceIndex = 2;

    /// <summary>The pod's addresses, as the result reports them.</summary>
    public required IReadOnlyList<CniIP> IPs { get; init; }

    /// <summary>The pod's routes, as the result reports them.</summary>
    public required IReadOnlyList<CniRoute> Routes { get; init; }

    /// <summary>The addresses the bridge bears; empty where it is no gateway.</summary>
    public required IReadOnlyList<IPPrefix> Gateways { get; init; }

    /// <summary>The plan of what <paramref name="ipam"/> returned; empty for a network without addresses.</summary>
    public static AddressPlan From(CniResult ipam, BridgeConfig config)
    {
        if (config.IsLayer3 && ipam.IPs.Count == 0)
        {
            throw new CniException(
                CniErrorCode.InvalidNetworkConfig,
                "IPAM plugin returned missing IP config",
                $"the IPAM plugin {config.IpamType} gave no address: check the network config's ipam section");
        }

        ipam.RefuseUnusable(config);
        var ips = new List<CniIP>(ipam.IPs.Count);
        var routes = new List<CniRoute>(ipam.Routes);
        var gateways = new List<IPPrefix>();
        foreach (var ip in ipam.IPs)
        {
            var gateway = ip.Gateway ?? (config.IsGateway ? ip.Address.Network.Address.Next() : null);
            ips.Add(ip with { Interface = ContainerInterfaceIndex, Gateway = gateway });
            if (!config.IsGateway || gateway is not { } address)
                continue;
            RefuseGateway(ip.Address, address, config);
            gateways.Add(new IPPrefix(address, ip.Address.Length));
            if (config.IsDefaultGateway && !HasDefaultRoute(routes, address.Is6))
                routes.Add(new CniRoute(IPPrefix.Default(address.Is6)) { Gw = address });
        }

        return new AddressPlan { IPs = ips, Routes = routes, Gateways = gateways };
    }

    // A default route of IPAM leads to the first gateway where it names none, so a second one would be its twin or its rival.
    private static bool HasDefaultRoute(List<CniRoute> routes, bool is6)
    {
        foreach (var route in routes)
        {
            if (route.Dst.IsDefault && route.Dst.Is6 == is6 && route.Table is null)
                return true;
        }

        return false;
    }

    // The bridge takes the address with the pod's own prefix length.
    private static void RefuseGateway(IPPrefix pod, IPAddr gateway, BridgeConfig config)
    {
        var reason = gateway.Is6 != pod.Is6 ? "is of another family than the address"
            : gateway == pod.Address ? "is the pod's own address"
            : UnusableAddress.FindFault(gateway);
        if (reason is not null)
        {
            throw new CniException(
                CniErrorCode.InvalidNetworkConfig,
                $"gateway {gateway} of address {pod} {reason}",
                "with isGateway the bridge gets this address: correct the gateway in the ipam section, "
                + $"or what the IPAM plugin {config.IpamType} answers");
        }
    }

    /// <summary>
    /// The next hop of a route, which is its own or the first gateway of its family; null: the destination is on the link.
    /// </summary>
    public IPAddr? NextHop(CniRoute route) => NextHop(route, IPs);

    /// <summary>The next hop of a route where the pod has <paramref name="ips"/>.</summary>
    public static IPAddr? NextHop(CniRoute route, IEnumerable<CniIP> ips)
    {
        // Beyond scope link there is no gateway: the kernel takes none for such a route.
        if (route.Gw is not null || route.Scope >= (int)RouteScope.Link)
            return route.Gw;
        foreach (var ip in ips)
        {
            if (ip.Gateway is { } gateway && gateway.Is6 == route.Dst.Is6)
                return gateway;
        }

        return null;
    }
}
