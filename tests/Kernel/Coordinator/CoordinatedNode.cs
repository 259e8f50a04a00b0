using System.Collections.Concurrent;
using System.Diagnostics;
using Plugboard.Addresses;
using Plugboard.Coordinator.Cluster;
using Plugboard.Coordinator.Configuration;
using Plugboard.Coordinator.Engine;
using Plugboard.Coordinator.Files;
using Plugboard.Coordinator.Node;
using Plugboard.Coordinator.Routes;
using Plugboard.Linux;
using Plugboard.Linux.Sockets;
using Plugboard.Netlink;
using Plugboard.Netlink.Route;
using Plugboard.Testing;

namespace Plugboard.Tests.Kernel.Coordinator;

/// <summary>A node of the test's own, with the engine running in it on threads of its own, and a pod behind a link.</summary>
internal sealed class CoordinatedNode : TestMachine
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly NetConf network;
    private readonly RouteOptions options;
    private CancellationTokenSource? cancellation;
    private Task? running;

    public CoordinatedNode(string name, NetConf network, RouteOptions? options = null)
    {
        Name = name;
        this.network = network;
        this.options = options ?? new RouteOptions();
        Tool("ip link set lo up");
    }

    public string Name { get; }

    /// <summary>How often the engine looks; to be set before it starts.</summary>
    public EngineOptions Options { get; set; } = new();

    /// <summary>Changes what the engine is made of; to be set before it starts.</summary>
    public Func<EngineParts, EngineParts> Change { get; set; } = static parts => parts;

    /// <summary>Between the engine and the kernel: what a test wants to fail does.</summary>
    public FaultySocket? Kernel { get; private set; }

    /// <summary>What the plugins and the runtime read; null: nothing is written. To be set before it starts.</summary>
    public FilesOptions? Files { get; set; }

    /// <summary>What the engine says; present while it runs and after.</summary>
    public CoordinatorEngine? Engine { get; private set; }

    public ScriptedSource Source { get; private set; } = new();

    public ConcurrentQueue<string> Log { get; } = new();

    /// <summary>Starts the engine; <see cref="Kill"/> ends it.</summary>
    public void Start()
    {
        Source = new ScriptedSource();
        cancellation = new CancellationTokenSource();
        var token = cancellation.Token;
        using var ready = new ManualResetEventSlim();
        running = Task.Factory.StartNew(() => RunBeside(() => Drive(ready, token)), TaskCreationOptions.LongRunning);
        Assert.True(ready.Wait(Patience) || running.IsFaulted, "the engine did not start");
    }

    private bool Drive(ManualResetEventSlim ready, CancellationToken token)
    {
        Kernel = new FaultySocket(KernelSocket.OpenNetlink((int)NetlinkProtocol.Route, 0));
        using var client = new RouteClient(new NetlinkSocket(Kernel, new RouteDialect(), null));
        var seen = new NodeNetwork();
        var routes = new RouteReconciler(client, seen, options);
        using var files = Files is null ? null : new FilesReconciler(Files, Name);
        var parts = new EngineParts
        {
            Source = Source,
            ViewBuilder = new ViewBuilder(Name, network),
            Uplink = new UplinkOptions { Interfaces = ["eth0"] },
            Client = client,
            Network = seen,
            Routes = routes,
            Reconcilers = files is null ? [routes] : [routes, files],
            Log = Log.Enqueue,
        };
        using var engine = new CoordinatorEngine(Change(parts), Options);
        Engine = engine;
        files?.Watch(engine.Reconfigure);
        ready.Set();
        engine.Run(token);
        return true;
    }

    /// <summary>Ends the engine; what it made stays.</summary>
    public void Kill()
    {
        cancellation?.Cancel();
        running?.Wait(Patience);
        cancellation?.Dispose();
        cancellation = null;
    }

    /// <summary>Tells a complete list of nodes.</summary>
    public void Tell(params ClusterNode[] nodes) => Source.Store.Replace(nodes);

    /// <summary>Waits until a thing is so; fails with the log after ten seconds.</summary>
    public TimeSpan Until(Func<bool> isSo, string what)
    {
        var watch = Stopwatch.StartNew();
        using var pause = new ManualResetEventSlim();
        while (!isSo())
        {
            Assert.True(
                watch.Elapsed < Patience,
                $"{Name}: not so after {Patience.TotalSeconds} s: {what}\n{string.Join('\n', Log)}\n{Tool("ip route")}{Tool("ip -6 route")}"
            );
            pause.Wait(TimeSpan.FromMilliseconds(10));
        }

        return watch.Elapsed;
    }

    /// <summary>The routes with the coordinator's number, as ip(8) tells them.</summary>
    public string Routes() => Tool("ip route show proto 110") + Tool("ip -6 route show proto 110");

    /// <summary>A node as the source tells of it.</summary>
    public static ClusterNode Describe(int number, string address, BackendConf backend, bool isDual = false)
    {
        var name = $"n{number}";
        var vxlan = backend.Type == BackendType.Vxlan;
        return new ClusterNode
        {
            Name = name,
            PodCidrs = Of(IPPrefix.Parse($"10.244.{number}.0/24"), isDual ? IPPrefix.Parse($"fd00:244:0:{number}::/64") : null),
            Addresses = Of(IPAddr.Parse(address), isDual ? IPAddr.Parse($"fd00:192::{number}") : null),
            Vtep4 = vxlan ? new VtepData(backend.Vni, VtepMac.From(name, backend.Vni, is6: false)) : null,
            Vtep6 = vxlan && isDual ? new VtepData(backend.Vni, VtepMac.From(name, backend.Vni, is6: true)) : null,
        };
    }

    private static ValueArray<T> Of<T>(T first, T? second)
        where T : struct => second is { } other ? [first, other] : [first];

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            Kill();
        base.Dispose(disposing);
    }
}
