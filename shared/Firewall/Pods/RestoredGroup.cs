using Plugboard.Linux;

namespace Plugboard.Firewall.Pods;

/// <summary>Pods whose records are locked during their restoration.</summary>
/// <param name="pods">The pods' records and plans.</param>
internal sealed class RestoredGroup(PodRuleKind pods) : IDisposable
{
    private readonly List<PodRecordHold> held = [];
    private readonly List<(PodRecord Record, PodPlan Plan)> group = [];
    private readonly List<string> busy = [];

    /// <summary>The pods, with what their records say by now.</summary>
    public IReadOnlyList<(PodRecord Record, PodPlan Plan)> Pods => group;

    /// <summary>The tags of pods that another process held: it adds or removes them, or restores them too.</summary>
    public IReadOnlyList<string> Busy => busy;

    /// <summary>Takes pods from a queue, as many as may be or as there are files to open.</summary>
    /// <param name="left">The queue.</param>
    /// <param name="most">So many at most.</param>
    public void Hold(Queue<(PodRecord Record, PodPlan Plan)> left, int most)
    {
        while (group.Count < most && left.TryPeek(out var next))
        {
            try
            {
                Hold(next.Record.Owner.Tag);
            }
            catch (ErrnoException e) when (e.Errno is Errno.EMFILE or Errno.ENFILE && held.Count > 0)
            {
                // The rest is the next group's.
                return;
            }

            left.Dequeue();
        }
    }

    private void Hold(string tag)
    {
        if (pods.Records.TryHoldAlone(tag) is not { } hold)
        {
            busy.Add(tag);
            return;
        }

        held.Add(hold);
        // Read again: it may be another one since.
        if (hold.Record is { } record && pods.PlanOf(record) is { } plan)
            group.Add((record, plan));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var hold in held)
            hold.Dispose();
    }
}
