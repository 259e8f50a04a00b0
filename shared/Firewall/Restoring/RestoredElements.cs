using Plugboard.Firewall.Nftables;
using Plugboard.Firewall.Pods;

namespace Plugboard.Firewall.Restoring;

/// <summary>Adds the elements of pods to a batch, where they are missing or say something else; each key once, whoever shares it.</summary>
/// <param name="client">The kernel.</param>
/// <param name="pods">Whose records.</param>
/// <param name="present">What the kernel has.</param>
/// <param name="refused">What the kernel does not take.</param>
internal sealed class RestoredElements(NftablesClient client, PodRuleKind pods, PresentParts present, IReadOnlySet<SetElement> refused)
{
    private readonly Dictionary<string, HashSet<SetElement>> added = new(StringComparer.Ordinal);
    private readonly IReadOnlyList<string> claims = pods.Claims.Read();

    /// <summary>Adds a pod's.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="record">The pod's record.</param>
    /// <param name="plan">What it tells of.</param>
    /// <param name="ofWaiting">Those that another attachment has, for which this one waits: they come last.</param>
    public void AddTo(NftablesBatch batch, PodRecord record, PodPlan plan, bool ofWaiting)
    {
        var comparison = new PodComparison(client, pods, record.Owner);
        foreach (var planned in plan.Elements)
        {
            if (refused.Contains(planned.Element) || IsWaiting(planned, record.Owner.Tag) != ofWaiting)
                continue;
            var element = present.Find(planned.Set, planned.Element);
            if ((element is not null && comparison.Compare(planned, element) != ElementState.Wrong) || !IsFirst(planned))
                continue;
            if (element is not null)
                batch.Delete(planned.Set, element);
            batch.Add(planned.Set, planned.Element);
        }
    }

    private bool IsWaiting(PlannedElement planned, string tag) =>
        claims.Count > 0 && PodClaims.Find(claims, planned.Set, planned.Element).Contains(tag);

    private bool IsFirst(PlannedElement planned)
    {
        if (!added.TryGetValue(planned.Set.Name, out var keys))
            added[planned.Set.Name] = keys = new HashSet<SetElement>(new ElementKeys());
        return keys.Add(planned.Element);
    }
}
