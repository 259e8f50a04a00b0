using System.Collections.Concurrent;
using Plugboard.Coordinator.Cluster;
using Plugboard.Coordinator.Engine;
using Plugboard.Coordinator.Node;
using Plugboard.Netlink.Route;
using Plugboard.Testing;

namespace Plugboard.Tests.Kernel.Coordinator.Policy;

/// <summary>The reconciler in the engine: what wakes it is a file or the kernel, not the audit, which comes after a minute.</summary>
public sealed class PolicyEngineTests
{
    private const string DenyAll = "podSelector: {}";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [KernelFact]
    public void A_changed_file_is_in_force_and_a_flushed_table_is_back_within_a_second()
    {
        using var node = new PolicyNode();
        using var ending = new CancellationTokenSource();
        var log = new ConcurrentQueue<string>();
        var running = Start(node, log, ending.Token);
        Until(() => node.Client.Has(Plugboard.Coordinator.Policy.Nftables.PolicyRules.Table), log);
        Assert.True(node.Pod("y/a").AskUdpOnce(node, "x/a", 80));

        var attempt = 0;
        Timing.Within(
            TimeSpan.FromSeconds(1),
            () =>
            {
                var (pod, address) = attempt++ % 2 == 0 ? ("a", "10.244.1.10") : ("b", "10.244.1.11");
                node.Write(("x", $"podSelector: {{matchLabels: {{pod: {pod}}}}}"));
                return Until(
                    () => node.Tool("nft list map inet plugboard_policy ingress4").Contains(address, StringComparison.Ordinal),
                    log
                );
            }
        );
        using var stream = PodStream.Open(node.Pod("y/a"), node.Pod("x/c"), "10.244.1.12:8080", 8080, isTcp: false);
        Timing.Within(
            TimeSpan.FromSeconds(1),
            () =>
            {
                node.Write(("x", "podSelector: {matchLabels: {pod: a}}"));
                Until(stream.Works, log);
                node.Write(("x", DenyAll));
                return Until(() => !stream.PassesSoon(), log) - PodStream.Silence;
            }
        );
        Until(() => !node.Pod("y/a").AskUdpOnce(node, "x/a", 80), log);

        Timing.Within(
            TimeSpan.FromSeconds(1),
            () =>
            {
                node.Tool("nft flush ruleset");
                return Until(() => node.Client.Has(Plugboard.Coordinator.Policy.Nftables.PolicyRules.Table), log);
            }
        );
        Assert.False(node.Pod("y/a").AskUdpOnce(node, "x/a", 80));

        // A file with fewer objects is taken when it stays so.
        node.Write();
        Until(() => node.Pod("y/a").AskUdpOnce(node, "x/a", 80), log);
        var steady = node.Client.GetGeneration();
        node.Tool("ip link add other type veth peer name another");
        Assert.False(running.Wait(TimeSpan.FromSeconds(1)));
        Assert.Equal(steady, node.Client.GetGeneration());
        ending.Cancel();
        Assert.True(running.Wait(Patience));
    }

    private static Task Start(PolicyNode node, ConcurrentQueue<string> log, CancellationToken token)
    {
        var source = new ScriptedSource();
        var running = Task.Factory.StartNew(
            () => node.RunBeside(() => Drive(node, source, log, token)),
            token,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default
        );
        source.Store.Replace([new ClusterNode { Name = "n1", PodCidrs = PolicyNode.View.Self.PodCidrs }]);
        return running;
    }

    private static bool Drive(PolicyNode node, ScriptedSource source, ConcurrentQueue<string> log, CancellationToken token)
    {
        using var client = RouteClient.Open();
        var parts = new EngineParts
        {
            Source = source,
            ViewBuilder = new ViewBuilder("n1", PolicyNode.View.Network),
            Uplink = new UplinkOptions(),
            Client = client,
            Network = new NodeNetwork(),
            Reconcilers = [node.Reconciler],
            Log = log.Enqueue,
        };
        using var engine = new CoordinatorEngine(parts, new EngineOptions { AuditInterval = TimeSpan.FromMinutes(1) });
        node.Files.Watch(() => engine.Ask(node.Reconciler));
        node.Reconciler.Wake = () => engine.Ask(node.Reconciler);
        engine.Run(token);
        return true;
    }

    private static TimeSpan Until(Func<bool> isSo, ConcurrentQueue<string> log)
    {
        var began = TimeProvider.System.GetTimestamp();
        Eventually.True(isSo, () => string.Join('\n', log));
        return TimeProvider.System.GetElapsedTime(began);
    }
}
