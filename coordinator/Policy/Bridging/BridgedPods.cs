using System.Globalization;
using Plugboard.Coordinator.Policy.Nftables;
using Plugboard.Coordinator.Reconciling;
using Plugboard.Firewall.Nftables;
using Plugboard.Firewall.Starting;
using Plugboard.Linux;

namespace Plugboard.Coordinator.Policy.Bridging;

/// <summary>
/// Maintains <see cref="PortRules"/>, which are there while an isolated pod is on a bridge. For one thread.
/// </summary>
/// <param name="readPorts">Reads the ports of this node's bridges now.</param>
internal sealed class BridgedPods(Func<IReadOnlyList<PodPort>> readPorts)
{
    // Each retry: another process changed rules during the comparison.
    private const int MostAttempts = 10;

    private (ValueArray<IsolatedPod> Pods, ValueArray<PodStart> Starts)? known;

    /// <summary>Why the rules are not there, a sentence; null: they are.</summary>
    public string? Obstacle { get; private set; }

    /// <summary>Another process changed the table.</summary>
    public void Forget() => known = null;

    /// <summary>Brings the rules in line with the isolated pods.</summary>
    /// <param name="client">The kernel.</param>
    /// <param name="pods">The isolated pods.</param>
    /// <param name="starts">The pods that plugins reported.</param>
    /// <param name="isWhole">Compare the table although the pods are the same.</param>
    public SyncOutcome Sync(NftablesClient client, ValueArray<IsolatedPod> pods, ValueArray<PodStart> starts, bool isWhole)
    {
        if (!isWhole && known is { } before && before.Pods == pods && before.Starts == starts)
            return SyncOutcome.Steady;
        known = null;
        var outcome = Run(client, pods, starts, isDryRun: false);
        if (outcome.Problems.Count == 0)
            known = (pods, starts);
        return outcome;
    }

    /// <summary>The changes that <see cref="Sync"/> would make.</summary>
    public SyncOutcome Plan(NftablesClient client, ValueArray<IsolatedPod> pods, ValueArray<PodStart> starts) =>
        Run(client, pods, starts, isDryRun: true);

    private SyncOutcome Run(NftablesClient client, ValueArray<IsolatedPod> pods, ValueArray<PodStart> starts, bool isDryRun)
    {
        try
        {
            var ports = pods.Count == 0 ? new IsolatedPorts([], []) : IsolatedPorts.Find(pods, starts, readPorts());
            Obstacle = null;
            return ports.IsNone ? Remove(client, isDryRun) : Ensure(client, ports, isDryRun);
        }
        catch (ErrnoException e) when (e.Errno is Errno.EAFNOSUPPORT or Errno.EOPNOTSUPP)
        {
            Obstacle =
                "the kernel has no nf_tables for bridges (CONFIG_NF_TABLES_BRIDGE): between pods of one bridge link-local addresses, "
                + "multicast and broadcast pass by the policies";
            return SyncOutcome.Steady;
        }
        catch (ErrnoException e)
        {
            return new SyncOutcome([], [$"the ports of isolated pods cannot be found: {e.Message}"]);
        }
    }

    private static SyncOutcome Ensure(NftablesClient client, IsolatedPorts ports, bool isDryRun)
    {
        var wanted = PortRules.Define(ports);
        for (var attempt = 1; ; attempt++)
        {
            var number = client.GetGeneration();
            var difference = new TableComparison(client).Compare(wanted, isThorough: true);
            if (difference.IsNone)
                return SyncOutcome.Steady;
            var change = new Change(difference.IsMissing ? ChangeVerb.Add : ChangeVerb.Replace, "table", Describe(ports));
            if (isDryRun)
                return new SyncOutcome([change], []);
            // The last attempt does not require an unchanged generation.
            var batch = new NftablesBatch(attempt < MostAttempts ? number : null);
            difference.AddTo(batch);
            var failures = client.TryCommit(batch);
            if (failures.Count == 0)
                return new SyncOutcome([change], []);
            if (failures[0].Error.Errno is Errno.EAFNOSUPPORT or Errno.EOPNOTSUPP)
                throw new NftablesException(failures);
            if (attempt >= MostAttempts)
                return new SyncOutcome([], [new NftablesException(failures).Message]);
        }
    }

    private static string Describe(IsolatedPorts ports) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{PortRules.Table}: {ports.Egress.Count} ports of pods isolated for egress, {ports.Ingress.Count} for ingress"
        );

    /// <summary>Removes the table; or only reports it.</summary>
    public static SyncOutcome Remove(NftablesClient client, bool isDryRun) => NftablesPolicy.Remove(client, PortRules.Table, isDryRun);
}
