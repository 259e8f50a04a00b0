using System.Collections.Concurrent;
using System.Diagnostics;
using Plugboard.Addresses;
using Plugboard.Coordinator.Cluster;
using Plugboard.Coordinator.Configuration;
using Plugboard.Coordinator.Engine;
using Plugboard.Coordinator.Node;
using Plugboard.Coordinator.Pods;
using Plugboard.Firewall;
using Plugboard.Firewall.HostPorts;
using Plugboard.Firewall.Nftables;
using Plugboard.Firewall.Pods;
using Plugboard.Linux;
using Plugboard.Netlink.Route;
using Plugboard.Testing;

namespace Plugboard.Tests.Kernel.Coordinator.Pods;

/// <summary>The reconciler in the engine, beside pods that come and go.</summary>
public sealed class PodEngineTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [KernelFact]
    public void Ports_of_five_hundred_pods_are_back_within_a_second()
    {
        const int Count = 500;
        using var node = new PodNode();
        node.Tool("ip link add cni0 type bridge");
        node.Run(() =>
        {
            using var rules = HostPortKind.Open(PodNode.Portmap);
            for (var number = 0; number < Count; number++)
                rules.Apply(PodNode.Ports(number) with { Link = "cni0", LocalhostLink = "cni0" }, FirewallBackend.Nftables);
        });
        var before = node.Ruleset();
        using var engine = new RunningEngine(node);
        engine.Until(() => engine.Reconciler.ComparisonCount == 1);
        Assert.Equal(before, node.Ruleset());

        var flushes = 0;
        Timing.Within(
            TimeSpan.FromSeconds(1),
            () =>
            {
                flushes++;
                var generation = node.Client.GetGeneration();
                var clock = Stopwatch.StartNew();
                node.Tool("nft flush ruleset");
                // The flush, three groups of pods, of which the first has the tables.
                engine.Until(() => node.Client.GetGeneration() == generation + 4);
                var taken = clock.Elapsed;
                Assert.Equal(before, node.Ruleset());
                return taken;
            }
        );
        Assert.Equal(1 + flushes, engine.Reconciler.ComparisonCount);
        Assert.Contains(
            "pods: add table inet plugboard_portmap { comment \"Ports of this node that lead to pods, by the CNI plugin portmap\"; } "
                + "(cause: kernel)",
            engine.Log
        );
    }

    [KernelFact]
    public void Pods_that_come_and_go_while_rules_are_flushed_leave_nothing_and_lack_nothing()
    {
        using var node = new PodNode();
        node.Tool("ip link add cni0 type bridge");
        using var engine = new RunningEngine(node);
        using var ending = new CancellationTokenSource();
        var begin = Stopwatch.GetTimestamp();
        var workers = Enumerable
            .Range(0, 2)
            .Select(worker =>
                Task.Factory.StartNew(() => node.RunBeside(() => ComeAndGo(worker * 1000, ending.Token)), TaskCreationOptions.LongRunning)
            )
            .ToList();
        var flushes = 0;
        for (; flushes <= 20 || Stopwatch.GetElapsedTime(begin) < TimeSpan.FromSeconds(4); flushes++)
            node.Tool(flushes % 2 == 0 ? "nft flush ruleset" : "nft add table inet plugboard_portmap; delete table inet plugboard_portmap");

        ending.Cancel();
        var rounds = workers.Sum(static worker => worker.Result);
        Assert.True(rounds > 20, $"{rounds} pods, {flushes} flushes");
        // One pod of each is left.
        var left = node.Run(() => PodNode.Portmap.List());
        Assert.Equal(2, left.Count);
        engine.Until(() => node.Run(() => left.All(record => IsWhole(record))));
        engine.Dispose();
        var tags = left.Select(static record => record.Owner.Tag).ToHashSet(StringComparer.Ordinal);
        Assert.DoesNotContain(
            node.Tool("nft list table inet plugboard_portmap").Split('"'),
            text => AttachmentTag.Find(text) is { } tag && !tags.Contains(tag)
        );
    }

    private static bool IsWhole(PodRecord record)
    {
        using var rules = HostPortKind.Open(PodNode.Portmap);
        return rules.FindDifference(HostPortRecord.FromRecord(record)) is null;
    }

    private static int ComeAndGo(int first, CancellationToken token)
    {
        using var rules = HostPortKind.Open(PodNode.Portmap);
        var count = 0;
        for (Attachment? before = null; !token.IsCancellationRequested; count++)
        {
            // Some with a chain of their own, whose elements are deleted.
            var forward = PodNode.Ports(first + count % 500) with
            {
                Link = "cni0",
                ConditionsV4 = count % 3 == 0 ? ["ip", "saddr", "192.0.2.0/24"] : [],
            };
            Publish(rules, forward);
            if (before is { } old)
                rules.Withdraw(old, null);
            before = forward.Owner;
        }

        return count;
    }

    // The flush may come between any two looks of it, again and again: then a runtime repeats it.
    private static void Publish(PodRules<PodHostPorts> rules, PodHostPorts forward)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                rules.Apply(forward with { LocalhostLink = "cni0" }, FirewallBackend.Nftables);
                return;
            }
            catch (ErrnoException e) when (e is NftablesException or RulesChangedException && attempt < 10)
            {
                rules.Withdraw(forward.Owner, null);
            }
        }
    }

    /// <summary>An engine with this reconciler alone.</summary>
    private sealed class RunningEngine : IDisposable
    {
        private readonly CancellationTokenSource ending = new();
        private readonly ScriptedSource source = new();
        private readonly Task running;

        public RunningEngine(PodNode node)
        {
            running = Task.Factory.StartNew(() => node.RunBeside(Drive), TaskCreationOptions.LongRunning);
            source.Store.Replace([
                new ClusterNode
                {
                    Name = "n1",
                    PodCidrs = [IPPrefix.Parse("10.244.0.0/16")],
                    Addresses = [IPAddr.Parse("192.168.0.1")],
                },
            ]);
        }

        public PodReconciler Reconciler { get; } = new(PodRecordStore.Root);

        public ConcurrentQueue<string> Log { get; } = new();

        private bool Drive()
        {
            using var client = RouteClient.Open();
            var parts = new EngineParts
            {
                Source = source,
                ViewBuilder = new ViewBuilder("n1", new NetConf { Network = IPPrefix.Parse("10.244.0.0/16") }),
                Uplink = new UplinkOptions(),
                Client = client,
                Network = new NodeNetwork(),
                Reconcilers = [Reconciler],
                Log = Log.Enqueue,
            };
            using var engine = new CoordinatorEngine(parts, new EngineOptions());
            engine.Run(ending.Token);
            return true;
        }

        public void Until(Func<bool> isSo)
        {
            var clock = Stopwatch.StartNew();
            using var pause = new ManualResetEventSlim();
            while (!isSo())
            {
                Assert.True(clock.Elapsed < Patience, string.Join('\n', Log));
                pause.Wait(TimeSpan.FromMilliseconds(2));
            }
        }

        public void Dispose()
        {
            if (ending.IsCancellationRequested)
                return;
            ending.Cancel();
            Assert.True(running.Wait(Patience));
            Reconciler.Dispose();
            ending.Dispose();
        }
    }
}
