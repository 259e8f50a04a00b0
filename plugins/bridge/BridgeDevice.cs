using Plugboard.Addresses;
using Plugboard.Hosting;
using Plugboard.Linux;
using Plugboard.Netlink;
using Plugboard.Netlink.Route;
using Plugboard.Netlink.Route.Links;
using Plugboard.Protocols.Cni;

namespace Plugboard.Bridge;

/// <summary>The bridge in the host's namespace: made by the first ADD, found by all others.</summary>
internal sealed class BridgeDevice : IDisposable
{
    // Each attempt but the last is lost to another ADD that made the bridge and took it back: as many may fail at once.
    private const int Attempts = 500;

    private readonly RouteClient host;
    private readonly BridgeLock held;
    private bool isCreated;
    private bool isMadePromiscuous;

    private BridgeDevice(RouteClient host, Link link, BridgeLock held)
    {
        this.host = host;
        this.held = held;
        Link = link;
    }

    /// <summary>The bridge as it was found.</summary>
    public Link Link { get; private set; }

    /// <summary>The bridge's lock, shared until something must change.</summary>
    public BridgeLock Lock => held;

    /// <summary>Finds or makes the bridge, up and as promiscuous as the config wants.</summary>
    public static BridgeDevice Ensure(RouteClient host, BridgeConfig config)
    {
        MacAddress? address = null;
        try
        {
            for (var attempt = 0; attempt < Attempts; attempt++)
            {
                if (FindLocked(host, config) is { } found)
                {
                    found.isCreated = address is not null && found.Link.Address == address;
                    if (found.TrySettle(config))
                        return found;
                    found.Dispose();
                }
                else
                {
                    Create(host, config, address ??= MacAddress.Local((ulong)Random.Shared.NextInt64()));
                }
            }
        }
        catch
        {
            if (address is { } mine)
                TakeBack(host, config.Bridge, mine);
            throw;
        }

        throw new CniException(
            CniErrorCode.TryAgainLater,
            $"failed to create bridge \"{config.Bridge}\": it vanished each time it was made",
            "something deletes the bridge as soon as it is there: look for another network manager");
    }

    // Its address tells that it is the one made here, also where the kernel's answer was lost.
    private static void TakeBack(RouteClient host, string name, MacAddress address)
    {
        using var rollback = new Rollback(static (what, e) => StandardError.WriteLine($"bridge: cannot {what}: {e.Message}"));
        rollback.OnFailure($"take back the bridge {name}", () =>
        {
            using var alone = BridgeLock.FindShared(name);
            if (alone?.TryMakeExclusive() == true && host.Links.Find(name) is { } link && link.Address == address && host.Links.ListByMaster(link.Index).Count == 0)
                host.Links.Delete(link.Index);
        });
    }

    /// <summary>The bridge as it is now: one that another implementation made changes its address with its ports unless it is a gateway.</summary>
    public Link Current(BridgeConfig config) => isCreated || config.IsGateway ? Link : host.Links.Get(Link.Index);

    /// <summary>Takes back what <see cref="Ensure"/> did, unless another ADD has built on it.</summary>
    public void Undo()
    {
        if ((!isCreated && !isMadePromiscuous) || !held.TryMakeExclusive())
            return;
        if (isCreated && host.Links.ListByMaster(Link.Index).Count == 0)
            host.Links.Delete(Link.Index);
        else if (isMadePromiscuous)
            host.Links.Set(Link.Index, new LinkChange { Promiscuous = false });
    }

    /// <summary>Finds the bridge without changing anything; null where it is not there.</summary>
    public static Link? Find(RouteClient host, string name) => RequireBridge(host.Links.Find(name), name);

    private static BridgeDevice? FindLocked(RouteClient host, BridgeConfig config)
    {
        if (BridgeLock.FindShared(config.Bridge) is not { } held)
            return null;
        BridgeDevice? found = null;
        try
        {
            // Under the lock, and it must be this bridge's: an ADD that failed may have removed the one it made while this one waited.
            if (Find(host, config.Bridge) is { } link && held.IsOfPresentBridge)
                found = new BridgeDevice(host, link, held);
            return found;
        }
        finally
        {
            if (found is null)
                held.Dispose();
        }
    }

    // The address is given at creation: the kernel would otherwise take the least of the ports' and change it as pods come and go.
    private static void Create(RouteClient host, BridgeConfig config, MacAddress address)
    {
        try
        {
            host.Links.Add(new BridgeSpec
            {
                Name = config.Bridge,
                Mtu = config.Mtu,
                Address = address,
                VlanFiltering = config.VlanFiltering ? true : null,
            });
        }
        catch (NetlinkException e) when (e.Errno == Errno.EEXIST)
        {
            // Somebody was faster: it is found at the next attempt.
            return;
        }
        catch (NetlinkException e)
        {
            throw new CniException(CniErrorCode.Internal, $"failed to create bridge \"{config.Bridge}\": {e.Message}", "", e);
        }
    }

    // False where the bridge went while this one waited for its lock.
    private bool TrySettle(BridgeConfig config)
    {
        if (IsSettled(config))
            return true;
        try
        {
            held.MakeExclusive();
            if (host.Links.Find(Link.Index) is not { } current)
                return false;
            Link = current;
            if (IsSettled(config))
                return true;
            var promiscuous = config.PromiscMode && !Link.IsPromiscuous;
            // Only a bridge that is down: an operator's later choice stays. A kernel without IPv6 has no such setting.
            if (!Link.IsUp)
                Sysctl.TryWrite($"net/ipv6/conf/{config.Bridge}/accept_ra", "0");
            host.Links.Set(Link.Index, new LinkChange { Up = Link.IsUp ? null : true, Promiscuous = promiscuous ? true : null });
            isMadePromiscuous = promiscuous;
            return true;
        }
        catch
        {
            Undo();
            Dispose();
            throw;
        }
    }

    private bool IsSettled(BridgeConfig config) => Link.IsUp && (!config.PromiscMode || Link.IsPromiscuous);

    private static Link? RequireBridge(Link? link, string name) => link is null || link.Kind == "bridge" ? link : throw new CniException(
        CniErrorCode.InvalidNetworkConfig,
        $"failed to create bridge \"{name}\": \"{name}\" already exists but is not a bridge",
        $"{name} is a {(link.Kind.Length == 0 ? "physical or loopback" : link.Kind)} device: name another bridge in the network config");

    /// <inheritdoc/>
    public void Dispose() => held.Dispose();
}
