using Plugboard.Coordinator.Cluster;
using Plugboard.Coordinator.Reconciling;

namespace Plugboard.Coordinator.Engine;

/// <summary>How the coordinator is, at one moment: what readiness, metrics and the audit are made from.</summary>
internal sealed record EngineStatus
{
    /// <summary>The cluster as it was planned from last; null: nothing is known yet.</summary>
    public ClusterView? View { get; init; }

    /// <summary>Why the last round was not made; null: it was. The rest is as the last one left it.</summary>
    public string? Fault { get; init; }

    /// <summary>Why the view is not whole yet; null: it is.</summary>
    public string? NotReadyReason { get; init; } = "nothing was read yet";

    /// <summary>Why the source cannot be read just now; null: it can.</summary>
    public string? SourceError { get; init; }

    /// <summary>Why this node's own entry in the source cannot be written just now; null: it can.</summary>
    public string? PublishError { get; init; }

    /// <summary>The reconcilers in their order.</summary>
    public IReadOnlyList<ReconcilerStatus> Reconcilers { get; init; } = [];

    /// <summary>How each peer is reached; planned when it is enumerated, see <see cref="IReconciler.Paths"/>.</summary>
    public IEnumerable<PeerPath> Paths { get; init; } = [];

    /// <summary>
    /// When the source last delivered a complete list or a change, by <see cref="TimeProvider.GetTimestamp"/>; null: never.
    /// </summary>
    public long? SourceHeardAt { get; init; }

    /// <summary>Unexpected errors by part, each survived: <c>round</c>, <c>source</c>, <c>kernel</c> (its notifications).</summary>
    public IReadOnlyList<(string Part, long Count)> Faults { get; init; } = [];

    /// <summary>Why pods cannot start yet, the first reason; null if they can.</summary>
    public string? FirstNotReadyReason
    {
        get
        {
            if ((Fault ?? NotReadyReason) is { } first)
                return first;
            foreach (var reconciler in Reconcilers)
            {
                if (!reconciler.IsUsable)
                    return $"{reconciler.Name}: {(reconciler.Problems.Count > 0 ? reconciler.Problems[0] : "not made yet")}";
            }

            return null;
        }
    }
}
