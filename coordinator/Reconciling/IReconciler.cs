using Plugboard.Coordinator.Cluster;
using Plugboard.Firewall.Nftables;
using Plugboard.Netlink.Route;

namespace Plugboard.Coordinator.Reconciling;

/// <summary>
/// Reconciles one part of the node: compares the actual with the desired state and changes only the difference, and only its own objects.
/// </summary>
internal interface IReconciler
{
    /// <summary>One word for logs, metrics and readiness: <c>routes</c>, <c>masquerade</c>, <c>files</c>.</summary>
    string Name { get; }

    /// <summary>True: it runs only after all others were usable.</summary>
    bool WaitsForOthers => false;

    /// <summary>Warnings although everything is in place, each a sentence.</summary>
    IReadOnlyList<string> Warnings => [];

    /// <summary>
    /// How each peer is reached, by the last plan; empty for a reconciler that reaches none. It is planned when it is enumerated, on any
    /// thread, for the peers of the moment when it was asked for.
    /// </summary>
    IEnumerable<PeerPath> Paths => [];

    /// <summary>
    /// True if a notification of the network concerns this reconciler: another program changed what its part depends on, and all must be
    /// read again. For the engine's thread.
    /// </summary>
    bool Hears(RouteChange change) => false;

    /// <summary>The same for a transaction of nftables.</summary>
    bool Hears(NftablesTransaction transaction) => false;

    /// <summary>What <see cref="Sync"/> would change; changes nothing.</summary>
    SyncOutcome Plan(ClusterView view);

    /// <summary>Reconciles. It throws only for unexpected errors.</summary>
    SyncOutcome Sync(ClusterView view, SyncCause cause);

    /// <summary>
    /// The same after a round in which the source changed some peers and nothing else, and after which everything was as it should be: only
    /// what these peers need, and what they needed before, is compared. Without such a part, everything is.
    /// </summary>
    /// <param name="view">The cluster; it differs from that of the last call in these peers only.</param>
    /// <param name="touched">The names of the peers that joined, changed or left since the last call.</param>
    SyncOutcome SyncPeers(ClusterView view, IReadOnlyCollection<string> touched) => Sync(view, SyncCause.Source);

    /// <summary>Removes all objects that it owns, whenever they were made; or only reports them.</summary>
    SyncOutcome Remove(bool isDryRun);
}
