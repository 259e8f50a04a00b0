using System.Collections.Concurrent;
using System.Diagnostics;
using Plugboard.Addresses;
using Plugboard.Coordinator.Cluster;
using Plugboard.Coordinator.Engine;
using Plugboard.Coordinator.Masquerade;
using Plugboard.Coordinator.Node;
using Plugboard.Coordinator.Reconciling;
using Plugboard.Netlink.Route;
using Plugboard.Testing;
using static Plugboard.Tests.Kernel.Coordinator.Masquerade.MasqueradeNode;

namespace Plugboard.Tests.Kernel.Coordinator.Masquerade;

/// <summary>The reconciler in the engine: what wakes it is the kernel or the file, not the audit, which comes after a minute.</summary>
public sealed class MasqueradeEngineTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [KernelTheory]
    [InlineData("nftables")]
    [InlineData("iptables")]
    public void Rules_are_back_within_a_second_and_a_steady_node_writes_nothing(string backend)
    {
        var options = new MasqueradeOptions
        {
            EnableIPv6 = true,
            Backend = backend == "iptables" ? MasqueradeBackend.Iptables : MasqueradeBackend.Nftables,
        };
        using var node = new MasqueradeNode(options, "nonMasqueradeCIDRs: [192.168.0.0/16]");
        using var ending = new CancellationTokenSource();
        var log = new ConcurrentQueue<string>();
        var running = Start(node, log, ending.Token);
        Until(() => node.SeenFromPod(Internet) == Eth0, log);

        foreach (
            var damage in backend == "iptables"
                ? new[] { "iptables -t nat -F", "nft flush ruleset" }
                : ["nft flush ruleset", $"nft flush chain {Plugboard.Coordinator.Masquerade.Nftables.NftablesPlan.Table} leaving"]
        )
        {
            Timing.Within(
                TimeSpan.FromSeconds(3),
                () =>
                {
                    node.Tool(damage);
                    return Until(() => node.Run(() => node.Reconciler.Plan(node.View)).Changes.Count == 0, log);
                }
            );
            Assert.Equal(Eth0, node.SeenFromPod(Internet));
        }

        File.WriteAllText(node.ConfigPath, "nonMasqueradeCIDRs: [203.0.113.0/24]");
        Until(() => node.SeenFromPod(Internet) == PodAddress, log);
        Assert.Equal(Eth0, node.SeenFromPod(Private));

        var steady = node.Client.GetGeneration();
        node.Tool("ip link add other type veth peer name another");
        Assert.False(running.Wait(TimeSpan.FromSeconds(1)));
        Assert.Equal(steady, node.Client.GetGeneration());
        ending.Cancel();
        Assert.True(running.Wait(Patience));
    }

    [KernelTheory]
    [InlineData("nftables")]
    [InlineData("iptables")]
    public void Pods_of_others_stay_exempt_over_a_restart_until_the_list_is_complete(string backend)
    {
        var options = new MasqueradeOptions { Backend = backend == "iptables" ? MasqueradeBackend.Iptables : MasqueradeBackend.Nftables };
        using var node = new MasqueradeNode(options, "nonMasqueradeCIDRs: []");
        var alone = node.View;
        node.View = alone with { Peers = [new ClusterNode { Name = "n2", PodCidrs = [IPPrefix.Parse("203.0.113.0/24")] }] };
        node.SyncWell();
        Assert.Equal(PodAddress, node.SeenFromPod(Internet));

        node.Restart(options);
        node.View = alone with { IsComplete = false };
        node.IsSteady();
        Assert.Equal(PodAddress, node.SeenFromPod(Internet));

        node.View = alone;
        Assert.NotEmpty(node.SyncWell(SyncCause.Source));
        Assert.Equal(Eth0, node.SeenFromPod(Internet));
    }

    private static Task Start(MasqueradeNode node, ConcurrentQueue<string> log, CancellationToken token)
    {
        var source = new ScriptedSource();
        var running = Task.Factory.StartNew(
            () => node.RunBeside(() => Drive(node, source, log, token)),
            token,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default
        );
        source.Store.Replace([
            new ClusterNode
            {
                Name = "n1",
                PodCidrs = [IPPrefix.Parse("10.244.1.0/24"), IPPrefix.Parse("fd00:244:0:1::/64")],
                Addresses = [IPAddr.Parse(Eth0)],
            },
        ]);
        return running;
    }

    private static bool Drive(MasqueradeNode node, ScriptedSource source, ConcurrentQueue<string> log, CancellationToken token)
    {
        using var client = RouteClient.Open();
        using var file = new MasqueradeConfigFile(node.ConfigPath, node.Options, TimeProvider.System);
        using var reconciler = new MasqueradeReconciler(node.Options, file);
        var parts = new EngineParts
        {
            Source = source,
            ViewBuilder = new ViewBuilder("n1", node.View.Network),
            Uplink = new UplinkOptions { Interfaces = ["eth0"] },
            Client = client,
            Network = new NodeNetwork(),
            Reconcilers = [reconciler],
            Log = log.Enqueue,
        };
        using var engine = new CoordinatorEngine(parts, new EngineOptions { AuditInterval = TimeSpan.FromMinutes(1) });
        file.Watch(engine.Reconfigure);
        engine.Run(token);
        return true;
    }

    private static TimeSpan Until(Func<bool> isSo, ConcurrentQueue<string> log)
    {
        var watch = Stopwatch.StartNew();
        using var pause = new ManualResetEventSlim();
        while (!isSo())
        {
            Assert.True(watch.Elapsed < Patience, string.Join('\n', log));
            pause.Wait(TimeSpan.FromMilliseconds(10));
        }

        return watch.Elapsed;
    }
}
