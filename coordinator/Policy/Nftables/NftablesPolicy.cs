using System.Globalization;
using Plugboard.Coordinator.Policy.Compiling;
using Plugboard.Coordinator.Policy.Objects;
using Plugboard.Coordinator.Reconciling;
using Plugboard.Firewall.Nftables;
using Plugboard.Linux;

namespace Plugboard.Coordinator.Policy.Nftables;

/// <summary>Maintains the table in the kernel: by a comparison of all, or by a change of what is known to be there.</summary>
/// <param name="client">The kernel.</param>
/// <param name="rules">The rules.</param>
internal sealed class NftablesPolicy(NftablesClient client, PolicyRules rules)
{
    // Each retry: another process changed rules during the comparison.
    private const int MostAttempts = 10;
    private const int MostLines = 20;

    private readonly List<string> obstacles = [];
    private PolicyRules rules = rules;

    /// <summary>True if the kernel refused the rules for established connections: it has no labels of flows.</summary>
    public bool LacksLabels { get; private set; }

    /// <summary>What the kernel lacks, each a sentence.</summary>
    public IReadOnlyList<string> Obstacles => obstacles;

    /// <summary>Compares the whole table, and repairs it in one transaction.</summary>
    public SyncOutcome Sync(PolicyTable table)
    {
        var wanted = rules.Define(table);
        var whole = false;
        for (var attempt = 1; ; attempt++)
        {
            var number = client.GetGeneration();
            var difference = Compare(wanted);
            if (difference.IsNone)
                return SyncOutcome.Steady;
            if (difference.OwnerPortId != 0)
                return new SyncOutcome([], [Owned(PolicyRules.Table, difference.OwnerPortId)]);
            // The last attempt does not require an unchanged generation.
            var batch = new NftablesBatch(attempt < MostAttempts ? number : null);
            if (whole && !difference.IsMissing)
                wanted.ReplaceIn(batch);
            else
                difference.AddTo(batch);
            var failures = client.TryCommit(batch);
            if (failures.Count == 0)
                return new SyncOutcome(Describe(difference, table), []);
            if (attempt >= MostAttempts)
                return new SyncOutcome([], [new NftablesException(failures).Message]);
            if (TryWithout(failures))
                wanted = rules.Define(table);

            // A part that cannot be changed can be replaced.
            whole = whole || failures[0].Error.Errno != Errno.ERESTART;
        }
    }

    // What the kernel may not have, and what works without it.
    private bool TryWithout(IReadOnlyList<NftablesFailure> failures)
    {
        if (!failures.Any(static failure => failure.Error.Errno is Errno.EOPNOTSUPP or Errno.EINVAL))
            return false;
        if (rules.IsGuarded && failures[0].Change.StartsWith("add table", StringComparison.Ordinal))
        {
            rules = rules.WithoutGuard();
            obstacles.Add("Linux before 6.9 cannot guard a table: another process can remove the policies for a moment");
            return true;
        }

        if (!rules.HasLabels)
            return false;
        LacksLabels = true;
        rules = rules.WithoutLabels();
        obstacles.Add(
            "the kernel has no labels of flows (CONFIG_NF_CONNTRACK_LABELS): connections that a policy forbids go on until they end"
        );
        return true;
    }

    /// <summary>The changes that <see cref="Sync"/> would make.</summary>
    public SyncOutcome Plan(PolicyTable table)
    {
        var difference = Compare(rules.Define(table));
        // Beside the coordinator that guards it, and has it as it should be, its owner is the only reason.
        if (difference.IsNone || (difference.OwnerPortId != 0 && difference.Reasons.Count == 1))
            return SyncOutcome.Steady;
        return difference.OwnerPortId != 0
            ? new SyncOutcome([], [Owned(PolicyRules.Table, difference.OwnerPortId)])
            : new SyncOutcome(Describe(difference, table), []);
    }

    private TableDifference Compare(TableDefinition wanted) => new TableComparison(client).Compare(wanted, isThorough: true);

