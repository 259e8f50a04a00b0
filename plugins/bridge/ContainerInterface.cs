using Plugboard.Addresses;
using Plugboard.Linux;
using Plugboard.Linux.Namespaces;
using Plugboard.Netlink;
using Plugboard.Netlink.Route;
using Plugboard.Netlink.Route.Links;
using Plugboard.Protocols.Cni;

namespace Plugboard.Bridge;

/// <summary>The container's end of the pair, and a client of the pod's namespace.</summary>
internal sealed class ContainerInterface : IDisposable
{
    private static readonly TimeSpan DadTimeout = TimeSpan.FromSeconds(5);

    private readonly RouteClient inside;

    private ContainerInterface(RouteClient inside, Link link)
    {
        this.inside = inside;
        Link = link;
    }

    /// <summary>The interface as it was found.</summary>
    public Link Link { get; }

    /// <summary>Addresses, up, then the host's end up, then routes.</summary>
    public static ContainerInterface Connect(NetworkNamespace pod, VethPair pair, BridgeConfig config, AddressPlan plan)
    {
        using var entered = pod.Enter();
        var client = RouteClient.Open();
        try
        {
            var link = client.Links.Get(pair.Owner.IfName);
            Connect(client, link, pair, config, plan);
            return new ContainerInterface(client, link);
        }
        catch
        {
            client.Dispose();
            throw;
        }
    }

    private static void Connect(RouteClient client, Link link, VethPair pair, BridgeConfig config, AddressPlan plan)
    {
        AddAddresses(client, link, config, plan);
        if (!config.DisableContainerInterface)
            client.Links.Set(link.Index, new LinkChange { Up = true, ArpNotify = plan.IPs.Count > 0 ? true : null });
        pair.SetUp();
        if (!config.DisableContainerInterface)
            VethPair.WaitUntilUp(client, link.Name);
        if (config.EnableDad)
            WaitForDad(client, link, plan);
        foreach (var route in plan.RoutesToAdd)
            AddRoute(client, link, route, plan.NextHop(route));
    }

    /// <summary>
    /// Announces the pod's addresses to all neighbours, once the bridge forwards the pod's packets: hosts that know them of an earlier pod
    /// use the new one at once. The kernel does so by itself when a link comes up, which is too early, and whenever a hardware address is
    /// written, even the present one (net/ipv4/devinet.c and net/ipv6/ndisc.c, NETDEV_CHANGEADDR, with arp_notify and ndisc_notify).
    /// </summary>
    public void Announce() => inside.Links.Set(Link.Index, new LinkChange { Address = Link.Address });

    private static void AddAddresses(RouteClient client, Link link, BridgeConfig config, AddressPlan plan)
    {
        if (plan.IPs.FirstOrDefault(static ip => ip.Address.Is6) is { } first)
            EnableIPv6(client, link, config, first.Address);
        foreach (var ip in plan.IPs)
        {
            try
            {
                client.Addresses.Add(link.Index, ip.Address, new AddressOptions(NoDad: !config.EnableDad));
            }
            catch (NetlinkException e)
            {
                throw new CniException(
                    CniErrorCode.InvalidNetworkConfig,
                    $"failed to add IP addr {ip.Address} to \"{link.Name}\": {ErrnoException.Sentence(e.Errno)}",
                    e.Errno == Errno.EEXIST
                        ? "the IPAM plugin gave the address twice"
                        : e.KernelMessage ?? $"the kernel refuses the address that the IPAM plugin {config.IpamType} gave",
                    e
                );
            }
        }
    }

