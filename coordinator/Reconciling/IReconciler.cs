using Plugboard.Coordinator.Cluster;
using Plugboard.Firewall.Nftables;
using Plugboard.Netlink.Route;

namespace Plugboard.Coordinator.Reconciling;

/// <summary>
/// Makes one part of the node equal to what the cluster asks for: compares what is with what should be and changes only the difference, and
/// only what is its own.
/// </summary>
internal interface IReconciler
{
    /// <summary>One word for logs, metrics and readiness: <c>routes</c>, <c>masquerade</c>, <c>files</c>.</summary>
    string Name { get; }

    /// <summary>True: it is asked only once all others were usable.</summary>
    bool WaitsForOthers => false;

    /// <summary>What is odd though all is in place, each a sentence.</summary>
    IReadOnlyList<string> Warnings => [];

    /// <summary>How each peer is reached, by the last plan; empty for a reconciler that reaches none.</summary>
    IReadOnlyList<PeerPath> Paths => [];

    /// <summary>
    /// True if a notification of the network concerns this reconciler: another program changed what its part depends on, and all must be
    /// read again. For the engine's thread.
    /// </summary>
    bool Hears(RouteChange change) => false;

    /// <summary>The same for a transaction of nftables.</summary>
    bool Hears(NftablesTransaction transaction) => false;

    /// <summary>What <see cref="Sync"/> would change; changes nothing.</summary>
    SyncOutcome Plan(ClusterView view);

    /// <summary>Makes it so. It throws only what nobody foresaw.</summary>
    SyncOutcome Sync(ClusterView view, SyncCause cause);

    /// <summary>Takes away all that is its own, whoever made it and when; or only tells what.</summary>
    SyncOutcome Remove(bool isDryRun);
}
