using System.Collections.Concurrent;
using Plugboard.Addresses;
using Plugboard.Coordinator.Cluster;
using Plugboard.Coordinator.Sources;
using Plugboard.Coordinator.Sources.Etcd;

namespace Plugboard.Tests.Kernel.Coordinator.Etcd;

/// <summary>One node's source at a real etcd, and its store.</summary>
internal sealed class EtcdNode : IAsyncDisposable
{
    private static readonly TimeSpan patience = TimeSpan.FromSeconds(60);
    private readonly CancellationTokenSource stop = new();
    private readonly SemaphoreSlim changed = new(0);
    private readonly EtcdSource source;
    private readonly Task running;

    public EtcdNode(
        EtcdServer server,
        string name,
        string address,
        Func<EtcdOptions, EtcdOptions>? with = null,
        string recognised = "",
        string expected = "",
        TimeProvider? time = null
    )
    {
        Name = name;
        Address = address;
        Store = new NodeStore(() => changed.Release());
        var options = new EtcdOptions { NodeName = name, Endpoints = [server.Endpoint] };
        source = new EtcdSource(with?.Invoke(options) ?? options, time ?? TimeProvider.System, Log.Enqueue, server.Connections);
        if (recognised.Length > 0)
            source.Recognise([.. recognised.Split(' ').Select(text => IPAddr.Parse(text))]);
        if (expected.Length > 0)
            source.Expect([.. expected.Split(' ').Select(text => IPAddr.Parse(text))]);
        running = source.RunAsync(Store, stop.Token);
        if (address.Length > 0)
            Advertise("host-gw");
    }

    public string Name { get; }

    public string Address { get; }

    public NodeStore Store { get; }

    public ConcurrentQueue<string> Log { get; } = [];

    /// <summary>Its networks; empty where it has none.</summary>
    public string Subnets => Store.Current.Nodes.TryGetValue(Name, out var own) ? own.PodCidrs.ToString() : "";

    public string Peers => string.Join(' ', Store.Current.Nodes.Keys.Where(name => name != Name).Order());

    public void Advertise(string backend, VtepData? vtep = null, string? address = null) =>
        source.Advertise(
            new NodeAdvertisement
            {
                BackendType = backend,
                Addresses = [.. (address ?? Address).Split(' ').Select(text => IPAddr.Parse(text))],
                Vtep4 = vtep,
            }
        );

    public async Task Until(Func<ClusterSnapshot, bool> expected)
    {
        while (!expected(Store.Current))
            Assert.True(
                await changed.WaitAsync(patience),
                $"the store stayed: {Store.Current.SourceError}; {string.Join(' ', Store.Current.Nodes.Values)}; {string.Join('\n', Log)}"
            );
    }

    public Task UntilLeased() => Until(_ => Subnets.Length > 0);

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running.WaitAsync(patience));
        stop.Dispose();
        changed.Dispose();
    }
}
