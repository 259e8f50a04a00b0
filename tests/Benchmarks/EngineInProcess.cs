using System.Globalization;
using Plugboard.Addresses;
using Plugboard.Coordinator.Cluster;
using Plugboard.Coordinator.Configuration;
using Plugboard.Coordinator.Engine;
using Plugboard.Coordinator.Node;
using Plugboard.Coordinator.Routes;
using Plugboard.Coordinator.Sources;
using Plugboard.Linux.Namespaces;
using Plugboard.Netlink.Route;

namespace Plugboard.Benchmarks;

/// <summary>
/// The coordinator's engine with many peers, in the namespace of the thread that makes it, told of changes without a source.
/// </summary>
internal sealed class EngineInProcess : IPeerSource, IDisposable
{
    private readonly CancellationTokenSource ending = new();
    private readonly ManualResetEventSlim ready = new();
    private readonly TaskCompletionSource<NodeStore> store = new();
    private readonly Thread thread;
    private readonly int count;

    /// <summary>Starts it.</summary>
    public EngineInProcess(int count)
    {
        this.count = count;
        var ns = NetworkNamespace.OpenOwn();
        thread = new Thread(() => NamespaceThread.Run(ns, Drive));
        thread.Start();
    }

    private bool Drive()
    {
        using var client = RouteClient.Open();
        var network = new NodeNetwork();
        var routes = new RouteReconciler(client, network, new RouteOptions());
        var parts = new EngineParts
        {
            Source = this,
            ViewBuilder = new ViewBuilder(
                "n1",
                new NetConf
                {
                    Network = IPPrefix.Parse("10.0.0.0/8"),
                    Backend = new BackendConf { Type = BackendType.Vxlan },
                }
            ),
            Uplink = new UplinkOptions { Interfaces = ["eth0"] },
            Client = client,
            Network = network,
            Routes = routes,
            Reconcilers = [routes],
            Log = static _ => { },
        };
        using var engine = new CoordinatorEngine(parts, new EngineOptions());
        engine.Run(ending.Token);
        return routes.Remove(isDryRun: false).Problems.Count == 0;
    }

    /// <summary>Waits until all peers are in the kernel.</summary>
    public void WaitUntilReady(TimeSpan patience)
    {
        if (!ready.Wait(patience))
            throw new InvalidOperationException($"the engine was not ready after {patience}");
    }

    /// <summary>A peer has another address.</summary>
    public void Move(int number, int round) => store.Task.Result.Set(Node(number, 200 + round));

    private static ClusterNode Node(int number, int last) =>
        new()
        {
            Name = string.Create(CultureInfo.InvariantCulture, $"n{number}"),
            PodCidrs = [IPPrefix.Parse($"10.{number / 250}.{number % 250}.0/24")],
            Addresses = [IPAddr.Parse($"172.16.{number / 200}.{last}")],
            Vtep4 = new VtepData(1, MacAddress.Local((ulong)number)),
        };

    /// <inheritdoc/>
    public Task RunAsync(NodeStore store, CancellationToken cancellation)
    {
        store.Replace(Enumerable.Range(1, count).Select(number => Node(number, number % 200 + 1)));
        this.store.SetResult(store);
        return Task.Delay(Timeout.Infinite, cancellation);
    }

    /// <inheritdoc/>
    public void Advertise(NodeAdvertisement advertisement) { }

    /// <inheritdoc/>
    public void Report(NodeReport report)
    {
        if (report.IsReady)
            ready.Set();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        ending.Cancel();
        thread.Join();
        ending.Dispose();
        ready.Dispose();
    }
}
