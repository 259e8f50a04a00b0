using Plugboard.Addresses;
using Plugboard.Linux;
using Plugboard.Netlink;
using Plugboard.Netlink.Route;
using Plugboard.Netlink.Route.Links;
using Plugboard.PodInterfaces;
using Plugboard.Protocols.Cni;

namespace Plugboard.Bridge;

/// <summary>The bridge in the host's namespace: made by the first ADD, found by all others.</summary>
internal sealed class BridgeDevice : IDisposable
{
    private readonly RouteClient host;
    private readonly BridgeLock held;
    private MacAddress? made;
    private bool isMadePromiscuous;

    private BridgeDevice(RouteClient host, Link link, BridgeLock held)
    {
        this.host = host;
        this.held = held;
        Link = link;
    }

    /// <summary>The bridge as it was found, with the tag that it has by now.</summary>
    public Link Link { get; private set; }

    /// <summary>The bridge's lock, shared until something must change.</summary>
    public BridgeLock Lock => held;

    /// <summary>Finds or makes the bridge, up and as promiscuous as the config wants, with an address that pods do not change.</summary>
    public static BridgeDevice Ensure(RouteClient host, BridgeConfig config)
    {
        var shared = BridgeLock.Share();
        try
        {
            if (Find(host, config.Bridge) is { } found && IsSettled(host, found, config))
                return new BridgeDevice(host, found, shared);
            return Settle(host, config, shared);
        }
        catch
        {
            shared.Dispose();
            throw;
        }
    }

    private static bool IsSettled(RouteClient host, Link bridge, BridgeConfig config) =>
        bridge.IsUp
        && (bridge.IsPromiscuous || !config.PromiscMode)
        && !BridgePin.IsWanted(bridge)
        && !BridgePin.LosesIPv6(host, bridge, config);

    // Exclusive from here to the end of the ADD: other calls wait until it is complete, or undone.
    private static BridgeDevice Settle(RouteClient host, BridgeConfig config, BridgeLock alone)
    {
        alone.MakeExclusive();
        MacAddress? chosen = Find(host, config.Bridge) is null ? MacAddress.Local(RandomBits.Next()) : null;
        try
        {
            if (chosen is { } address)
                Create(host, config, address);
            var link =
                Find(host, config.Bridge)
                ?? throw new CniException(
                    CniErrorCode.TryAgainLater,
                    $"failed to create bridge \"{config.Bridge}\": it vanished as soon as it was made",
                    "another process on this node deleted it, which one is not known: ip monitor link shows when it happens"
                );
            var bridge = new BridgeDevice(host, link, alone) { made = link.Address == chosen ? chosen : null };
            bridge.SetUp(config);
            return bridge;
        }
        catch
        {
            TakeBack(host, config.Bridge, chosen);
            throw;
        }
    }

    // Its address shows that it is the one made here, even if the kernel's answer was lost.
    private static void TakeBack(RouteClient host, string name, MacAddress? own)
    {
        using var rollback = new Rollback(BridgePlugin.Report);
        rollback.OnFailure(
            $"take back the bridge {name}",
            () =>
            {
                if (
                    own is not null
                    && host.Links.Find(name) is { } link
                    && link.Address == own
                    && host.Links.ListByMaster(link.Index).Count == 0
                )
                    host.Links.Delete(link.Index);
            }
        );
    }

