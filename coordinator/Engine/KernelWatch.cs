using System.Collections.Concurrent;
using Plugboard.Firewall.Nftables;
using Plugboard.Linux;
using Plugboard.Netlink.Route;

namespace Plugboard.Coordinator.Engine;

/// <summary>Hears what the kernel tells of changes, on threads of its own, and keeps it for the engine.</summary>
internal sealed class KernelWatch : IDisposable
{
    private static readonly TimeSpan Forever = TimeSpan.FromDays(1);

    private readonly RouteChanges changes;
    private readonly NftablesMonitor? transactions;
    private readonly Wakeup wakeup;
    private readonly List<Thread> threads = [];
    private int isLost;

    private KernelWatch(RouteChanges changes, NftablesMonitor? transactions, Wakeup wakeup)
    {
        this.changes = changes;
        this.transactions = transactions;
        this.wakeup = wakeup;
    }

    /// <summary>What changed of links, addresses, neighbours and routes.</summary>
    public ConcurrentQueue<RouteChange> Network { get; } = new();

    /// <summary>Who changed which nftables.</summary>
    public ConcurrentQueue<NftablesTransaction> Rules { get; } = new();

    /// <summary>Opens it in the calling thread's namespace and starts to hear.</summary>
    public static KernelWatch Open(Wakeup wakeup)
    {
        const RouteMonitorGroups All = RouteMonitorGroups.Link | RouteMonitorGroups.Neighbour | RouteMonitorGroups.IPv4Address | RouteMonitorGroups.IPv6Address
            | RouteMonitorGroups.IPv4Route | RouteMonitorGroups.IPv6Route;
        var watch = new KernelWatch(RouteChanges.Open(All), FindTransactions(), wakeup);
        watch.Start("links and routes", () => watch.Hear(watch.changes.Receive(Forever), watch.Network));
        if (watch.transactions is { } rules)
            watch.Start("nftables", () => watch.Hear(rules.Receive(Forever), watch.Rules));
        return watch;
    }

    private static NftablesMonitor? FindTransactions()
    {
        try
        {
            return NftablesMonitor.Open();
        }
        catch (ErrnoException e) when (e.Errno is Errno.EPROTONOSUPPORT or Errno.EINVAL)
        {
            return null;
        }
    }

    private void Start(string name, Action hear)
    {
        var thread = new Thread(() =>
        {
            while (!changes.IsStopped)
                hear();
        })
        { IsBackground = true, Name = name };
        threads.Add(thread);
        thread.Start();
    }

    private void Hear<T>(Netlink.NetlinkNews<T> news, ConcurrentQueue<T> queue)
    {
        if (news.Lost)
            Interlocked.Exchange(ref isLost, 1);
        foreach (var item in news.Items)
            queue.Enqueue(item);
        if (news.Lost || news.Items.Count > 0)
            wakeup.FromKernel();
    }

    /// <summary>True once after notifications were lost: everything is to be looked at.</summary>
    public bool TakeLoss() => Interlocked.Exchange(ref isLost, 0) != 0;

    /// <inheritdoc/>
    public void Dispose()
    {
        changes.Stop();
        transactions?.Stop();
        foreach (var thread in threads)
            thread.Join();
        changes.Dispose();
        transactions?.Dispose();
    }
}
