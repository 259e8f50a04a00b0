using Plugboard.Coordinator.Cluster;
using Plugboard.Coordinator.Reconciling;
using Plugboard.Coordinator.Sources;
using Plugboard.Coordinator.Tracking;

namespace Plugboard.Coordinator.Engine;

/// <summary>When a reconciler runs next, and what it did so far.</summary>
/// <param name="reconciler">The reconciler.</param>
/// <param name="peers">The peers that changed since it last ran.</param>
internal sealed class ReconcilerState(IReconciler reconciler, ChangeReader<string> peers)
{
    private readonly RetryPause pause = RetryPause.OfNode();
    private ClusterView? last;

    /// <summary>The reconciler.</summary>
    public IReconciler Reconciler { get; } = reconciler;

    /// <summary>Why it must run; null: it need not.</summary>
    public SyncCause? Pending { get; private set; } = SyncCause.Start;

    /// <summary>When it runs again without another cause; null: not before the next audit.</summary>
    public DateTimeOffset? RetryAt { get; private set; }

    /// <summary>Its problems, each a sentence; null: it never ran.</summary>
    public IReadOnlyList<string>? Problems { get; private set; }

    /// <summary>How many changes it made, by cause.</summary>
    public Dictionary<SyncCause, long> ChangeCounts { get; } = [];

    /// <summary>How often it ran.</summary>
    public long SyncCount { get; private set; }

    /// <summary>True while everything it owns is as it should be.</summary>
    public bool IsRight => Problems is { Count: 0 };

    /// <summary>True if it does not stop pods from starting.</summary>
    public bool IsUsable { get; private set; }

    /// <summary>It must run soon; of several causes the one with the larger comparison wins.</summary>
    public void Ask(SyncCause cause)
    {
        if (Pending is null || Breadth(cause) > Breadth(Pending.Value))
            Pending = cause;
    }

    private static int Breadth(SyncCause cause) =>
        cause switch
        {
            SyncCause.Start => 4,
            SyncCause.Audit => 3,
            SyncCause.Retry => 2,
            SyncCause.Kernel => 1,
            _ => 0,
        };

    /// <summary>Runs it: for the peers that changed if nothing else may have, else for everything.</summary>
    public SyncOutcome Run(ClusterView view, SyncCause cause)
    {
        var touched = peers.Take();
        var isPart =
            cause == SyncCause.Source && IsRight && IsUsable && !touched.IsAll && last is not null && view.DiffersOnlyInPeers(last);
        // What throws leaves an unknown state.
        last = null;
        var outcome = isPart ? Reconciler.SyncPeers(view, touched.Keys) : Reconciler.Sync(view, cause);
        last = view;
        return outcome;
    }

    /// <summary>It is running now.</summary>
    public void Begin()
    {
        Pending = null;
        RetryAt = null;
        SyncCount++;
    }

    /// <summary>What it did.</summary>
    public void End(SyncOutcome outcome, SyncCause cause, DateTimeOffset now)
    {
        Problems = outcome.Problems;
        IsUsable = outcome.IsUsable;
        if (outcome.Changes.Count > 0)
            ChangeCounts[cause] = ChangeCounts.GetValueOrDefault(cause) + outcome.Changes.Count;
        if (outcome.Problems.Count == 0)
        {
            pause.Reset();
            return;
        }

        RetryAt = now + pause.Take();
    }
}