    private void SetUp(BridgeConfig config)
    {
        // Only a bridge that is down: an operator's later choice stays. A kernel without IPv6 has no such setting.
        if (!Link.IsUp)
            InterfaceSettings.Prefer("bridge", $"net/ipv6/conf/{config.Bridge}/accept_ra", "0");
        // Until its link-local address is settled, a second or two, a new bridge forwards no IPv6: it cannot look for neighbours.
        if (made is not null && !config.EnableDad)
            InterfaceSettings.Prefer("bridge", $"net/ipv6/conf/{config.Bridge}/accept_dad", "0");
        isMadePromiscuous = config.PromiscMode && !Link.IsPromiscuous;
        var pin = made is not null ? BridgePin.OfNew() : BridgePin.Of(host, Link, config);
        if (pin != new LinkChange() || !Link.IsUp || isMadePromiscuous)
            host.Links.Set(Link.Index, pin with { Up = true, Promiscuous = isMadePromiscuous ? true : null });
        Link = Link with { Tag = pin.Tag ?? Link.Tag };
        if (made is not null && config.DisableContainerInterface)
            GiveLinkLocalAddress(config.Bridge);
    }

    // A bridge that was made with its hardware address has no carrier before a port has, and such a port comes when a process brings the
    // pod's interface up. IPv6 makes the address now if its way of making addresses is written (net/ipv6/addrconf.c,
    // addrconf_sysctl_addr_gen_mode); 1 is none.
    private static void GiveLinkLocalAddress(string bridge)
    {
        var name = $"net/ipv6/conf/{bridge}/addr_gen_mode";
        if (Sysctl.Find(name) is not { } mode || mode == "1")
            return;
        InterfaceSettings.Prefer("bridge", name, "1");
        InterfaceSettings.Prefer("bridge", name, mode);
    }

    /// <summary>The bridge as it is now: one whose address could not be pinned changes it with its ports unless it is a gateway.</summary>
    public Link Current(BridgeConfig config) =>
        !BridgePin.IsForeign(Link) || made is not null || config.IsGateway ? Link : host.Links.Get(Link.Index);

    /// <summary>Takes back what <see cref="Ensure"/> did, unless another ADD has built on it.</summary>
    public void Undo()
    {
        if ((made is null && !isMadePromiscuous) || !held.TryMakeExclusive())
            return;
        TakeBack(host, Link.Name, made);
        if (made is null)
            host.Links.Set(Link.Index, new LinkChange { Promiscuous = false });
    }

    /// <summary>Finds the bridge without changing anything; null where it is not there.</summary>
    public static Link? Find(RouteClient host, string name) => RequireBridge(host.Links.Find(name), name);

    // The address is given at creation: the kernel would otherwise take the least of the ports' and change it as pods come and go.
    private static void Create(RouteClient host, BridgeConfig config, MacAddress address)
    {
        try
        {
            host.Links.Add(
                new BridgeSpec
                {
                    Name = config.Bridge,
                    Mtu = config.Mtu,
                    Address = address,
                    VlanFiltering = config.VlanFiltering ? true : null,
                }
            );
        }
        catch (NetlinkException e) when (e.Errno == Errno.EEXIST)
        {
            // A process without the lock was faster: the bridge is found next.
            return;
        }
        catch (NetlinkException e) when (e.Errno == Errno.EOPNOTSUPP && (!config.VlanFiltering || e.KernelMessage is not null))
        {
            throw KernelSupport.Lacks("bridges", "the module bridge (CONFIG_BRIDGE)", e);
        }
        catch (NetlinkException e) when (e.Errno == Errno.EOPNOTSUPP)
        {
            throw BridgePort.LacksVlans(e);
        }
        catch (NetlinkException e)
        {
            throw new CniException(
                CniErrorCode.Internal,
                $"failed to create bridge \"{config.Bridge}\": {e.Message}",
                "the cause is not known: the kernel's answer is all there is",
                e
            );
        }
    }

    private static Link? RequireBridge(Link? link, string name) =>
        link is null || link.Kind == "bridge"
            ? link
            : throw new CniException(
                CniErrorCode.InvalidNetworkConfig,
                $"failed to create bridge \"{name}\": \"{name}\" already exists but is not a bridge",
                $"{name} is a {(link.Kind.Length == 0 ? "physical or loopback" : link.Kind)} device: name another bridge in the "
                    + "network config"
            );

    /// <inheritdoc/>
    public void Dispose() => held.Dispose();
}
