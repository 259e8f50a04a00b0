using System.Collections.Concurrent;
using Plugboard.Firewall.Nftables;
using Plugboard.Netlink;
using Plugboard.Netlink.Route;

namespace Plugboard.Coordinator.Engine;

/// <summary>Hears what the kernel tells of changes, on threads of its own, and keeps it for the engine.</summary>
internal sealed class KernelWatch : IDisposable
{
    private readonly Wakeup wakeup;
    private readonly KernelEar<RouteChange> network;
    private readonly KernelEar<NftablesTransaction> rules;
    private int isLost;

    /// <summary>Starts to hear in the calling thread's namespace.</summary>
    /// <param name="wakeup">Is told when there is something.</param>
    /// <param name="feeds">How it is listened.</param>
    /// <param name="log">Gets a line where something cannot be heard.</param>
    public KernelWatch(Wakeup wakeup, KernelFeeds feeds, Action<string> log)
    {
        this.wakeup = wakeup;
        network = new KernelEar<RouteChange>("links and routes", feeds.Network, news => Keep(news, Network), log);
        rules = new KernelEar<NftablesTransaction>("nftables", feeds.Rules, news => Keep(news, Rules), log);
    }

    /// <summary>What changed of links, addresses, neighbours and routes.</summary>
    public ConcurrentQueue<RouteChange> Network { get; } = new();

    /// <summary>Who changed which nftables.</summary>
    public ConcurrentQueue<NftablesTransaction> Rules { get; } = new();

    /// <summary>How often listening failed since the start.</summary>
    public long FaultCount => network.FaultCount + rules.FaultCount;

    private void Keep<T>(NetlinkNews<T> news, ConcurrentQueue<T> queue)
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
        network.Dispose();
        rules.Dispose();
    }
}
