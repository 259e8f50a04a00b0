using Plugboard.Firewall.Pods;

namespace Plugboard.Firewall.Restoring;

/// <summary>What is missing of what living pods have by their records.</summary>
/// <param name="pods">Whose records.</param>
/// <param name="present">What the kernel has.</param>
internal sealed class PodDamage(RecordedPods pods, PresentParts present)
{
    private readonly LivingPods living = new();
    private readonly List<(PodRecord Record, PodPlan Plan)> damaged = [];
    private readonly List<string> warnings = [];
    private List<NodeTable> tables = [];

    /// <summary>The pods that lack something.</summary>
    public IReadOnlyList<(PodRecord Record, PodPlan Plan)> Pods => damaged;

    /// <summary>The tables that lack rules.</summary>
    public IReadOnlyList<NodeTable> Tables => tables;

    /// <summary>What is odd and stays so: records that cannot be read, ports that lead elsewhere.</summary>
    public IReadOnlyList<string> Warnings => warnings;

    /// <summary>Nothing is missing.</summary>
    public bool IsNone => damaged.Count == 0 && tables.Count == 0;

    /// <summary>Looks at all pods and at the tables they stand on.</summary>
    public void FindAll()
    {
        var used = new List<PodRecord>();
        foreach (var record in pods.Records.List(path => warnings.Add($"{path} is no record, or a torn one: what its pod had is not put back; DEL of the pod removes it")))
            Add(record, used);
        if (used.Count > 0)
            tables = pods.Tables.Where(table => !table.HasAllRules(present.RulesOf(table.Table)) && used.Exists(record => StandsOn(record, table))).ToList();
    }

    private bool StandsOn(PodRecord record, NodeTable table) => living.Has(record) && pods.PlanOf(record)!.Tables.Contains(table);

    /// <summary>Looks at single pods.</summary>
    /// <param name="tags">Theirs; of those without a record nothing is missing.</param>
    public void Find(IEnumerable<string> tags)
    {
        foreach (var tag in tags)
        {
            if (pods.Records.FindByTag(tag) is { } record)
                Add(record, []);
        }
    }

    private void Add(PodRecord record, List<PodRecord> used)
    {
        if (pods.PlanOf(record) is not { } plan)
        {
            warnings.Add($"the record of {record.Owner} cannot be understood: what that pod had is not put back");
            return;
        }

        if (plan.Tables.Count == 0)
            return;
        used.Add(record);
        if (Lacks(plan) && living.Has(record))
            damaged.Add((record, plan));
        WarnOfOthers(plan, record);
    }

    private bool Lacks(PodPlan plan) =>
        plan.Elements.Any(each => present.Find(each.Set, each.Element) is null)
        || plan.NodeElements.Any(each => present.Find(each.Set, each.Element) is null)
        || LacksOwnRules(plan, present);

    /// <summary>True where a pod has a chain of its own, and it is not there or lacks rules.</summary>
    public static bool LacksOwnRules(PodPlan plan, PresentParts present) => plan.OwnChain is { } chain && present.CountRules(chain) < plan.OwnRules.Count;

    private void WarnOfOthers(PodPlan plan, PodRecord record)
    {
        foreach (var planned in plan.Elements)
        {
            if (planned.Taken is not null && present.Find(planned.Set, planned.Element) is { } element && !element.LeadsWhere(planned.Element) && living.Has(record))
                warnings.Add($"{planned.What} of {record.Owner} leads elsewhere: {planned.Set} has {element.Describe(planned.Set)}");
        }
    }
}
