using Plugboard.Addresses;
using Plugboard.Linux;
using Plugboard.Netlink;
using Plugboard.Netlink.Route;
using Plugboard.Netlink.Route.Links;
using Plugboard.Protocols.Cni;

namespace Plugboard.Bridge;

/// <summary>The container's end of the pair. Configured inside the pod's namespace, with a client of it.</summary>
internal static class ContainerInterface
{
    private static readonly TimeSpan DadTimeout = TimeSpan.FromSeconds(5);

    /// <summary>Addresses, up, then the host's end up, then routes; returns the interface as it was found.</summary>
    public static Link Connect(RouteClient inside, VethPair pair, BridgeConfig config, AddressPlan plan)
    {
        var link = inside.Links.Get(pair.Owner.IfName);
        AddAddresses(inside, link, config, plan);
        if (!config.DisableContainerInterface)
            inside.Links.Set(link.Index, new LinkChange { Up = true, ArpNotify = plan.IPs.Count > 0 ? true : null });
        pair.SetUp();
        if (!config.DisableContainerInterface)
            VethPair.WaitUntilUp(inside, link.Name);
        if (config.EnableDad)
            WaitForDad(inside, link, plan);
        foreach (var route in plan.RoutesToAdd)
            AddRoute(inside, link, route, plan.NextHop(route));
        return link;
    }

    private static void ConfigureDad(string name, bool enable)
    {
        if (enable)
            Sysctl.TryWrite($"net/ipv6/conf/{name}/enhanced_dad", "1");
        Sysctl.TryWrite($"net/ipv6/conf/{name}/accept_dad", enable ? "1" : "0");
    }

    private static void AddAddresses(RouteClient inside, Link link, BridgeConfig config, AddressPlan plan)
    {
        var hasIPv6 = false;
        foreach (var ip in plan.IPs)
        {
            if (ip.Address.Is6 && !hasIPv6)
            {
                EnableIPv6(link.Name, config.EnableDad);
                hasIPv6 = true;
            }

            inside.Addresses.Add(link.Index, ip.Address, new AddressOptions(NoDad: !config.EnableDad));
        }
    }

    // Only where the pod has an IPv6 address: each path below /proc/sys/net takes longer to look up the more namespaces the machine has.
    private static void EnableIPv6(string name, bool enableDad)
    {
        ConfigureDad(name, enableDad);
        Sysctl.TryWrite("net/ipv6/conf/lo/disable_ipv6", "0");
        Sysctl.TryWrite($"net/ipv6/conf/{name}/disable_ipv6", "0");
        if (!Sysctl.TryWrite($"net/ipv6/conf/{name}/keep_addr_on_down", "1"))
        {
            throw new CniException(
                CniErrorCode.UnsupportedField,
                $"failed to enable keep_addr_on_down for interface \"{name}\": the kernel has no IPv6",
                "the IPAM plugin gave an IPv6 address: remove IPv6 ranges from the network config or boot without ipv6.disable=1");
        }
    }

    private static void WaitForDad(RouteClient inside, Link link, AddressPlan plan)
    {
        if (!plan.IPs.Any(static ip => ip.Address.Is6))
            return;
        using var monitor = RouteMonitor.Open(RouteMonitorGroups.IPv6Address);
        // The kernel leaves an address that failed tentative for ever.
        if (!monitor.WaitForAddresses(inside, link.Index, static addresses => !addresses.Any(static each => each.IsTentative && !each.IsDadFailed), DadTimeout))
        {
            throw new CniException(
                CniErrorCode.TryAgainLater,
                $"timed out after {DadTimeout.TotalSeconds} s waiting for duplicate address detection on {link.Name}",
                "the interface has no carrier, or remove enabledad from the network config");
        }

        foreach (var address in inside.Addresses.List(link.Index))
        {
            if (address.IsDadFailed)
            {
                throw new CniException(
                    CniErrorCode.Internal,
                    $"link {link.Name} has address {address.Address.Address} in DADFAILED state",
                    "another host on this network has the address");
            }
        }
    }

    private static void AddRoute(RouteClient inside, Link link, CniRoute route, IPAddr? nextHop)
    {
        try
        {
            inside.Routes.Add(new RouteSpec
            {
                Dst = route.Dst.Network,
                OutInterface = link.Index,
                Gateway = nextHop,
                Priority = (uint)route.Priority,
                Table = route.Table,
                Scope = (RouteScope?)route.Scope,
                Mtu = route.Mtu,
                AdvMss = route.AdvMss,
            });
        }
        catch (NetlinkException e)
        {
            throw new CniException(
                CniErrorCode.InvalidNetworkConfig,
                $"failed to add route '{route.Dst} via {nextHop?.ToString() ?? "<nil>"} dev {link.Name} metric {route.Priority} (Scope: {route.Scope ?? 0}, "
                + $"Table: {route.Table ?? 254})': {ErrnoException.Sentence(e.Errno)}",
                RouteAdvice(e),
                e);
        }
    }

    private static string RouteAdvice(NetlinkException e) => e.Errno switch
    {
        Errno.EEXIST => "the same route is listed twice in the ipam section",
        Errno.ENETUNREACH or Errno.EHOSTUNREACH => "the gateway lies in none of the pod's networks",
        _ => e.KernelMessage ?? "the kernel refuses the route: see routes in the ipam section",
    };
}
