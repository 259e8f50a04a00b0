using Plugboard.Addresses;
using Plugboard.Linux;
using Plugboard.Netlink;
using Plugboard.Netlink.Route;
using Plugboard.Netlink.Route.Links;
using Plugboard.Protocols.Cni;

namespace Plugboard.PodInterfaces;

/// <summary>Gives a pod's interface its addresses and routes. The calling thread is in the pod's namespace.</summary>
/// <param name="plugin">The plugin, for its reports.</param>
/// <param name="client">A client of the pod's namespace.</param>
/// <param name="link">The interface.</param>
/// <param name="addresses">What it gets.</param>
public sealed class AddressSetup(string plugin, RouteClient client, Link link, PodAddresses addresses)
{
    private static readonly TimeSpan dadTimeout = TimeSpan.FromSeconds(5);

    /// <summary>The IPAM plugin that gave them, for messages.</summary>
    public required string IpamType { get; init; }

    /// <summary>Whether IPv6 duplicate address detection runs.</summary>
    public DuplicateDetection Dad { get; init; }

    /// <summary>Each address brings a route to its network on the link.</summary>
    public bool HasNetworkRoutes { get; init; } = true;

    /// <summary>Adds the addresses, in their order. An IPv6 one switches IPv6 on first, as far as it is off.</summary>
    /// <exception cref="CniException">Code 7 or 2: the kernel refuses one.</exception>
    public void AddAddresses()
    {
        if (addresses.IPs.FirstOrDefault(static ip => ip.Address.Is6) is { } first)
            EnableIPv6(first.Address);
        foreach (var ip in addresses.IPs)
        {
            try
            {
                client.Addresses.Add(
                    link.Index,
                    ip.Address,
                    new AddressOptions(NoDad: Dad == DuplicateDetection.Off, NoPrefixRoute: !HasNetworkRoutes)
                );
            }
            catch (NetlinkException e)
            {
                throw new CniException(
                    CniErrorCode.InvalidNetworkConfig,
                    $"failed to add IP addr {ip.Address} to \"{link.Name}\": {ErrnoException.Sentence(e.Errno)}",
                    e.Errno == Errno.EEXIST
                        ? "the IPAM plugin gave the address twice"
                        : e.KernelMessage ?? $"the kernel refuses the address that the IPAM plugin {IpamType} gave",
                    e
                );
            }
        }
    }

    // Only where the pod has an IPv6 address. The link's answer has the settings: what is as wanted needs no path below /proc/sys.
    private void EnableIPv6(IPPrefix address)
    {
        var conf = $"net/ipv6/conf/{link.Name}/";
        var why = $"the IPv6 address {address} of {link.Name}";
        if (link.IPv6 is not { } has)
            throw WithoutIPv6(address);
        if (Dad == DuplicateDetection.On && !has.EnhancedDad)
            InterfaceSettings.Prefer(plugin, conf + "enhanced_dad", "1");
        if (Dad == DuplicateDetection.On && has.AcceptDad < 1)
            InterfaceSettings.Require(conf + "accept_dad", "1", "enabledad");
        else if (Dad == DuplicateDetection.Off && has.AcceptDad != 0)
            InterfaceSettings.Prefer(plugin, conf + "accept_dad", "0");
        if (client.Links.Find("lo") is { IPv6.Disabled: true })
            InterfaceSettings.Prefer(plugin, "net/ipv6/conf/lo/disable_ipv6", "0");
        if (has.Disabled)
            InterfaceSettings.Require(conf + "disable_ipv6", "0", why);
        if (!has.KeepAddrOnDown)
            InterfaceSettings.Prefer(plugin, conf + "keep_addr_on_down", "1");
        if (!has.NdiscNotify)
            InterfaceSettings.Prefer(plugin, conf + "ndisc_notify", "1");
    }

    private CniException WithoutIPv6(IPPrefix address) =>
        new(
            CniErrorCode.UnsupportedField,
            $"the IPAM plugin gave the IPv6 address {address}, and {link.Name} has no IPv6",
            link.Mtu < SmallMtu.IPv6Minimum
                ? $"the interface's MTU is {link.Mtu}, and IPv6 needs {SmallMtu.IPv6Minimum}"
                : "the kernel has no IPv6: remove IPv6 ranges from the network config, load the module ipv6, or boot without ipv6.disable=1"
        );