    // A guarded table stays when its process ends, and another one goes.
    private static string Owned(Table table, uint port) =>
        $"{new TableOwnedException(table with { OwnerPortId = port }).Message}: end it first; it is a coordinator with --policy-guard, or "
        + "another program";

    /// <summary>Makes a change of the table; null: the kernel refused it, and nothing is changed.</summary>
    public SyncOutcome? TryChange(PolicyDelta delta)
    {
        if (delta.IsEmpty)
            return SyncOutcome.Steady;
        return client.TryCommit(rules.Change(delta)).Count == 0 ? new SyncOutcome(Describe(delta), []) : null;
    }

    /// <summary>The refused packets since the table was made.</summary>
    public static (ulong Egress, ulong Ingress, ulong Established) CountRefused(NftablesClient client)
    {
        var counts = client.CountPackets(PolicyRules.Table);
        return (
            counts.GetValueOrDefault(PolicyRules.RefusalOf(PolicyDirection.Egress).Name),
            counts.GetValueOrDefault(PolicyRules.RefusalOf(PolicyDirection.Ingress).Name),
            counts.GetValueOrDefault(PolicyRules.Cut.Name)
        );
    }

    /// <summary>Removes a table of policy; or only reports it.</summary>
    public static SyncOutcome Remove(NftablesClient client, Table table, bool isDryRun)
    {
        if (client.Find(table) is not { } present)
            return SyncOutcome.Steady;
        if (present.OwnerPortId != 0 && present.OwnerPortId != client.PortId)
            return new SyncOutcome([], [Owned(table, present.OwnerPortId)]);
        var batch = new NftablesBatch();
        batch.Delete(table);
        if (!isDryRun && client.TryCommit(batch) is { Count: > 0 } failures && failures[0].Error.Errno != Errno.ENOENT)
            return new SyncOutcome([], [new NftablesException(failures).Message]);
        return new SyncOutcome([new Change(ChangeVerb.Delete, "table", table.ToString())], []);
    }

    private static List<Change> Describe(TableDifference difference, PolicyTable table)
    {
        var size = string.Create(
            CultureInfo.InvariantCulture,
            $"{table.Chains.Count} chains, {table.Sets.Count} sets, {table.Sets.Values.Sum(static set => set.Count)} elements"
        );
        if (difference.IsMissing)
            return [new Change(ChangeVerb.Add, "table", $"{PolicyRules.Table}: {size}")];
        var verb = difference.MustBeReplaced ? "table" : "rules";
        return
        [
            .. difference.Reasons.Take(MostLines).Select(reason => new Change(ChangeVerb.Replace, verb, $"{PolicyRules.Table}: {reason}")),
        ];
    }

    private static List<Change> Describe(PolicyDelta delta)
    {
        var changes = new List<Change>();
        changes.AddRange(delta.NewSets.Select(static set => new Change(ChangeVerb.Add, "set", $"{set.Name} ({set.Comment})")));
        changes.AddRange(delta.NewChains.Select(static chain => new Change(ChangeVerb.Add, "chain", $"{chain.Name} ({chain.Comment})")));
        foreach (var (set, elements) in delta.Elements)
        {
            Count(ChangeVerb.Add, set, elements.Count(static each => each.Before is null));
            Count(ChangeVerb.Replace, set, elements.Count(static each => each is { Before: not null, After: not null }));
            Count(ChangeVerb.Delete, set, elements.Count(static each => each.After is null));
        }

        changes.AddRange(
            delta.GoneChains.Select(static chain => new Change(ChangeVerb.Delete, "chain", $"{chain.Name} ({chain.Comment})"))
        );
        changes.AddRange(delta.GoneSets.Select(static set => new Change(ChangeVerb.Delete, "set", $"{set.Name} ({set.Comment})")));
        return changes;

        void Count(ChangeVerb verb, PolicySet set, int count)
        {
            if (count > 0)
                changes.Add(
                    new Change(verb, "elements", string.Create(CultureInfo.InvariantCulture, $"{count} of {set.Name} ({set.Comment})"))
                );
        }
    }
}
