using Plugboard.Coordinator.Cluster;

namespace Plugboard.Coordinator.Engine;

/// <summary>
/// Keeps one part of the node as the cluster asks: compares what is with what should be and changes only the difference, and only what is
/// its own.
/// </summary>
internal interface IReconciler
{
    /// <summary>One word for logs, metrics and readiness: <c>routes</c>, <c>masquerade</c>, <c>files</c>.</summary>
    string Name { get; }

    /// <summary>True: it is asked only once all others were usable.</summary>
    bool WaitsForOthers => false;

    /// <summary>What is odd though all is in place, each a sentence.</summary>
    IReadOnlyList<string> Warnings => [];

    /// <summary>What <see cref="Sync"/> would change; changes nothing.</summary>
    SyncOutcome Plan(ClusterView view);

    /// <summary>Makes it so. It throws only what nobody foresaw.</summary>
    SyncOutcome Sync(ClusterView view, SyncCause cause);

    /// <summary>Takes away all that is its own, whoever made it and when; or only tells what.</summary>
    SyncOutcome Remove(bool isDryRun);
}
