using Plugboard.Addresses;
using Plugboard.Coordinator.Cluster;
using Plugboard.Linux;

namespace Plugboard.Coordinator.Sources.Etcd;

/// <summary>
/// The cluster as flannel's registry in etcd has it, beside flanneld. One task follows the keys, another keeps this node's lease; where
/// either fails at etcd all is read anew after a pause. A lease is acquired once <see cref="Advertise"/> has told an address.
/// </summary>
/// <param name="options">Where etcd is.</param>
/// <param name="time">The clock.</param>
/// <param name="log">Gets a line for each lease that comes or goes and for each key that is left out.</param>
/// <param name="connections">How servers are reached; null: as the process reaches them.</param>
internal sealed class EtcdSource(EtcdOptions options, TimeProvider time, Action<string> log, HttpConnections? connections = null)
    : IPeerSource
{
    private static readonly TimeSpan longEnough = TimeSpan.FromSeconds(10);

    private readonly Lock telling = new();
    private TaskCompletionSource told = NewSignal();
    private NodeAdvertisement? advertised;
    private ValueArray<IPAddr> recognised = [];

    /// <inheritdoc/>
    public async Task RunAsync(NodeStore store, CancellationToken cancellation)
    {
        var registry = new LeaseRegistry(options, store, log);
        registry.Recognise(recognised);
        var login = new EtcdLogin();
        var pause = RetryPause.OfEtcd();
        while (true)
        {
            var start = time.GetTimestamp();
            try
            {
                using var client = EtcdClient.Open(options, connections ?? new HttpConnections(), login);
                await FollowAsync(client, registry, new LeaseRenewer(options, client, registry, time), cancellation).ConfigureAwait(false);
                continue;
            }
            catch (EtcdCompactedException)
            {
                log("etcd compacted the revision that the watch was to begin at; listing again");
            }
            catch (Exception e)
            {
                cancellation.ThrowIfCancellationRequested();
                store.SetSourceError($"etcd: {e.Message}");
            }

            // A list that works before a watch that never does is no success.
            if (time.GetElapsedTime(start) > longEnough)
                pause.Reset();
            await Task.Delay(pause.Take(), time, cancellation).ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public bool LeasesNetworks => true;

    /// <summary>Before it runs: this node's lease is one that has one of these addresses.</summary>
    public void Recognise(ValueArray<IPAddr> addresses) => recognised = addresses;

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

    /// <summary>Nothing: flannel's registry has no place for it.</summary>
    public void Report(NodeReport report) { }

    // From one list to the next: until something fails, or the time for an audit has come.
    private async Task FollowAsync(EtcdClient client, LeaseRegistry registry, LeaseRenewer renewer, CancellationToken cancellation)
    {
        if (advertised is { } node)
            registry.SetAdvertised(node);
        registry.Load(await client.ListAsync($"{options.Prefix}/", cancellation).ConfigureAwait(false));
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
        while (true)
        {
            Task signal;
            NodeAdvertisement? node;
            lock (telling)
            {
                if (told.Task.IsCompleted)
                    told = NewSignal();
                (signal, node) = (told.Task, advertised);
            }

            var rest = Timeout.InfiniteTimeSpan;
            // What etcd cannot give, or refuses to this node, does not keep it from hearing of the others.
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

    // Does what is due; why it is refused, else null.
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

    private async Task WaitAsync(Task signal, TimeSpan rest, CancellationToken cancellation)
    {
        try
        {
            await signal.WaitAsync(rest, time, cancellation).ConfigureAwait(false);
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
