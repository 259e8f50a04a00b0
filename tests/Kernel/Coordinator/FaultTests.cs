using Plugboard.Coordinator.Cli;
using Plugboard.Coordinator.Configuration;
using Plugboard.Coordinator.Engine;
using Plugboard.Linux;
using Plugboard.Testing;

namespace Plugboard.Tests.Kernel.Coordinator;

/// <summary>Unexpected errors: the engine reports them, keeps the node as it is, and goes on.</summary>
public sealed class FaultTests
{
    private static readonly BackendConf Vxlan = new() { Type = BackendType.Vxlan };

    [KernelFact]
    public void A_source_that_cannot_be_read_was_not_heard()
    {
        using var cluster = new NodeCluster(Vxlan, [1]);
        var node = cluster.Nodes[0];
        node.Start();
        node.Source.Store.SetSourceError("nobody answers");
        node.Until(() => node.Engine!.Status.SourceError is not null, "it is reported");
        Assert.Null(node.Engine!.Status.SourceHeardAt);

        node.Tell([.. cluster.Described]);

        node.Until(() => node.Engine.Status.SourceHeardAt is not null, "it was heard");
    }

    [KernelFact]
    public void A_source_that_cannot_be_written_can_be_read_and_the_log_says_which()
    {
        using var cluster = new NodeCluster(Vxlan, [1]);
        var node = cluster.Nodes[0];
        node.Start();
        node.Source.Store.SetPublishError("PATCH is refused");
        node.Until(() => node.Engine!.Status.PublishError == "PATCH is refused", "it is reported");
        Assert.Null(node.Engine!.Status.SourceError);
        Assert.Null(node.Engine.Status.SourceHeardAt);

        node.Tell([.. cluster.Described]);

        node.Until(() => node.Engine.Status.SourceHeardAt is not null, "it was heard");
        node.Source.Store.SetPublishError(null);
        node.Until(() => node.Engine.Status.PublishError is null, "the end is reported");
        Assert.Contains("this node's entry in the source cannot be written, and is tried again: PATCH is refused", node.Log);
        Assert.Contains("this node's entry in the source can be written again", node.Log);
        Assert.DoesNotContain(node.Log, static line => line.Contains("cannot be read", StringComparison.Ordinal));
    }

    [KernelTheory]
    [InlineData(Errno.ENOBUFS, "no buffer space available (ENOBUFS)")]
    [InlineData(Errno.EPERM, "operation not permitted (EPERM)")]
    public void A_kernel_that_cannot_be_read_is_reported_once_and_read_again(Errno errno, string words)
    {
        using var cluster = new NodeCluster(Vxlan, [2]);
        cluster.Start();
        cluster.AssertAllReachAll();
        var node = cluster.Nodes[0];
        var routes = node.Routes();

        node.Kernel!.Fault = errno;
        node.Tool("ip route del 10.244.2.0/24");
        // A second of pause, then two.
        node.Until(() => node.Kernel.Refusals >= 2 && node.Source.Reported is { IsReady: false }, "it was tried again");

        Assert.EndsWith(words, node.Source.Reported!.Message, StringComparison.Ordinal);
        Assert.EndsWith(words, node.Engine!.Status.FirstNotReadyReason, StringComparison.Ordinal);
        Assert.Contains("coordinator_ready 0", MetricsText.Render(node.Engine.Status, TimeProvider.System), StringComparison.Ordinal);
        Assert.Contains(
            "coordinator_faults_total{part=\"round\"} 2",
            MetricsText.Render(node.Engine.Status, TimeProvider.System),
            StringComparison.Ordinal
        );
        Assert.Single(node.Log, line => line.Contains("sync round failed", StringComparison.Ordinal));

        node.Kernel.Fault = Errno.None;
        node.Until(() => node.Routes() == routes && node.Source.Reported is { IsReady: true }, "everything is repaired");
        Assert.Contains("sync rounds succeed again", node.Log);
        cluster.AssertAllReachAll();
    }

    [KernelFact]
    public void An_exception_out_of_a_round_does_not_end_the_daemon()
    {
        using var cluster = new NodeCluster(Vxlan, [2]);
        var node = cluster.Nodes[0];
        var source = new FailingSource(cluster.Described) { OnAdvertise = new IOException("unexpected") };
        node.Change = parts => parts with { Source = source };

        node.Start();

        node.Until(() => source.Reported is { IsReady: false, Message: "IOException: unexpected" }, "it is reported");
        node.Until(() => node.Routes().Contains("10.244.2.0/24", StringComparison.Ordinal), "what comes before it is done");
        source.OnAdvertise = null;
        node.Until(() => source.Reported is { IsReady: true }, "the next round is made");
    }

