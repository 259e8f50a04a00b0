using System.Diagnostics;
using Plugboard.Firewall.Nftables;
using Plugboard.Linux;
using Plugboard.Linux.Files;
using Plugboard.Linux.Namespaces;

namespace Plugboard.Firewall.Pods;

/// <summary>
/// Repairs the node's tables, and restores pods' objects by their records, each pod's part while its record is locked: a pod during its ADD
/// or DEL is waited for, then left out, and a DEL that comes meanwhile waits for the transaction. A table of another layout is made again
/// with all pods' parts in one transaction.
/// </summary>
/// <param name="client">The kernel.</param>
/// <param name="pods">The pods' records and plans.</param>
internal sealed class PodRestoration(NftablesClient client, PodRuleKind pods)
{
    // Each retry: another process changed the tables meanwhile.
    private const int Attempts = 20;

    // The number of open files meanwhile, and of the DELs that wait.
    private const int LargestGroup = 200;

    // One at a time: each would take the records that another one holds for those of pods that are going.
    private static readonly TimeSpan TurnTimeout = TimeSpan.FromSeconds(10);

    // For all pods that are in the middle of an ADD or a DEL together.
    private static readonly TimeSpan busyTimeout = TimeSpan.FromSeconds(1);

    private readonly List<string> lines = [];
    private readonly List<string> problems = [];
    private readonly HashSet<SetElement> refused = new(new ElementKeys());
    private readonly List<string> busy = [];
    private bool isForOnePod;
    private bool isNodePartRight = true;

    /// <summary>What is odd and stays so, as of the last look at everything.</summary>
    public IReadOnlyList<string> Warnings { get; private set; } = [];

    /// <summary>Restores everything that is not as it should be.</summary>
    public RestoreOutcome RestoreAll() => RestoreWithBusy(FindAll);

    /// <summary>Restores the missing objects of single pods.</summary>
    /// <param name="tags">The pods' tags.</param>
    public RestoreOutcome Restore(IReadOnlyList<string> tags) => RestoreWithBusy(damage => damage.Find(tags));

    // What an ADD has not yet made, or a DEL has already removed, is no damage; only what is missing at its end.
    private RestoreOutcome RestoreWithBusy(Action<PodDamage> look)
    {
        var outcome = Restore(look, FindAll);
        if (busy.Count == 0)
            return outcome;
        var waited = Stopwatch.StartNew();
        foreach (var tag in busy)
            pods.Records.TryHoldAlone(tag, busyTimeout - waited.Elapsed)?.Dispose();
        return Restore(FindAll, FindAll);
    }

    private static void FindAll(PodDamage damage) => damage.FindAll([], "");

    /// <summary>Repairs tables for a pod that gets or loses elements in them, with all other pods' elements.</summary>
    /// <param name="needed">The tables; those of other pods are compared anyway.</param>
    /// <param name="except">The pod's tag: nothing of its record is restored.</param>
    /// <exception cref="NftablesRestoreException">They could not be repaired.</exception>
    public void RestoreFor(IReadOnlyList<NodeTable> needed, string except)
    {
        void Find(PodDamage damage) => damage.FindAll(needed, except);
        isForOnePod = true;
        if (Restore(Find, Find) is { IsNodePartRight: false } outcome)
            throw new NftablesRestoreException(outcome.Problems[^1]);
    }

    /// <summary>What <see cref="RestoreAll"/> would do.</summary>
    public RestoreOutcome Plan()
    {
        var present = new PresentParts(client, isWhole: true);
        var damage = new PodDamage(client, pods, present);
        damage.FindAll([], "");
        Warnings = damage.Warnings;
        Tell(Batch(new Repair(damage.Pods, damage.Tables, present, null)));
        return Outcome();
    }

    private RestoreOutcome Restore(Action<PodDamage> look, Action<PodDamage> whole)
    {
        using var turn = WaitForTurn();
        var isWhole = look == whole;
        for (var attempt = 1; ; attempt++)
        {
            var generation = client.GetGeneration();
            var present = new PresentParts(client, isWhole);
            var damage = new PodDamage(client, pods, present);
            look(damage);
            Warnings = damage.Warnings;
            if (damage.IsNone || TryRestore(damage, present, generation))
                return Outcome();
            // Whatever it was that went meanwhile, it may be more than was looked for.
            (look, isWhole) = (whole, true);
            if (attempt < Attempts)
                continue;
            problems.Add($"other processes changed the rules {Attempts} times during the repair of {pods.Tables[0].Table}");
            isNodePartRight = false;
            return Outcome();
        }
    }

    private static FileLock? WaitForTurn()
    {
        if (NamespaceLock.TryOpen("restore") is not { } file)
            return null;
        try
        {
            return FileLock.Take(file, TurnTimeout);
        }
        catch (Exception e) when (e is ErrnoException or FileLockTimeoutException)
        {
            file.Dispose();
            return null;
        }
    }

