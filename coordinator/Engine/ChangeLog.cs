using Plugboard.Coordinator.Cluster;
using Plugboard.Coordinator.Reconciling;
using Plugboard.Linux;

namespace Plugboard.Coordinator.Engine;

/// <summary>Logs what changed and why, one line each; unchanged state is not logged again.</summary>
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
    private string? sourceError;
    private string? publishError;

    /// <summary>What a reconciler did, and what it could not do where that is new.</summary>
    public void Outcome(string reconciler, SyncOutcome outcome, SyncCause cause)
    {
        var because = cause.ToString().ToLowerInvariant();
        foreach (var change in outcome.Changes.Take(MostLines))
            write($"{reconciler}: {change} (cause: {because})");
        if (outcome.Changes.Count > MostLines)
            write($"{reconciler}: and {outcome.Changes.Count - MostLines} more changes (cause: {because})");
        var now = outcome.Problems.ToValueArray();
        var before = problems.GetValueOrDefault(reconciler);
        if (now == before)
            return;
        problems[reconciler] = now;
        foreach (var problem in now.Except(before).Take(MostLines))
            write($"{reconciler}: cannot repair: {problem}");
        if (now.Count == 0)
            write($"{reconciler}: recovered");
    }

    /// <summary>Logs the warnings that are new.</summary>
    public void Warnings(string reconciler, IReadOnlyList<string> now)
    {
        var key = reconciler + " warnings";
        var before = problems.GetValueOrDefault(key);
        foreach (var warning in now.Except(before).Take(MostLines))
            write($"{reconciler}: warning: {warning}");
        problems[key] = now.ToValueArray();
    }

    /// <summary>Logs the refused nodes that are new.</summary>
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

    /// <summary>Logs the values that are in force although the source no longer has them, if new.</summary>
    public void Notes(ValueArray<string> now)
    {
        if (now == notes)
            return;
        foreach (var note in now.Except(notes).Take(MostLines))
            write($"note: {note}");
        notes = now;
    }

    /// <summary>Logs why the uplink is not the one of the flags, if new; null: it is.</summary>
    public void Substitute(string? now)
    {
        if (now == substitute)
            return;
        substitute = now;
        if (now is not null)
            write($"warning: {now}");
    }

    /// <summary>Logs why pods cannot start yet, if new.</summary>
    public void NotReadyReason(string? now)
    {
        if (now == notReady)
            return;
        notReady = now;
        write(now is null ? "the view of the cluster is whole" : $"waiting: {now}");
    }

    /// <summary>Logs why the source cannot be read, if new.</summary>
    public void SourceError(string? now)
    {
        if (now == sourceError)
            return;
        sourceError = now;
        write(now is null ? "the source can be read again" : $"the source cannot be read, its last data stays in force: {now}");
    }

    /// <summary>Logs why this node's entry in the source cannot be written, if new.</summary>
    public void PublishError(string? now)
    {
        if (now == publishError)
            return;
        publishError = now;
        write(
            now is null
                ? "this node's entry in the source can be written again"
                : $"this node's entry in the source cannot be written, and is tried again: {now}"
        );
    }

    /// <summary>Logs the uplink.</summary>
    public void Uplink(Uplink? now) =>
        write(
            now is null
                ? "there is no link by which other nodes are reached"
                : $"other nodes are reached by {now.Link.Name} (MTU {now.Link.Mtu}) from {now.Addresses}: {now.Why}"
        );
}
