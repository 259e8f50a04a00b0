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

    /// <summary>Reconciles. It throws only for unexpected errors.</summary>
    SyncOutcome Sync(ClusterView view, SyncCause cause);

    /// <summary>Removes all objects that it owns, whenever they were made; or only reports them.</summary>
    SyncOutcome Remove(bool isDryRun);
}
