using Plugboard.Addresses;
using Plugboard.PodInterfaces;
using Plugboard.Protocols.Cni;

namespace Plugboard.Bridge;

/// <summary>What the pod and the bridge get, from what IPAM gave and the config wants. Pure.</summary>
internal sealed record AddressPlan : PodAddresses
{
    /// <summary>The container interface's place in the result: after the bridge and the host's veth end.</summary>
    private const int ContainerInterfaceIndex = 2;

    /// <summary>The addresses of the bridge; empty if it is no gateway.</summary>
    public required IReadOnlyList<IPPrefix> Gateways { get; init; }

    /// <summary>The plan of what <paramref name="ipam"/> returned; empty for a network without addresses.</summary>
    public static AddressPlan From(CniResult ipam, BridgeConfig config)
    {
        if (config.IsLayer3)
            RequireAddress(ipam, config.IpamType);
        ipam.RefuseUnusable(config.IpamType, config.Mtu);
        var ips = new List<CniIP>(ipam.IPs.Count);
        var routes = new List<CniRoute>(ipam.Routes);
        var gateways = new List<IPPrefix>();
        foreach (var ip in ipam.IPs)
        {
            var gateway = GatewayOf(ip) ?? (config.IsGateway ? ip.Address.Network.Address.Next() : null);
            RefuseGatewayOfOtherFamily(ip, gateway, config.IpamType);
            ips.Add(ip with { Interface = ContainerInterfaceIndex, Gateway = gateway });
            if (!config.IsGateway || gateway is not { } address)
                continue;
            RefuseGateway(ip.Address, address, config);
            gateways.Add(new IPPrefix(address, ip.Address.Length));
            if (config.IsDefaultGateway && !HasDefaultRoute(routes, address.Is6))
                routes.Add(new CniRoute(IPPrefix.Default(address.Is6)) { Gw = address });
        }

        var plan = new AddressPlan
        {
            IPs = ips,
            Routes = routes,
            Gateways = gateways,
        };
        plan.RefuseNextHops(config.IpamType);
        return plan;
    }

    /// <summary>The first two gateways that one device cannot have at once; null if it can have all.</summary>
    public RivalGateways? FindRivals()
    {
        for (var i = 0; i < Gateways.Count; i++)
        {
            for (var j = 0; j < i; j++)
            {
                if (RivalGateways.AreRivals(Gateways[j], Gateways[i]))
                    return new RivalGateways(Gateways[j], Gateways[i]);
            }
        }

        return null;
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
        var reason = gateway == pod.Address ? "is the pod's own address" : UnusableAddress.FindFault(gateway);
        if (reason is not null)
        {
            throw new CniException(
                CniErrorCode.InvalidNetworkConfig,
                $"gateway {gateway} of address {pod} {reason}",
                "with isGateway the bridge gets this address: correct the gateway in the ipam section, "
                    + $"or what the IPAM plugin {config.IpamType} answers"
            );
        }
    }
}
