using Plugboard.Firewall.Nftables;
using Plugboard.Firewall.Pods;

namespace Plugboard.Firewall.Restoring;

/// <summary>What is not as it should be of the node's tables and of what living pods have by their records.</summary>
/// <param name="client">The kernel.</param>
/// <param name="pods">Whose records.</param>
/// <param name="present">What the kernel has.</param>
internal sealed class PodDamage(NftablesClient client, PodRuleKind pods, PresentParts present)
{
    private readonly LivingPods living = new();
    private readonly List<(PodRecord Record, PodPlan Plan)> damaged = [];
    private readonly List<TableDifference> tables = [];
    private readonly List<string> warnings = [];
    private readonly HashSet<Table> owned = [];

    /// <summary>The pods that lack something.</summary>
    public IReadOnlyList<(PodRecord Record, PodPlan Plan)> Pods => damaged;

    /// <summary>The tables that are not as they should be.</summary>
    public IReadOnlyList<TableDifference> Tables => tables;

    /// <summary>What is odd and stays so: records that cannot be read, ports that lead elsewhere.</summary>
    public IReadOnlyList<string> Warnings => warnings;

    /// <summary>All is as it should be.</summary>
    public bool IsNone => damaged.Count == 0 && tables.Count == 0;

    /// <summary>Looks at all pods and at the tables they stand on.</summary>
    /// <param name="needed">Tables that are needed though no pod stands on them.</param>
    /// <param name="except">The tag of a pod that is left alone; empty: none is.</param>
    public void FindAll(IReadOnlyList<NodeTable> needed, string except)
    {
        var all = new List<(PodRecord Record, PodPlan Plan)>();
        foreach (
            var record in pods.Records.List(path =>
                warnings.Add($"{path} is no record, or a torn one: what its pod had is not put back; DEL of the pod removes it")
            )
        )
        {
            if (record.Owner.Tag != except && Understand(record) is { } plan)
                all.Add((record, plan));
        }

        var used = new HashSet<NodeTable>(needed);
        foreach (var (record, plan) in all)
        {
            if (living.Has(record))
                used.UnionWith(plan.Tables);
        }

        foreach (var table in pods.Tables)
        {
            if (used.Contains(table))
                Add(table.FindDifference(client, isThorough: true));
        }

        foreach (var (record, plan) in all)
        {
            if (!plan.Tables.Any(table => owned.Contains(table.Table)))
                Add(record, plan);
        }
    }

    private void Add(TableDifference difference)
    {
        if (difference.IsNone)
            return;
        if (difference.OwnerPortId != 0)
        {
            owned.Add(difference.Wanted.Table);
            warnings.Add($"{difference.Reasons[0]}: nothing is put back there");
            return;
        }

        tables.Add(difference);
        if (difference.EmptiesSets)
            present.Empty(difference.Wanted.Table);
    }

    /// <summary>Looks at single pods.</summary>
    /// <param name="tags">Theirs; of those without a record nothing is missing.</param>
    public void Find(IEnumerable<string> tags)
    {
        foreach (var tag in tags)
        {
            if (pods.Records.FindByTag(tag) is { } record && Understand(record) is { } plan)
                Add(record, plan);
        }
    }

    private PodPlan? Understand(PodRecord record)
    {
        if (pods.PlanOf(record) is not { } plan)
        {
            warnings.Add($"the record of {record.Owner} cannot be understood: what that pod had is not put back");
            return null;
        }

        return plan.Tables.Count == 0 ? null : plan;
    }

    private void Add(PodRecord record, PodPlan plan)
    {
        var comparison = new PodComparison(client, pods, record.Owner);
        if (IsDamaged(plan, comparison) && living.Has(record))
            damaged.Add((record, plan));
        foreach (var planned in plan.Elements)
        {
            if (
                planned.Taken is not null
                && present.Find(planned.Set, planned.Element) is { } element
                && !element.LeadsWhere(planned.Element)
                && comparison.Compare(planned, element) == ElementState.Foreign
                && living.Has(record)
            )
                warnings.Add($"{planned.What} of {record.Owner} leads elsewhere: {planned.Set} has {element.Describe(planned.Set)}");
        }
    }

    private bool IsDamaged(PodPlan plan, PodComparison comparison) =>
        plan.Elements.Any(each =>
            present.Find(each.Set, each.Element) is not { } element || comparison.Compare(each, element) == ElementState.Wrong
        )
        || plan.NodeElements.Any(each => present.Find(each.Set, each.Element) is null)
        || present.LacksOwnRules(plan);
}