    // False if another process changed the rules meanwhile, so that everything must be compared again.
    private bool TryRestore(PodDamage damage, PresentParts present, uint generation)
    {
        var replaces = damage.Tables.Any(static table => table.MustBeReplaced);
        var tables = damage.Tables;
        var left = new Queue<(PodRecord Record, PodPlan Plan)>(damage.Pods);
        var restored = new List<PodRecord>();
        var isRight = true;
        do
        {
            using var group = new RestoredGroup(pods);
            // What a pod got since the look would be lost with a table that is made again: then it must be the ruleset of the look.
            var isWhole = replaces && tables.Count > 0;
            group.Hold(left, isWhole ? int.MaxValue : LargestGroup);
            busy.AddRange(group.Busy);
            // All pods lack a missing table: only those that another process adds or removes need it.
            if (!isForOnePod && group.Pods.Count == 0 && group.Busy.Count > 0)
                tables = tables.Where(static table => !table.IsMissing).ToList();
            isRight = TryCommit(new Repair(group.Pods, tables, present, isWhole ? generation : null));
            if (isRight)
                restored.AddRange(group.Pods.Select(static pod => pod.Record));
            tables = [];
        } while (isRight && left.Count > 0 && isNodePartRight);

        // It may take long where the kernel remembers many flows.
        foreach (var record in restored)
            pods.OnRestored(record);
        return isRight;
    }

    private bool TryCommit(Repair repair)
    {
        while (true)
        {
            var batch = Batch(repair);
            var failures = client.TryCommit(batch);
            if (failures.Count == 0)
            {
                Tell(batch);
                return true;
            }

            if (failures.Any(static failure => failure.Error.Errno is Errno.ENOENT or Errno.ERESTART))
                return false;
            if (TryLeaveOut(failures))
                continue;
            problems.Add(new NftablesException(failures).Message);
            isNodePartRight = false;
            return true;
        }
    }

    // Foreign elements stay; the pods' elements are restored.
    private bool TryLeaveOut(IReadOnlyList<NftablesFailure> failures)
    {
        foreach (var failure in failures)
        {
            if (failure.Elements is not { } elements || elements.Elements.All(refused.Contains))
                return false;
            problems.Add(new NftablesException([failure]).Message);
            refused.UnionWith(elements.Elements);
        }

        return true;
    }

    private NftablesBatch Batch(Repair repair)
    {
        var (group, present) = (repair.Pods, repair.Present);
        var batch = new NftablesBatch(repair.Generation);
        foreach (var table in repair.Tables)
        {
            // An ADD may have made it meanwhile.
            if (table.IsMissing)
                table.Wanted.AddTo(batch);
            else
                table.AddTo(batch);
        }

        foreach (var (_, plan) in group)
        {
            if (present.LacksOwnRules(plan))
                AddOwnChain(batch, plan, plan.OwnChain!);
            foreach (var (set, element) in plan.NodeElements)
            {
                if (present.Find(set, element) is null)
                    batch.Add(set, element);
            }
        }

        var elements = new RestoredElements(client, pods, present, refused);
        foreach (var (record, plan) in group)
            elements.AddTo(batch, record, plan, ofWaiting: false);
        foreach (var (record, plan) in group)
            elements.AddTo(batch, record, plan, ofWaiting: true);
        return batch;
    }

    private static void AddOwnChain(NftablesBatch batch, PodPlan plan, Chain chain)
    {
        batch.Add(chain);
        batch.Flush(chain);
        foreach (var rule in plan.OwnRules)
            batch.Add(rule);
    }

    private RestoreOutcome Outcome() =>
        new(lines.Distinct(StringComparer.Ordinal).ToList(), problems) { IsNodePartRight = isNodePartRight };

    // A chain is emptied before it gets its rules: that is not reported.
    private void Tell(NftablesBatch batch) =>
        lines.AddRange(
            batch
                .ToString()
                .Split('\n', StringSplitOptions.RemoveEmptyEntries)
                .Where(static line => !line.StartsWith("flush ", StringComparison.Ordinal))
        );

    /// <summary>The repairs of one transaction.</summary>
    /// <param name="Pods">The incomplete pods.</param>
    /// <param name="Tables">The tables that are not as they should be.</param>
    /// <param name="Present">What the kernel has.</param>
    /// <param name="Generation">The ruleset's generation; null: any.</param>
    private sealed record Repair(
        IReadOnlyList<(PodRecord Record, PodPlan Plan)> Pods,
        IReadOnlyList<TableDifference> Tables,
        PresentParts Present,
        uint? Generation
    );
}

/// <summary>The restored objects, or those that would be.</summary>
/// <param name="Lines">In nft's words, a line each; empty: nothing was missing.</param>
/// <param name="Problems">The objects that could not be restored, a sentence each.</param>
public sealed record RestoreOutcome(IReadOnlyList<string> Lines, IReadOnlyList<string> Problems)
{
    /// <summary>True where no problem concerns more than single pods.</summary>
    public bool IsNodePartRight { get; init; } = true;

    /// <summary>Nothing was missing.</summary>
    public static RestoreOutcome Nothing { get; } = new([], []);
}