    // Only where the pod has an IPv6 address. The link's answer has the settings: what is as wanted needs no path below /proc/sys.
    private static void EnableIPv6(RouteClient client, Link link, BridgeConfig config, IPPrefix address)
    {
        var conf = $"net/ipv6/conf/{link.Name}/";
        var why = $"the IPv6 address {address} of {link.Name}";
        if (link.IPv6 is not { } has)
            throw WithoutIPv6(link, address);
        if (config.EnableDad && !has.EnhancedDad)
            InterfaceSettings.Prefer(conf + "enhanced_dad", "1");
        if (config.EnableDad && has.AcceptDad < 1)
            InterfaceSettings.Require(conf + "accept_dad", "1", "enabledad");
        else if (!config.EnableDad && has.AcceptDad != 0)
            InterfaceSettings.Prefer(conf + "accept_dad", "0");
        if (client.Links.Find("lo") is { IPv6.Disabled: true })
            InterfaceSettings.Prefer("net/ipv6/conf/lo/disable_ipv6", "0");
        if (has.Disabled)
            InterfaceSettings.Require(conf + "disable_ipv6", "0", why);
        if (!has.KeepAddrOnDown)
            InterfaceSettings.Prefer(conf + "keep_addr_on_down", "1");
        if (!has.NdiscNotify)
            InterfaceSettings.Prefer(conf + "ndisc_notify", "1");
    }

    private static CniException WithoutIPv6(Link link, IPPrefix address) =>
        new(
            CniErrorCode.UnsupportedField,
            $"the IPAM plugin gave the IPv6 address {address}, and {link.Name} has no IPv6",
            link.Mtu < SmallMtu.IPv6Minimum
                ? $"the interface's MTU is {link.Mtu}, and IPv6 needs {SmallMtu.IPv6Minimum}"
                : "the kernel has no IPv6: remove IPv6 ranges from the network config, load the module ipv6, or boot without ipv6.disable=1"
        );

    private static void WaitForDad(RouteClient client, Link link, AddressPlan plan)
    {
        if (!plan.IPs.Any(static ip => ip.Address.Is6))
            return;
        using var monitor = RouteMonitor.Open(RouteMonitorGroups.IPv6Address);
        // The kernel leaves an address that failed tentative for ever.
        var areSettled = static (IReadOnlyList<InterfaceAddress> found) => !found.Any(static each => each.IsTentative && !each.IsDadFailed);
        if (!monitor.WaitForAddresses(client, link.Index, areSettled, DadTimeout))
        {
            throw new CniException(
                CniErrorCode.TryAgainLater,
                $"timed out after {DadTimeout.TotalSeconds} s waiting for duplicate address detection on {link.Name}",
                "the interface has no carrier, or remove enabledad from the network config"
            );
        }

        foreach (var address in client.Addresses.List(link.Index))
        {
            if (address.IsDadFailed)
            {
                throw new CniException(
                    CniErrorCode.TryAgainLater,
                    $"link {link.Name} has address {address.Address.Address} in DADFAILED state",
                    "another host on this network has the address: remove it there, or keep it out of the IPAM plugin's ranges; "
                        + "a new ADD may get another"
                );
            }
        }
    }

    private static void AddRoute(RouteClient client, Link link, CniRoute route, IPAddr? nextHop)
    {
        try
        {
            client.Routes.Add(
                new RouteSpec
                {
                    Dst = route.Dst.Network,
                    OutInterface = link.Index,
                    Gateway = nextHop,
                    Priority = (uint)route.Priority,
                    Table = route.Table,
                    Scope = (RouteScope?)route.Scope,
                    Mtu = route.Mtu,
                    AdvMss = route.AdvMss,
                }
            );
        }
        catch (NetlinkException e)
        {
            throw new CniException(
                CniErrorCode.InvalidNetworkConfig,
                $"failed to add route '{route.Dst} via {nextHop?.ToString() ?? "<nil>"} dev {link.Name} metric {route.Priority} "
                    + $"(Scope: {route.Scope ?? 0}, "
                    + $"Table: {route.Table ?? 254})': {ErrnoException.Sentence(e.Errno)}",
                RouteAdvice(route, e),
                e
            );
        }
    }

    private static string RouteAdvice(CniRoute route, NetlinkException e) =>
        e.Errno switch
        {
            _ when route.Gw is not null && route.Scope >= (int)RouteScope.Link =>
                "a route of scope link or host has no gateway: remove gw or scope",
            Errno.EEXIST => "the same route is listed twice in the ipam section",
            Errno.ENETUNREACH or Errno.EHOSTUNREACH => "the gateway lies in none of the pod's networks",
            _ => e.KernelMessage ?? "the kernel refuses the route: see routes in the ipam section",
        };

    /// <inheritdoc/>
    public void Dispose() => inside.Dispose();
}
