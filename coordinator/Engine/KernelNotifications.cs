using System.Collections.Concurrent;
using Plugboard.Firewall.Nftables;
using Plugboard.Netlink;
using Plugboard.Netlink.Route;

namespace Plugboard.Coordinator.Engine;

/// <summary>Hears what the kernel tells of changes, on threads of its own, and keeps it for the engine.</summary>
internal sealed class KernelNotifications : IDisposable
{
    private readonly Wakeup wakeup;
    private readonly NotificationLoop<RouteChange> network;
    private readonly NotificationLoop<NftablesTransaction> rules;
    private int isLost;

    /// <summary>Starts to hear in the calling thread's namespace.</summary>
    /// <param name="wakeup">Is told when there is something.</param>
    /// <param name="listeners">How it is listened.</param>
    /// <param name="log">Gets a line where something cannot be heard.</param>
    public KernelNotifications(Wakeup wakeup, NotificationListeners listeners, Action<string> log)
    {
        this.wakeup = wakeup;
        network = new NotificationLoop<RouteChange>(
            "links and routes",
            listeners.Network,
            notifications => Queue(notifications, Network),
            log
        );
        rules = new NotificationLoop<NftablesTransaction>("nftables", listeners.Rules, notifications => Queue(notifications, Rules), log);
    }

    /// <summary>What changed of links, addresses, neighbours and routes.</summary>
    public ConcurrentQueue<RouteChange> Network { get; } = new();

    /// <summary>Who changed which nftables.</summary>
    public ConcurrentQueue<NftablesTransaction> Rules { get; } = new();

    /// <summary>How often listening failed since the start.</summary>
    public long FaultCount => network.FaultCount + rules.FaultCount;

    private void Queue<T>(NetlinkNotifications<T> notifications, ConcurrentQueue<T> queue)
    {
        if (notifications.Lost)
            Interlocked.Exchange(ref isLost, 1);
        foreach (var item in notifications.Items)
            queue.Enqueue(item);
        if (notifications.Lost || notifications.Items.Count > 0)
            wakeup.FromKernel();
    }

    /// <summary>True once after notifications were lost: everything is to be looked at.</summary>
    public bool TakeLoss() => Interlocked.Exchange(ref isLost, 0) != 0;

    /// <inheritdoc/>
    public void Dispose()
    {
        network.Dispose();
        rules.Dispose();
    }
}
