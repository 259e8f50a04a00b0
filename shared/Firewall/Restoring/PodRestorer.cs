using Plugboard.Firewall.Nftables;
using Plugboard.Firewall.Pods;
using Plugboard.Firewall.PortForwarding;
using Plugboard.Linux;

namespace Plugboard.Firewall.Restoring;

/// <summary>
/// Puts back what somebody took out of the plugins' tables, from the pods' records: all of it after <c>nft flush ruleset</c>. What is there is left as it is, whoever made it, and what only a DEL
/// has taken away stays away. Works in the calling thread's network namespace; not for two threads at once.
/// </summary>
public sealed class PodRestorer : IDisposable
{
    // More are found sooner by reading all than one by one.
    private const int MostSuspects = 16;

    private readonly RecordedPods[] kinds;
    private readonly HashSet<string> suspects = new(StringComparer.Ordinal);
    private NftablesClient? client;
    private bool isAllSuspect = true;

    /// <summary>Makes it; the kernel is not asked before there are records.</summary>
    /// <param name="root">The directory that the plugins' records are in: <see cref="PodRecordStore.Root"/>.</param>
    public PodRestorer(string root) => kinds = [RecordedPods.OfPortmap(root), RecordedPods.OfBridge(root)];

    /// <summary>What is odd though all is in place, each a sentence, as of the last look at everything: records that cannot be read, ports that lead elsewhere.</summary>
    public IReadOnlyList<string> Warnings { get; private set; } = [];

    /// <summary>How often all records were compared with the kernel.</summary>
    public long ComparisonCount { get; private set; }

    /// <summary>
    /// True where something was taken out of the plugins' tables by somebody else, so that <see cref="Restore"/> has to look. What an ADD does is no reason, nor is a DEL that has
    /// elements expire; where it deletes them, the pod that they were of is looked at.
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

    private static string? FindTag(NftablesRemoval removal) => PodIdentity.FindTag(removal.Comment) ?? PortForwardTable.FindOwnersTag(removal.Chain);

    /// <summary>Puts back what is missing. Without a suspicion it does nothing.</summary>
    /// <param name="isForced">Look at everything, whatever was heard.</param>
    /// <exception cref="ErrnoException">The kernel's ruleset or a record cannot be read; EPERM: CAP_NET_ADMIN is missing.</exception>
    public RestoreOutcome Restore(bool isForced)
    {
        if (!isForced && !isAllSuspect && suspects.Count == 0)
            return RestoreOutcome.Nothing;
        var tags = isForced || isAllSuspect || suspects.Count > MostSuspects ? null : suspects.ToList();
        var outcome = Look(tags, static (restoration, damage, present) => restoration.Restore(damage, present));
        isAllSuspect = false;
        suspects.Clear();
        return outcome;
    }

    /// <summary>What <see cref="Restore"/> would put back; looks at everything.</summary>
    /// <exception cref="ErrnoException">As <see cref="Restore"/>.</exception>
    public RestoreOutcome Plan() => Look(null, static (restoration, damage, present) => restoration.Plan(damage, present));

    // Of single pods, or of all: null.
    private RestoreOutcome Look(List<string>? tags, Func<PodRestoration, PodDamage, PresentParts, RestoreOutcome> act)
    {
        var outcome = RestoreOutcome.Nothing;
        var warnings = new List<string>();
        foreach (var kind in kinds)
        {
            // Without records, or without nf_tables, pods have nothing there.
            if (kind.Records.IsEmpty() || (client ??= NftablesClient.Find()) is not { } kernel)
                continue;
            var present = new PresentParts(kernel, isWhole: tags is null);
            var damage = new PodDamage(kind, present);
            if (tags is null)
                damage.FindAll();
            else
                damage.Find(tags);
            warnings.AddRange(damage.Warnings);
            if (!damage.IsNone)
                outcome = Join(outcome, act(new PodRestoration(kernel, kind, isWhole: tags is null), damage, present));
        }

        if (tags is not null)
            return outcome;
        ComparisonCount++;
        Warnings = warnings;
        return outcome;
    }

    private static RestoreOutcome Join(RestoreOutcome one, RestoreOutcome other) =>
        new([.. one.Lines, .. other.Lines], [.. one.Problems, .. other.Problems]) { IsNodePartRight = one.IsNodePartRight && other.IsNodePartRight };

    /// <inheritdoc/>
    public void Dispose() => client?.Dispose();
}
