using Plugboard.Coordinator.Cluster;
using Plugboard.Linux;

namespace Plugboard.Coordinator.Sources.Kubernetes;

/// <summary>
/// Where the watch says how this node's Node is and the engine how it should be, from any thread, and the writer waits for either.
/// </summary>
internal sealed class OwnNode(TimeProvider time)
{
    private const int MostSinceAsked = 100;

    private static readonly TimeSpan longestSettling = TimeSpan.FromSeconds(2);

    private readonly Lock changing = new();
    private OwnState state = new(null, null, null, 0);
    private TaskCompletionSource changed = NewSignal();
    private readonly HashSet<string> sinceAsked = new(StringComparer.Ordinal);
    private NodeObject? late;
    private string? awaited;
    private long patchedAt;

    /// <summary>The API has it so; null: it has none.</summary>
    public void See(NodeObject? node)
    {
        lock (changing)
        {
            // More than a few do not come before an answer does.
            if (node is not null && sinceAsked.Count < MostSinceAsked)
                sinceAsked.Add(node.ResourceVersion);
            // What the watch had on its way when this node wrote is older than what the answer said.
            if (
                awaited is not null
                && node is not null
                && node.ResourceVersion != awaited
                && time.GetElapsedTime(patchedAt) < longestSettling
            )
            {
                late = node;
                return;
            }

            (awaited, late) = (null, null);
            Change(state with { Seen = node });
        }
    }

    /// <summary>This node is about to write it.</summary>
    public void BeginPatch()
    {
        lock (changing)
            sinceAsked.Clear();
    }

    /// <summary>This node wrote it, and the API answered so.</summary>
    public void SeePatched(NodeObject node)
    {
        lock (changing)
        {
            // The watch was quicker, and may know more.
            if (sinceAsked.Contains(node.ResourceVersion))
                return;
            (awaited, late, patchedAt) = (node.ResourceVersion, null, time.GetTimestamp());
            state = state with { Seen = node };
        }
    }

    /// <summary>What the other nodes are to know.</summary>
    public void Want(NodeAdvertisement advertisement)
    {
        lock (changing)
        {
            if (advertisement != state.Advertised)
                Change(state with { Advertised = advertisement });
        }
    }

    /// <summary>How the node is.</summary>
    public void Want(NodeReport report)
    {
        lock (changing)
        {
            if (report == state.Reported)
                return;
            var since = state.Reported is { IsReady: false } && !report.IsReady ? state.NotReadySince : time.GetTimestamp();
            Change(state with { Reported = report, NotReadySince = since });
        }
    }

    /// <summary>Which peers this node refuses.</summary>
    public void Want(ValueArray<RefusedNode> refused)
    {
        lock (changing)
        {
            if (refused != state.Refused)
                Change(state with { Refused = refused });
        }
    }

    /// <summary>How it is, and what is completed at the next change.</summary>
    public (OwnState State, Task Changed) Look()
    {
        lock (changing)
        {
            if (late is not null && time.GetElapsedTime(patchedAt) >= longestSettling)
            {
                state = state with { Seen = late };
                (awaited, late) = (null, null);
            }

            if (changed.Task.IsCompleted)
                changed = NewSignal();
            return (state, changed.Task);
        }
    }

    /// <summary>The time after which it must be compared without a change.</summary>
    public TimeSpan Settling => awaited is null ? Timeout.InfiniteTimeSpan : longestSettling;

    private void Change(OwnState next)
    {
        state = next;
        changed.TrySetResult();
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