    /// <summary>
    /// Waits until duplicate address detection has settled all IPv6 addresses, or 5 s have passed without a carrier.
    /// </summary>
    /// <exception cref="CniException">Code 11: another host has one, or it took longer than 5 s.</exception>
    public void WaitForDad()
    {
        if (!addresses.IPs.Any(static ip => ip.Address.Is6))
            return;
        using var monitor = RouteMonitor.Open(RouteMonitorGroups.IPv6Address);
        // The kernel leaves an address that failed tentative for ever.
        var areSettled = static (IReadOnlyList<InterfaceAddress> found) => !found.Any(static each => each.IsTentative && !each.IsDadFailed);
        if (!monitor.WaitForAddresses(client, link.Index, areSettled, dadTimeout) && !MayStayTentative())
        {
            throw new CniException(
                CniErrorCode.TryAgainLater,
                $"timed out after {dadTimeout.TotalSeconds} s waiting for duplicate address detection on {link.Name}",
                Dad == DuplicateDetection.On
                    ? "the interface has no carrier, or remove enabledad from the network config"
                    : $"the carrier came late, or net.ipv6.conf.{link.Name}.dad_transmits of the pod's namespace is high: "
                        + "a new ADD may succeed"
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

    // Without a carrier no host can be asked: the kernel does it as soon as there is one. A config with enabledad wants to know now.
    private bool MayStayTentative() =>
        Dad == DuplicateDetection.AsSet && client.Links.Get(link.Index).OperState is OperState.Down or OperState.LowerLayerDown;

    /// <summary>Adds the routes; where an IPv6 address has a gateway, once it is usable.</summary>
    /// <exception cref="CniException">Code 11 as <see cref="WaitForDad"/>, code 7 as <see cref="AddRoutes"/>.</exception>
    public void AddRoutesOnceUsable()
    {
        if (addresses.IPs.Any(static ip => ip.Address.Is6 && ip.Gateway is not null))
            WaitForDad();
        AddRoutes();
    }

    /// <summary>
    /// Adds the routes, each after those that it needs. On return the pod is reached by its IPv6 addresses, unless the kernel asks the
    /// network for them first.
    /// </summary>
    /// <exception cref="CniException">Code 7: the kernel refuses one.</exception>
    public void AddRoutes()
    {
        foreach (var route in addresses.RoutesToAdd)
            Add(route, addresses.NextHop(route));
        if (Dad != DuplicateDetection.AsSet)
            LocalAddresses.Wait(plugin, client, link, addresses.IPs.Select(static ip => ip.Address.Address));
    }

    private void Add(CniRoute route, IPAddr? nextHop)
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
                RouteAdvice(route, link, e),
                e
            );
        }
    }

    private string RouteAdvice(CniRoute route, Link link, NetlinkException e) =>
        e.Errno switch
        {
            _ when route.Dst.Is6 && client.Links.Find(link.Index) is { IPv6.Disabled: true } =>
                $"the pod has no IPv6 address, and IPv6 is off on {link.Name} (net.ipv6.conf.{link.Name}.disable_ipv6 is 1): remove the "
                    + "route, give the pod an IPv6 address, which switches IPv6 on, or set net.ipv6.conf.all.disable_ipv6=0 for the pod",
            _ when route.Gw is not null && route.Scope >= (int)RouteScope.Link =>
                "a route of scope link or host has no gateway: remove gw or scope",
            Errno.EEXIST => "the same route is listed twice in the ipam section",
            Errno.ENETUNREACH or Errno.EHOSTUNREACH => "the gateway lies in none of the pod's networks",
            _ => e.KernelMessage ?? "the kernel refuses the route: see routes in the ipam section",
        };
}

/// <summary>Whether the kernel asks the network for an IPv6 address before it uses it (RFC 4862, 5.4).</summary>
public enum DuplicateDetection
{
    /// <summary>It does not: addresses are usable at once.</summary>
    Off,

    /// <summary>As the namespace's settings have it (ip-sysctl: accept_dad).</summary>
    AsSet,

    /// <summary>It does, whatever the settings were.</summary>
    On,
}
