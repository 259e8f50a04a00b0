using Plugboard.Coordinator.Cluster;
using Plugboard.Coordinator.Masquerade.Nftables;
using Plugboard.Coordinator.Reconciling;
using Plugboard.Firewall.Nftables;
using Plugboard.Firewall.Pods;
using Plugboard.Firewall.Restoring;
using Plugboard.Linux;

namespace Plugboard.Coordinator.Pods;

/// <summary>
/// Restores objects in the tables of the plugins portmap and bridge that another process removed, from the plugins' records of their pods.
/// It owns no object: a pod's rules come with ADD and go with DEL. The network namespace is that of the thread that first calls it.
/// </summary>
/// <param name="recordRoot">The directory that the plugins' records are in.</param>
internal sealed class PodReconciler(string recordRoot) : IReconciler, IDisposable
{
    private readonly PodRestorer restorer = new(recordRoot);

    /// <inheritdoc/>
    public string Name => "pods";

    /// <summary>Records that cannot be read, ports that lead elsewhere.</summary>
    public IReadOnlyList<string> Warnings => restorer.Warnings;

    /// <summary>How often all records were compared with the kernel.</summary>
    public long ComparisonCount => restorer.ComparisonCount;

    /// <inheritdoc/>
    public bool Hears(NftablesTransaction transaction) => restorer.Hear(transaction);

    /// <inheritdoc/>
    public SyncOutcome Plan(ClusterView view) => Tell(restorer.Plan);

    /// <inheritdoc/>
    public SyncOutcome Sync(ClusterView view, SyncCause cause) =>
        Tell(() => restorer.Restore(isForced: cause is SyncCause.Start or SyncCause.Audit or SyncCause.Retry));

    /// <summary>Nothing: no pod of this node depends on a peer.</summary>
    public SyncOutcome SyncPeers(ClusterView view, IReadOnlyCollection<string> touched) => SyncOutcome.Steady;

    /// <summary>Nothing: what pods have is the plugins'.</summary>
    public SyncOutcome Remove(bool isDryRun) => SyncOutcome.Steady;

    private static SyncOutcome Tell(Func<RestoreOutcome> look)
    {
        try
        {
            var outcome = look();
            return outcome is { Lines.Count: 0, Problems.Count: 0 }
                ? SyncOutcome.Steady
                : new SyncOutcome(NftablesMasqueradeChanges.Of(outcome.Lines), outcome.Problems) { IsUsable = outcome.IsNodePartRight };
        }
        catch (ErrnoException e)
        {
            return new SyncOutcome([], [e.Errno == Errno.EPERM ? $"{e.Message}; the coordinator needs CAP_NET_ADMIN" : e.Message]);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => restorer.Dispose();
}
