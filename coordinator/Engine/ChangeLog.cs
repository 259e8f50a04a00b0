using Plugboard.Coordinator.Cluster;
using Plugboard.Coordinator.Node;
using Plugboard.Linux;

namespace Plugboard.Coordinator.Engine;

/// <summary>Tells what changed and why, a line each; what is as it was is not told again.</summary>
/// <param name="write">Writes a line.</param>
internal sealed class ChangeLog(Action<string> write)
{
    // Of a round with more the rest is counted.
    private const int MostLines = 20;

    private readonly Dictionary<string, ValueArray<string>> problems = new(StringComparer.Ordinal);
    private ValueArray<RefusedNode> refused = [];
    private ValueArray<string> notes = [];
    private string? substitute;
    private string? notReady;
    private string? sourceErrors;

    /// <summary>What a reconciler did, and what it could not do where that is new.</summary>
    public void Outcome(string reconciler, SyncOutcome outcome, SyncCause cause)
    {
        var because = cause.ToString().ToLowerInvariant();
        foreach (var change in outcome.Changes.Take(MostLines))
            write($"{reconciler}: {change} (cause: {because})");
        if (outcome.Changes.Count > MostLines)
            write($"{reconciler}: and {outcome.Changes.Count - MostLines} changes more (cause: {because})");
        var now = outcome.Problems.ToValueArray();
        var before = problems.GetValueOrDefault(reconciler);
        if (now == before)
            return;
        problems[reconciler] = now;
        foreach (var problem in now.Except(before).Take(MostLines))
            write($"{reconciler}: cannot make right: {problem}");
        if (now.Count == 0)
            write($"{reconciler}: all is right again");
    }

    /// <summary>What is odd, where that is new.</summary>
    public void Warnings(string reconciler, IReadOnlyList<string> now)
    {
        var key = reconciler + " warnings";
        var before = problems.GetValueOrDefault(key);
        foreach (var warning in now.Except(before).Take(MostLines))
            write($"{reconciler}: warning: {warning}");
        problems[key] = now.ToValueArray();
    }

    /// <summary>Who is left out, where that is new.</summary>
    public void Refused(ValueArray<RefusedNode> now)
    {
        if (now == refused)
            return;
        foreach (var node in now.Except(refused).Take(MostLines))
            write($"refused ({node.Reason}): {node.Why}");
        foreach (var node in refused.ExceptBy(now.Select(node => node.Name), node => node.Name).Take(MostLines))
            write($"not refused any more: {node.Name}");
        refused = now;
    }

    /// <summary>What is in force although the source does not say it, if that is new.</summary>
    public void Notes(ValueArray<string> now)
    {
        if (now == notes)
            return;
        foreach (var note in now.Except(notes).Take(MostLines))
            write($"note: {note}");
        notes = now;
    }

    /// <summary>Why the uplink is not the one that was asked for, if that is new; null: it is.</summary>
    public void Substitute(string? now)
    {
        if (now == substitute)
            return;
        substitute = now;
        if (now is not null)
            write($"warning: {now}");
    }

    /// <summary>What is missing before pods can be started, where that is new.</summary>
    public void NotReadyReason(string? now)
    {
        if (now == notReady)
            return;
        notReady = now;
        write(now is null ? "the view of the cluster is whole" : $"waiting: {now}");
    }

    /// <summary>Why the source cannot be read, where that is new.</summary>
    public void SourceError(string? now)
    {
        if (now == sourceErrors)
            return;
        sourceErrors = now;
        write(now is null ? "the source can be read again" : $"the source cannot be read, what is known stays in force: {now}");
    }

    /// <summary>By which link the others are reached.</summary>
    public void Uplink(Uplink? now) =>
        write(
            now is null
                ? "there is no link by which other nodes are reached"
                : $"other nodes are reached by {now.Link.Name} (MTU {now.Link.Mtu}) from {now.Addresses}: {now.Why}"
        );
}
