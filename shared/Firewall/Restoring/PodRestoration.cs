using Plugboard.Firewall.Nftables;
using Plugboard.Firewall.Pods;
using Plugboard.Linux;

namespace Plugboard.Firewall.Restoring;

/// <summary>
/// Puts back what is missing, each pod's part while its record is held alone: a pod whose DEL goes on is left out, and a DEL that comes meanwhile waits for the transaction.
/// </summary>
/// <param name="client">The kernel.</param>
/// <param name="pods">Whose records.</param>
/// <param name="isWhole">Whether the sets are to be read whole.</param>
internal sealed class PodRestoration(NftablesClient client, RecordedPods pods, bool isWhole)
{
    // Each attempt that fails has seen somebody else change the tables, or the kernel refuse an element.
    private const int Attempts = 10;

    // So many files are open meanwhile, and so long do those wait who would take one of these pods away.
    private const int LargestGroup = 200;

    private readonly List<string> lines = [];
    private readonly List<string> problems = [];
    private readonly HashSet<SetElement> refused = new(ReferenceEqualityComparer.Instance);
    private bool isNodePartRight = true;

    /// <summary>Puts it back.</summary>
    public RestoreOutcome Restore(PodDamage damage, PresentParts present)
    {
        var tables = damage.Tables;
        var restored = new List<PodRecord>();
        foreach (var group in damage.Pods.Chunk(LargestGroup).DefaultIfEmpty([]))
        {
            restored.AddRange(RestoreGroup(group.Select(static pod => pod.Record.Owner.Tag), tables, present));
            tables = [];
            if (!isNodePartRight)
                break;
        }

        // It may take long where the kernel remembers many flows.
        foreach (var record in restored)
            pods.Finish(record);
        return Outcome();
    }

    /// <summary>What <see cref="Restore"/> would do.</summary>
    public RestoreOutcome Plan(PodDamage damage, PresentParts present)
    {
        Tell(Batch(damage.Pods.Select(static pod => pod.Plan), damage.Tables, present));
        return Outcome();
    }

    private RestoreOutcome Outcome() => new(lines.Distinct(StringComparer.Ordinal).ToList(), problems) { IsNodePartRight = isNodePartRight };

    private List<PodRecord> RestoreGroup(IEnumerable<string> tags, IReadOnlyList<NodeTable> tables, PresentParts present)
    {
        var held = new List<PodRecordHold>();
        try
        {
            var records = new List<PodRecord>();
            var plans = new List<PodPlan>();
            foreach (var tag in tags)
            {
                if (pods.Records.TryHoldAlone(tag) is not { } hold)
                    continue;
                held.Add(hold);
                // Read again: it may be another one since.
                if (hold.Record is not { } record || pods.PlanOf(record) is not { } plan)
                    continue;
                records.Add(record);
                plans.Add(plan);
            }

            return TryCommit(plans, tables, present) ? records : [];
        }
        finally
        {
            foreach (var hold in held)
                hold.Dispose();
        }
    }

    private bool TryCommit(List<PodPlan> plans, IReadOnlyList<NodeTable> tables, PresentParts present)
    {
        for (var attempt = 1; ; attempt++)
        {
            var batch = Batch(plans, tables, present);
            var failures = client.TryCommit(batch);
            if (failures.Count == 0)
            {
                Tell(batch);
                return !batch.IsEmpty;
            }

            if (failures.Any(static failure => failure.Error.Errno == Errno.ENOENT) && attempt < Attempts)
            {
                // Somebody took the table away, or more of it.
                present = new PresentParts(client, isWhole);
                tables = plans.SelectMany(static plan => plan.Tables).Distinct().Where(table => !table.HasAllRules(present.RulesOf(table.Table))).ToList();
            }
            else if (attempt == Attempts || !TryLeaveOut(failures))
            {
                problems.Add(new NftablesException(failures).Message);
                return isNodePartRight = false;
            }
        }
    }

    // What others have there stays theirs; the other elements are put back.
    private bool TryLeaveOut(IReadOnlyList<NftablesFailure> failures)
    {
        foreach (var failure in failures)
        {
            if (failure.Elements is not { } elements)
                return false;
            problems.Add(new NftablesException([failure]).Message);
            refused.UnionWith(elements.Elements);
        }

        return true;
    }

    private NftablesBatch Batch(IEnumerable<PodPlan> plans, IReadOnlyList<NodeTable> tables, PresentParts present)
    {
        var batch = new NftablesBatch();
        foreach (var table in tables)
            table.AddTo(batch);
        foreach (var plan in plans)
        {
            if (PodDamage.LacksOwnRules(plan, present))
                AddOwnChain(batch, plan, plan.OwnChain!);
            foreach (var (set, element) in plan.NodeElements)
            {
                if (present.Find(set, element) is null)
                    batch.Add(set, element);
            }

            foreach (var planned in plan.Elements)
            {
                if (!refused.Contains(planned.Element) && present.Find(planned.Set, planned.Element) is null)
                    batch.Add(planned.Set, planned.Element);
            }
        }

        return batch;
    }

    private static void AddOwnChain(NftablesBatch batch, PodPlan plan, Chain chain)
    {
        batch.Add(chain);
        batch.Flush(chain);
        foreach (var rule in plan.OwnRules)
            batch.Add(rule);
    }

    // A chain is emptied before it gets its rules: that is no news.
    private void Tell(NftablesBatch batch) =>
        lines.AddRange(batch.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(static line => !line.StartsWith("flush ", StringComparison.Ordinal)));
}
