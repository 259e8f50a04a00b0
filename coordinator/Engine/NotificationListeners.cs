using Plugboard.Firewall.Nftables;
using Plugboard.Linux;
using Plugboard.Netlink.Route;

namespace Plugboard.Coordinator.Engine;

/// <summary>
/// How the kernel's notifications are listened to; each opens a listener in the calling thread's namespace, null where the kernel has none of the
/// kind.
/// </summary>
internal sealed record NotificationListeners
{
    private const RouteMonitorGroups AllGroups =
        RouteMonitorGroups.Link
        | RouteMonitorGroups.Neighbour
        | RouteMonitorGroups.IPv4Address
        | RouteMonitorGroups.IPv6Address
        | RouteMonitorGroups.IPv4Route
        | RouteMonitorGroups.IPv6Route;

    private static readonly TimeSpan Forever = TimeSpan.FromDays(1);

    /// <summary>Links, addresses, neighbours and routes.</summary>
    public Func<NotificationListener<RouteChange>?> Network { get; init; } = OpenNetwork;

    /// <summary>nftables.</summary>
    public Func<NotificationListener<NftablesTransaction>?> Rules { get; init; } = OpenRules;

    private static NotificationListener<RouteChange> OpenNetwork()
    {
        var changes = RouteChanges.Open(AllGroups);
        return new NotificationListener<RouteChange>(() => changes.Receive(Forever), changes.Stop, changes);
    }

    private static NotificationListener<NftablesTransaction>? OpenRules()
    {
        try
        {
            var monitor = NftablesMonitor.Open();
            return new NotificationListener<NftablesTransaction>(() => monitor.Receive(Forever), monitor.Stop, monitor);
        }
        catch (ErrnoException e) when (e.Errno is Errno.EPROTONOSUPPORT or Errno.EINVAL)
        {
            return null;
        }
    }
}
