using Plugboard.Firewall.Bridging;
using Plugboard.Firewall.HostPorts;
using Plugboard.Firewall.Nftables;
using Plugboard.Firewall.Pods;
using Plugboard.Linux;

namespace Plugboard.Firewall.Restoring;

/// <summary>
/// Puts right what somebody changed in the plugins' tables, and puts back what is missing there from the pods' records: all of it after
/// <c>nft flush ruleset</c>. What only a DEL has taken away stays
/// away, and so does what a living pod has in another's place. Works in the calling thread's network namespace; not for two threads at
/// once.
/// </summary>
public sealed class PodRestorer : IDisposable
{
    // More are found sooner by reading all than one by one.
    private const int MostSuspects = 16;

    private readonly PodRuleKind[] kinds;
    private readonly HashSet<string> suspects = new(StringComparer.Ordinal);
    private NftablesClient? client;
    private bool isAllSuspect = true;

    /// <summary>Makes it; the kernel is not asked before there are records.</summary>
    /// <param name="root">The directory that the plugins' records are in: <see cref="PodRecordStore.Root"/>.</param>
    public PodRestorer(string root) =>
        kinds = [new HostPortKind(new PodRecordStore(root + "/portmap")), new TrafficKind(new PodRecordStore(root + "/bridge"))];

    /// <summary>
    /// What is odd though all is in place, each a sentence, as of the last look at everything: records that cannot be read, ports that lead
    /// elsewhere.
    /// </summary>
    public IReadOnlyList<string> Warnings { get; private set; } = [];

    /// <summary>How often all records were compared with the kernel.</summary>
    public long ComparisonCount { get; private set; }

    /// <summary>
    /// True where something was taken out of the plugins' tables by somebody else, or the node's part of them was changed, so that <see
    /// cref="Restore"/> has to look. The elements and the own chain
    /// that an ADD makes are no reason, nor is a DEL that has elements expire; where it deletes them, the pod that they were of is looked
    /// at.
    /// </summary>
    public bool Hear(NftablesTransaction transaction)
    {
        if (transaction.PortId == client?.PortId)
            return false;
        var isSuspect = false;
        foreach (var removal in transaction.Removals)
        {
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

    /// <summary>Puts back what is missing. Without a suspicion it does nothing.</summary>
    /// <param name="isForced">Look at everything, whatever was heard.</param>
    /// <exception cref="ErrnoException">The kernel's ruleset or a record cannot be read; EPERM: CAP_NET_ADMIN is missing.</exception>
    public RestoreOutcome Restore(bool isForced)
    {
        if (!isForced && !isAllSuspect && suspects.Count == 0)
            return RestoreOutcome.Nothing;
        var tags = isForced || isAllSuspect || suspects.Count > MostSuspects ? null : suspects.ToList();
        // What iptables has is not heard of; it is looked at when all is.
        Func<IptablesRestoration, RestoreOutcome>? iptables = isForced ? static restoration => restoration.Restore(isDryRun: false) : null;
        var outcome = tags is null
            ? Look(static restoration => restoration.RestoreAll(), isWhole: true, iptables)
            : Look(restoration => restoration.Restore(tags), isWhole: false, iptables: null);
        isAllSuspect = false;
        suspects.Clear();
        return outcome;
    }

    /// <summary>What <see cref="Restore"/> would put back; looks at everything.</summary>
    /// <exception cref="ErrnoException">As <see cref="Restore"/>.</exception>
    public RestoreOutcome Plan() =>
        Look(static restoration => restoration.Plan(), isWhole: true, static restoration => restoration.Restore(isDryRun: true));

    private RestoreOutcome Look(Func<PodRestoration, RestoreOutcome> act, bool isWhole, Func<IptablesRestoration, RestoreOutcome>? iptables)
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

        if (iptables is not null)
        {
            var restoration = new IptablesRestoration(kinds[0].Records, kinds[1].Records);
            outcome = Join(outcome, iptables(restoration));
            warnings.AddRange(restoration.Warnings);
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
