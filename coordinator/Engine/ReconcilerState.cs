using Plugboard.Coordinator.Sources;

namespace Plugboard.Coordinator.Engine;

/// <summary>When a reconciler is asked next, and what it did so far.</summary>
internal sealed class ReconcilerState(IReconciler reconciler)
{
    private readonly RetryPause pause = RetryPause.OfNode();

    /// <summary>The reconciler.</summary>
    public IReconciler Reconciler { get; } = reconciler;

    /// <summary>Why it is to be asked; null: it is not.</summary>
    public SyncCause? Pending { get; private set; } = SyncCause.Start;

    /// <summary>When it is asked again without any other cause; null: not before the next audit.</summary>
    public DateTimeOffset? RetryAt { get; private set; }

    /// <summary>What is not right, each a sentence; null: it was never asked.</summary>
    public IReadOnlyList<string>? Problems { get; private set; }

    /// <summary>How many changes it made, by cause.</summary>
    public Dictionary<SyncCause, long> ChangeCounts { get; } = [];

    /// <summary>How often it was asked.</summary>
    public long SyncCount { get; private set; }

    /// <summary>True while all it keeps is as it should be.</summary>
    public bool IsRight => Problems is { Count: 0 };

    /// <summary>True while pods can be started as far as it is concerned.</summary>
    public bool IsUsable { get; private set; }

    /// <summary>It is to be asked soon; of several causes that which looks at more counts.</summary>
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

    /// <summary>It is being asked now.</summary>
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