    [KernelTheory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_source_that_ends_is_reported_at_once_and_started_again_and_peers_stay(bool withoutReason)
    {
        using var cluster = new NodeCluster(Vxlan, [2]);
        var node = cluster.Nodes[0];
        var source = new FailingSource(cluster.Described) { FailsAtStart = true };
        node.Change = parts => parts with { Source = source };
        node.Start();
        node.Until(() => source.Reported is { IsReady: true }, "the node is ready");
        var routes = node.Routes();

        source.End(withoutReason ? null : new InvalidOperationException("a bug"));
        var told = node.Until(() => node.Engine!.Status.SourceError is not null, "it is reported");
        // It fails before it tells anything, and is started once more.
        node.Until(() => source.Starts >= 3, "it is started again");

        Assert.True(told < TimeSpan.FromSeconds(1), $"told after {told}");
        Assert.Contains(
            node.Log,
            line => line.Contains(withoutReason ? "it gave no reason" : "InvalidOperationException: a bug", StringComparison.Ordinal)
        );
        Assert.Equal(routes, node.Routes());
        Assert.True(source.Reported is { IsReady: true });
        node.Tool("ip route del 10.244.2.0/24");
        node.Until(() => node.Routes() == routes, "what is known is kept");

        source.FailsAtStart = false;
        node.Until(() => node.Engine!.Status.SourceError is null, "it can be read again");
    }

    [KernelFact]
    public void A_clock_that_is_set_back_delays_no_audit()
    {
        using var cluster = new NodeCluster(Vxlan, [2]);
        var node = cluster.Nodes[0];
        var clock = new JumpingClock();
        node.Options = new EngineOptions { AuditInterval = TimeSpan.FromSeconds(1) };
        node.Change = parts => parts with { Clock = clock };
        cluster.Start();
        cluster.AssertAllReachAll();

        clock.Offset = TimeSpan.FromHours(-1);
        node.Tool("sysctl -qw net.ipv4.ip_forward=0");

        node.Until(() => node.Tool("sysctl -n net.ipv4.ip_forward").Trim() == "1", "the audit finds it");
    }

    [KernelFact]
    public void A_listener_that_breaks_is_reported_and_opened_again_and_nothing_is_missed()
    {
        using var cluster = new NodeCluster(Vxlan, [2]);
        var node = cluster.Nodes[0];
        var listener = new DeafListener();
        node.Change = parts => parts with { Listeners = new NotificationListeners { Network = listener.Open } };
        cluster.Start();
        cluster.AssertAllReachAll();
        var routes = node.Routes();

        listener.IsBroken = true;
        node.Until(
            () => node.Log.Any(line => line.StartsWith("notifications about links and routes failed", StringComparison.Ordinal)),
            "it is reported"
        );
        node.Tool("ip route del 10.244.2.0/24");
        node.Until(() => node.Routes() == routes, "it is looked at without being told");
        listener.IsBroken = false;
        var openings = listener.Openings;
        node.Until(() => listener.Openings > openings, "it is opened again");
        node.Tool("ip route del 10.244.2.0/24");

        node.Until(() => node.Routes() == routes, "it is heard again");
        node.Until(() => node.Log.Contains("notifications about links and routes arrive again"), "and told");
        Assert.Single(node.Log, line => line.Contains(" failed; each retry compares everything", StringComparison.Ordinal));
    }

    [KernelFact]
    public void A_listener_that_cannot_be_opened_at_the_start_is_opened_later()
    {
        using var cluster = new NodeCluster(Vxlan, [2]);
        var node = cluster.Nodes[0];
        var listener = new DeafListener { IsBroken = true };
        node.Change = parts => parts with { Listeners = new NotificationListeners { Network = listener.Open } };

        cluster.Start();

        cluster.AssertAllReachAll();
        listener.IsBroken = false;
        node.Tool("ip route del 10.244.2.0/24");
        cluster.AssertAllReachAll();
    }

    private sealed class JumpingClock : TimeProvider
    {
        private long offset;

        public TimeSpan Offset
        {
            set => Interlocked.Exchange(ref offset, value.Ticks);
        }

        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + TimeSpan.FromTicks(Interlocked.Read(ref offset));
    }
}
