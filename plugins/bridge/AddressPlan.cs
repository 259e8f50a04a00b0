using Plugboard.Addresses;
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

    /// <summary>The addresses of the bridge; empty if it is no gateway.</summary>
    public required IReadOnlyList<IPPrefix> Gateways { get; init; }

    /// <summary>The plan of what <paramref name="ipam"/> returned; empty for a network without addresses.</summary>
    public static AddressPlan From(CniResult ipam, BridgeConfig config)
    {
        if (config.IsLayer3 && ipam.IPs.Count == 0)
        {
            throw new CniException(
                CniErrorCode.InvalidNetworkConfig,
                "IPAM plugin returned missing IP config",
                $"the IPAM plugin {config.IpamType} gave no address: check the network config's ipam section"
            );
        }

        ipam.RefuseUnusable(config);
        var ips = new List<CniIP>(ipam.IPs.Count);
        var routes = new List<CniRoute>(ipam.Routes);
        var gateways = new List<IPPrefix>();
        foreach (var ip in ipam.IPs)
        {
            var gateway = ip.Gateway ?? (config.IsGateway ? ip.Address.Network.Address.Next() : null);
            if (gateway is { } given && given.Is6 != ip.Address.Is6)
            {
                throw Wrong(
                    config.IpamType,
                    $"gateway {given} of {ip.Address} is of the other address family",
                    "correct the range's gateway in the ipam section"
                );
            }

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

    /// <summary>
    /// The routes in an order that the kernel accepts: on-link routes first, because other routes may use a gateway there.
    /// </summary>
    public IReadOnlyList<CniRoute> RoutesToAdd
    {
        get
        {
            var ordered = new List<CniRoute>(Routes.Count);
            var onLink = 0;
            foreach (var route in Routes)
                ordered.Insert(NextHop(route) is null ? onLink++ : ordered.Count, route);
            return ordered;
        }
    }

    /// <summary>The next hop of a route: its own, or the first gateway of its family; null: the destination is on the link.</summary>
    public IPAddr? NextHop(CniRoute route) => NextHop(route, IPs);

    /// <summary>
    /// As <see cref="NextHop(CniRoute)"/>, of a pod with those addresses. A route of scope link or host has none; 0.0.0.0 and :: say so
    /// too.
    /// </summary>
    public static IPAddr? NextHop(CniRoute route, IReadOnlyList<CniIP> ips)
    {
        if (route.Gw is { } own)
            return own.IsUnspecified ? null : own;
        if (route.IsOnLink)
            return null;
        foreach (var ip in ips)
        {
            if (ip.Gateway is { } gateway && gateway.Is6 == route.Dst.Is6)
                return gateway;
        }

        return null;
    }

    private void RefuseNextHops(string ipam)
    {
        foreach (var route in Routes)
        {
            if (NextHop(route) is not { } hop)
                continue;
            if (hop.Is6 != route.Dst.Is6)
                throw Wrong(
                    ipam,
                    $"gw {hop} of route {route.Dst} is of the other address family",
                    "correct the route's gw in the ipam section"
                );
            if (!IsReachable(hop))
            {
                throw Wrong(
                    ipam,
                    $"gateway {hop} of route {route.Dst} is in none of the pod's networks "
                        + $"({string.Join(", ", IPs.Select(static ip => ip.Address.Network))})",
                    $"correct gateway or gw in the ipam section, or add the route {{\"dst\": \"{IPPrefix.Host(hop)}\", \"scope\": "
                        + "253}, which says that it is on the link"
                );
            }
        }
    }

    // A link-local router is on every link. For an IPv4 gateway the kernel looks only at routes of scope link (net/ipv4/fib_semantics.c,
    // fib_check_nh_v4_gw).
    private bool IsReachable(IPAddr hop)
    {
        if (hop.Is6 && hop.IsLinkLocalUnicast)
            return true;
        foreach (var ip in IPs)
        {
            if (ip.Address.Contains(hop))
                return true;
        }

        foreach (var route in Routes)
        {
            if (route.Dst.Contains(hop) && NextHop(route) is null && (hop.Is6 || route.IsOnLink))
                return true;
        }

        return false;
    }

    private static CniException Wrong(string ipam, string what, string todo) =>
        new(CniErrorCode.InvalidNetworkConfig, $"invalid addresses of IPAM plugin {ipam}: {what}", todo);
}
