using Plugboard.Addresses;
using Plugboard.Coordinator.Cluster;
using Plugboard.Linux;

namespace Plugboard.Coordinator.Sources.Etcd;

/// <summary>
/// Reads the cluster from flannel's registry in etcd, beside flanneld. One task follows the keys, another renews this node's lease; after
/// an etcd error both read everything again after a pause. A lease is acquired when <see cref="Advertise"/> has set an address.
/// </summary>
/// <param name="options">Where etcd is.</param>
/// <param name="time">The clock.</param>
/// <param name="log">Gets a line for each lease that comes or goes and for each ignored key.</param>
/// <param name="connections">Opens connections to servers; null: as usual.</param>
internal sealed class EtcdSource(EtcdOptions options, TimeProvider time, Action<string> log, HttpConnections? connections = null)
    : IPeerSource
{
    private static readonly TimeSpan longEnough = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan longestPeace = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan longestWait = TimeSpan.FromSeconds(30);

    private readonly Lock telling = new();
    private TaskCompletionSource told = NewSignal();
    private NodeAdvertisement? advertised;
    private ValueArray<IPAddr> recognised = [];
    private ValueArray<IPAddr> expected = [];

    /// <inheritdoc/>
    public async Task RunAsync(NodeStore store, CancellationToken cancellation)
    {
        var registry = new LeaseRegistry(options, store, time, log);
        registry.Recognise(recognised);
        registry.Expect(expected);
        var login = new EtcdLogin();
        var pause = RetryPause.OfEtcd();
        // What is known stays, and a fault that was reported says more.
        void Tell(string slow)
        {
            if (store.Current is { IsComplete: false, SourceError: null })
                store.SetSourceError($"etcd: {slow}");
        }

        while (true)
        {
            var start = time.GetTimestamp();
            try
            {
                using var client = EtcdClient.Open(options, connections ?? new HttpConnections(), login, Tell);
                await FollowAsync(client, registry, new LeaseRenewer(options, client, registry, time), cancellation).ConfigureAwait(false);
                continue;
            }
            catch (EtcdCompactedException)
            {
                log("etcd compacted the first revision of the watch; listing again");
            }
            catch (Exception e)
            {
                cancellation.ThrowIfCancellationRequested();
                store.SetSourceError($"etcd: {e.Message}");
            }

            // A list that succeeds before a watch that always fails is no success.
            if (time.GetElapsedTime(start) > longEnough)
                pause.Reset();
            await Task.Delay(pause.Take(), time, cancellation).ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public bool LeasesNetworks => true;

    /// <summary>Before it runs: leases with one of these addresses are this node's.</summary>
    public void Recognise(ValueArray<IPAddr> addresses) => recognised = addresses;

    /// <summary>Before it runs: until this node advertises itself, a lease with one of these addresses is shown as its own.</summary>
    public void Expect(ValueArray<IPAddr> addresses) => expected = addresses;

    /// <inheritdoc/>
    public void Advertise(NodeAdvertisement advertisement)
    {
        lock (telling)
        {
            if (advertisement == advertised)
                return;
            advertised = advertisement;
        }

        Wake();
    }

    /// <summary>No effect: flannel's registry cannot store it.</summary>
    public void Report(NodeReport report) { }

    // From one list to the next: until something fails, or the time for an audit has come.
    private async Task FollowAsync(EtcdClient client, LeaseRegistry registry, LeaseRenewer renewer, CancellationToken cancellation)
    {
        if (advertised is { } node)
            registry.SetAdvertised(node);
        registry.Load(await KeyList.ReadAsync(client, options.Prefix, cancellation).ConfigureAwait(false));
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        using var audit = new CancellationTokenSource(options.AuditInterval * (0.75 + Random.Shared.NextDouble() / 4), time);
        using var ending = audit.Token.Register(stop.Cancel);
        var watching = WatchAsync(client, registry, stop.Token);
        var renewing = RenewAsync(registry, renewer, stop.Token);
        var first = await Task.WhenAny(watching, renewing).ConfigureAwait(false);
        await stop.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(watching, renewing).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellation.ThrowIfCancellationRequested();
        if (!audit.IsCancellationRequested)
            await first.ConfigureAwait(false);
    }

    private async Task WatchAsync(EtcdClient client, LeaseRegistry registry, CancellationToken cancellation)
    {
        await foreach (var changes in client.WatchAsync($"{options.Prefix}/", registry.Revision + 1, cancellation).ConfigureAwait(false))
        {
            if (registry.Apply(changes))
                Wake();
        }

        throw new EtcdException("the server ended the watch");
    }

    private async Task RenewAsync(LeaseRegistry registry, LeaseRenewer renewer, CancellationToken cancellation)
    {
        var pause = RetryPause.OfEtcd();
        var contest = RetryPause.OfEtcd();
        var lastContest = time.GetTimestamp();
        while (true)
        {
            // Two processes that both write again what the other changed do so ever less often.
            if (registry.Contest.Take())
            {
                if (time.GetElapsedTime(lastContest) > longestPeace)
                    contest.Reset();
                await Task.Delay(contest.Take(), time, cancellation).ConfigureAwait(false);
                lastContest = time.GetTimestamp();
            }

            Task signal;
            NodeAdvertisement? node;
            lock (telling)
            {
                if (told.Task.IsCompleted)
                    told = NewSignal();
                (signal, node) = (told.Task, advertised);
            }

            var rest = Timeout.InfiniteTimeSpan;
            // A failed lease does not stop the node from following its peers.
            if (node is not null && await FindFaultAsync(renewer, node, cancellation).ConfigureAwait(false) is var fault)
            {
                registry.SetLeaseFault(fault);
                rest = fault is null ? renewer.UntilDue() : pause.Take();
                if (fault is null)
                    pause.Reset();
            }

            await WaitAsync(signal, rest, cancellation).ConfigureAwait(false);
        }
    }

    // Does the due work; returns the reason of a refusal, else null.
    private static async Task<string?> FindFaultAsync(LeaseRenewer renewer, NodeAdvertisement node, CancellationToken cancellation)
    {
        try
        {
            await renewer.EnsureAsync(node, cancellation).ConfigureAwait(false);
            return null;
        }
        catch (Exception e) when (e is FormatException or EtcdException { Code: not (0 or EtcdException.Unavailable) })
        {
            return $"this node's lease: {e.Message}";
        }
    }

    // A timer counts the time that the machine is awake, etcd's lease goes on while it sleeps: what is due is looked at soon after.
    private async Task WaitAsync(Task signal, TimeSpan rest, CancellationToken cancellation)
    {
        try
        {
            var wait = rest > longestWait ? longestWait : rest;
            await signal.WaitAsync(wait, time, cancellation).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // It is time.
        }
    }

    private void Wake()
    {
        lock (telling)
            told.TrySetResult();
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
