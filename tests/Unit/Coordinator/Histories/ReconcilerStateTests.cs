using Plugboard.Addresses;
using Plugboard.Coordinator.Cluster;
using Plugboard.Coordinator.Configuration;
using Plugboard.Coordinator.Engine;
using Plugboard.Coordinator.Reconciling;
using Plugboard.Coordinator.Tracking;

namespace Plugboard.Tests.Unit.Coordinator.Histories;

/// <summary>When a reconciler compares a part, and when everything.</summary>
public sealed class ReconcilerStateTests
{
    private static readonly ClusterView View = new()
    {
        Network = new NetConf { Network = IPPrefix.Parse("10.244.0.0/16") },
        Self = new LocalNode { Name = "n1" },
        IsComplete = true,
    };

    private readonly ChangeFeed<string> feed = new(StringComparer.Ordinal);
    private readonly Recorder recorder = new();
    private readonly ReconcilerState state;

    public ReconcilerStateTests() => state = new ReconcilerState(recorder, feed.OpenReader());

    private string Run(ClusterView view, SyncCause cause = SyncCause.Source)
    {
        recorder.Last = "";
        state.Begin();
        state.End(state.Run(view, cause), cause, DateTimeOffset.UnixEpoch);
        return recorder.Last;
    }

    [Fact]
    public void The_first_run_is_of_everything_and_later_ones_of_the_touched_peers()
    {
        feed.Touch("n2");
        Assert.Equal("all", Run(View, SyncCause.Start));
        Assert.Equal("", Run(View));
        feed.Touch("n3");
        feed.Touch("n3");
        Assert.Equal("n3", Run(View));
    }

    [Fact]
    public void A_peer_that_was_touched_while_the_reconciler_did_not_run_is_not_forgotten()
    {
        Run(View, SyncCause.Start);
        feed.Touch("n2");
        feed.Touch(TouchedKeys<string>.Of(["n3"]));
        Assert.Equal("n2 n3", Run(View));
        feed.Touch("n4");
        feed.Touch(TouchedKeys<string>.All);
        Assert.Equal("all", Run(View));
    }

    [Theory]
    [InlineData(SyncCause.Start)]
    [InlineData(SyncCause.Kernel)]
    [InlineData(SyncCause.Audit)]
    [InlineData(SyncCause.Retry)]
    public void Every_other_cause_is_a_reason_to_compare_everything(object cause)
    {
        Run(View, SyncCause.Start);
        Assert.Equal("all", Run(View, (SyncCause)cause));
    }

    [Fact]
    public void So_is_anything_else_that_differs_in_the_view()
    {
        Run(View, SyncCause.Start);
        var view = View with { IsComplete = false };
        Assert.Equal("all", Run(view));
        view = view with { Self = view.Self with { PodCidrs = [IPPrefix.Parse("10.244.1.0/24")] } };
        Assert.Equal("all", Run(view));
        view = view with { Network = new NetConf() };
        Assert.Equal("all", Run(view));
        Assert.Equal("", Run(view));
    }

    [Fact]
    public void So_is_a_problem_and_an_unusable_node_until_they_are_gone()
    {
        Run(View, SyncCause.Start);
        recorder.Outcome = new SyncOutcome([], ["refused"]);
        feed.Touch("n2");
        Assert.Equal("n2", Run(View));
        Assert.Equal("all", Run(View));
        recorder.Outcome = SyncOutcome.Steady with { IsUsable = false };
        Assert.Equal("all", Run(View));
        recorder.Outcome = SyncOutcome.Steady;
        Assert.Equal("all", Run(View));
        Assert.Equal("", Run(View));
    }

    [Fact]
    public void So_is_a_run_that_threw()
    {
        Run(View, SyncCause.Start);
        feed.Touch("n2");
        recorder.Outcome = null;
        Assert.Throws<InvalidOperationException>(() => Run(View));
        recorder.Outcome = SyncOutcome.Steady;
        Assert.Equal("all", Run(View));
    }

    private sealed class Recorder : IReconciler
    {
        public string Name => "recorder";

        public string Last { get; set; } = "";

        public SyncOutcome? Outcome { get; set; } = SyncOutcome.Steady;

        public SyncOutcome Plan(ClusterView view) => Tell("all");

        public SyncOutcome Sync(ClusterView view, SyncCause cause) => Tell("all");

        public SyncOutcome SyncPeers(ClusterView view, IReadOnlyCollection<string> touched) =>
            Tell(string.Join(' ', touched.Order(StringComparer.Ordinal)));

        public SyncOutcome Remove(bool isDryRun) => SyncOutcome.Steady;

        private SyncOutcome Tell(string what)
        {
            Last = what;
            return Outcome ?? throw new InvalidOperationException("as asked");
        }
    }
}
