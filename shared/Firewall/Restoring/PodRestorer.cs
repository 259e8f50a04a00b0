using Plugboard.Firewall.Accepting;
using Plugboard.Firewall.Bridging;
using Plugboard.Firewall.Firewalld;
using Plugboard.Firewall.HostPorts;
using Plugboard.Firewall.Nftables;
using Plugboard.Firewall.Pods;
using Plugboard.Linux;

namespace Plugboard.Firewall.Restoring;

/// <summary>
/// Repairs changes in the plugins' tables, and restores missing objects from the pods' records: all of them after <c>nft flush ruleset</c>.
/// Objects that only a DEL removed stay away, and a living pod's element in another pod's position stays. Works in the calling thread's
/// network namespace; not for two threads at once.
/// </summary>
public sealed class PodRestorer : IDisposable
{
    // More are found sooner by reading all than one by one.
    private const int MostSuspects = 16;

    private readonly PodRuleKind[] kinds;
    private readonly HashSet<string> suspects = new(StringComparer.Ordinal);
    private NftablesClient? client;
    private bool isAllSuspect = true;
    private bool areToolsSuspect = true;

    /// <summary>Makes it; the kernel is not asked before there are records.</summary>
    /// <param name="root">The directory that the plugins' records are in: <see cref="PodRecordStore.Root"/>.</param>
    public PodRestorer(string root) =>
        kinds = [
            new HostPortKind(new PodRecordStore(root + "/portmap")),
            new TrafficKind(new PodRecordStore(root + "/bridge")),
            new AcceptedPodKind(new PodRecordStore(root + "/firewall")),
        ];

    /// <summary>
    /// What is odd though all is in place, each a sentence, as of the last look at everything: records that cannot be read, ports that lead
    /// elsewhere.
    /// </summary>
    public IReadOnlyList<string> Warnings { get; private set; } = [];

    /// <summary>How often all records were compared with the kernel.</summary>
    public long ComparisonCount { get; private set; }

    /// <summary>
    /// True if another process removed something from the plugins' tables, or changed the node's part of them, so that <see
    /// cref="Restore"/> must compare; also if it removed what iptables-nft or firewalld had made. The elements and the own chain of an ADD
    /// are no reason, nor is a DEL that lets elements expire; if a DEL deletes elements, their pod is compared.
    /// </summary>
    public bool Hear(NftablesTransaction transaction)
    {
        if (transaction.PortId == client?.PortId)
            return false;
        var isSuspect = false;
        foreach (var removal in transaction.Removals)
        {
            if (ToolTraces.IsOf(removal))
                areToolsSuspect = isSuspect = true;
            if (!IsOurs(removal.Table))
                continue;
            isSuspect = true;
            if (FindTag(removal) is { } tag)
                suspects.Add(tag);
            else
                isAllSuspect = true;
        }

        foreach (var addition in transaction.Additions)
        {
            if (IsOurs(addition.Table) && HostPortTable.FindOwnersTag(addition.Chain) is null)
                isAllSuspect = isSuspect = true;
        }

        return isSuspect;
    }

    private bool IsOurs(Table table)
    {
        foreach (var kind in kinds)
        {
            foreach (var own in kind.Tables)
            {
                if (own.Table.Family == table.Family && own.Table.Name == table.Name)
                    return true;
            }
        }

        return false;
    }

    private static string? FindTag(NftablesRemoval removal) =>
        AttachmentTag.Find(removal.Comment) ?? HostPortTable.FindOwnersTag(removal.Chain);

    /// <summary>Restores missing objects. Without a suspicion it does nothing.</summary>
    /// <param name="isForced">Compare everything, whatever the notifications.</param>
    /// <exception cref="ErrnoException">The kernel's ruleset or a record cannot be read; EPERM: CAP_NET_ADMIN is missing.</exception>
    public RestoreOutcome Restore(bool isForced)
    {
        if (!isForced && !isAllSuspect && !areToolsSuspect && suspects.Count == 0)
            return RestoreOutcome.Nothing;
        var isWhole = isForced || isAllSuspect || suspects.Count > MostSuspects;
        var tags = suspects.ToList();
        // iptables-legacy sends no notifications: it is compared when everything is.
        bool? isDryRun = isForced || areToolsSuspect ? false : null;
        var outcome = Look(
            restoration =>
                isWhole ? restoration.RestoreAll()
                : tags.Count > 0 ? restoration.Restore(tags)
                : RestoreOutcome.Nothing,
            isWhole,
            isDryRun
        );
        isAllSuspect = areToolsSuspect = false;
        suspects.Clear();
        return outcome;
    }

    /// <summary>What <see cref="Restore"/> would restore; compares everything.</summary>
    /// <exception cref="ErrnoException">As <see cref="Restore"/>.</exception>
    public RestoreOutcome Plan() => Look(static restoration => restoration.Plan(), isWhole: true, isDryRun: true);

    private RestoreOutcome Look(Func<PodRestoration, RestoreOutcome> act, bool isWhole, bool? isDryRun)
    {
        var outcome = RestoreOutcome.Nothing;
        var warnings = new List<string>();
        foreach (var kind in kinds)
        {
            // Without records, or without nf_tables, pods have nothing there.
            if (kind.Records.IsEmpty() || (client ??= NftablesClient.Find()) is not { } kernel)
                continue;
            var restoration = new PodRestoration(kernel, kind);
            outcome = Join(outcome, act(restoration));
            warnings.AddRange(restoration.Warnings);
        }

        if (isDryRun is { } isDry)
        {
            var restoration = new IptablesRestoration(kinds[0].Records, kinds[1].Records, kinds[2].Records);
            outcome = Join(outcome, restoration.Restore(isDry));
            warnings.AddRange(restoration.Warnings);
            outcome = Join(outcome, new FirewalldRestoration(kinds[2].Records, new FirewalldZones()).Restore(isDry));
        }

        if (!isWhole)
            return outcome;
        ComparisonCount++;
        Warnings = warnings;
        return outcome;
    }

    private static RestoreOutcome Join(RestoreOutcome one, RestoreOutcome other) =>
        new([.. one.Lines, .. other.Lines], [.. one.Problems, .. other.Problems])
        {
            IsNodePartRight = one.IsNodePartRight && other.IsNodePartRight,
        };

    /// <inheritdoc/>
    public void Dispose() => client?.Dispose();
}
