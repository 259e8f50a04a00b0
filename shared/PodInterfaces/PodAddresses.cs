using Plugboard.Addresses;
using Plugboard.Protocols.Cni;

namespace Plugboard.PodInterfaces;

/// <summary>The addresses and routes of a pod's interface, from what IPAM gave. Pure.</summary>
public record PodAddresses
{
    /// <summary>A network without addresses.</summary>
    public static readonly PodAddresses None = new() { IPs = [], Routes = [] };

    /// <summary>The pod's addresses, as the result reports them.</summary>
    public required IReadOnlyList<CniIP> IPs { get; init; }

    /// <summary>The pod's routes, as the result reports them.</summary>
    public required IReadOnlyList<CniRoute> Routes { get; init; }

    /// <summary>What <paramref name="ipam"/> returned, as the result of the plugin that makes the interface has it.</summary>
    /// <param name="ipam">The answer of the IPAM plugin.</param>
    /// <param name="ipamType">Its name, for messages.</param>
    /// <param name="mtu">The interface's MTU in bytes; 0: the kernel's default.</param>
    /// <param name="container">The place of the container's interface in the result.</param>
    /// <exception cref="CniException">Code 7: no address, or addresses and routes that an interface cannot have.</exception>
    public static PodAddresses From(CniResult ipam, string ipamType, int mtu, int container)
    {
        var addresses = new PodAddresses { IPs = ReadIPs(ipam, ipamType, mtu, container), Routes = ipam.Routes };
        addresses.RefuseNextHops(ipamType);
        return addresses;
    }

    /// <summary>The addresses of an answer, of an interface at a place in the result.</summary>
    protected static IReadOnlyList<CniIP> ReadIPs(CniResult ipam, string ipamType, int mtu, int container)
    {
        RequireAddress(ipam, ipamType);
        ipam.RefuseUnusable(ipamType, mtu);
        var ips = new List<CniIP>(ipam.IPs.Count);
        foreach (var ip in ipam.IPs)
        {
            var gateway = GatewayOf(ip);
            RefuseGatewayOfOtherFamily(ip, gateway, ipamType);
            ips.Add(ip with { Interface = container, Gateway = gateway });
        }

        return ips;
    }

    /// <summary>Refuses an answer without an address.</summary>
    public static void RequireAddress(CniResult ipam, string ipamType)
    {
        if (ipam.IPs.Count > 0)
            return;
        throw new CniException(
            CniErrorCode.InvalidNetworkConfig,
            "IPAM plugin returned missing IP config",
            ipamType == "static"
                ? "the IPAM plugin static gave no address: set addresses in the ipam section, or \"capabilities\": {\"ips\": true} in the "
                    + "plugin's own entry and ips for each pod"
                : $"the IPAM plugin {ipamType} gave no address: check the network config's ipam section"
        );
    }

    /// <summary>The gateway of an address; null for none, which 0.0.0.0 and :: say too.</summary>
    public static IPAddr? GatewayOf(CniIP ip) => ip.Gateway is { IsUnspecified: false } gateway ? gateway : null;

    /// <summary>Refuses a gateway that the address cannot have.</summary>
    public static void RefuseGatewayOfOtherFamily(CniIP ip, IPAddr? gateway, string ipamType)
    {
        if (gateway is { } given && given.Is6 != ip.Address.Is6)
        {
            throw Wrong(
                ipamType,
                $"gateway {given} of {ip.Address} is of the other address family",
                "correct the range's gateway in the ipam section"
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
            if (GatewayOf(ip) is { } gateway && gateway.Is6 == route.Dst.Is6)
                return gateway;
        }

        return null;
    }

    /// <summary>Refuses routes whose next hop the pod cannot reach.</summary>
    protected void RefuseNextHops(string ipam)
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

    /// <summary>
    /// True if the pod reaches a router. A link-local one is on every link. For an IPv4 gateway the kernel looks only at routes of scope
    /// link (net/ipv4/fib_semantics.c, fib_check_nh_v4_gw).
    /// </summary>
    protected virtual bool IsReachable(IPAddr hop)
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
