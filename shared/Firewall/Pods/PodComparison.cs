using Plugboard.Addresses;
using Plugboard.Firewall.Nftables;

namespace Plugboard.Firewall.Pods;

/// <summary>
/// CHECK: compares what the kernel has with what a pod should have, by content: the node's part, the pod's own chain, and its elements.
/// </summary>
/// <param name="client">The kernel.</param>
/// <param name="pods">The tables, and what each pod has.</param>
/// <param name="owner">The pod.</param>
internal sealed class PodComparison(NftablesClient client, PodRuleKind pods, Attachment owner)
{
    /// <summary>What is not as planned, in words; null where all is.</summary>
    public string? FindDifference(PodPlan plan)
    {
        foreach (var table in plan.Tables)
        {
            if (table.FindDifference(client, isThorough: false) is { IsNone: false } difference)
                return difference.Reasons[0];
        }

        if (
            plan.OwnChain is { } chain
            && new RuleComparison(client).FindDifference(chain, plan.OwnRules, client.ListContents(chain)) is { } reason
        )
            return reason;
        foreach (var (set, element) in plan.NodeElements)
        {
            if (client.Find(set, element) is null)
                return $"{set} lacks {element.Describe(set)}";
        }

        foreach (var planned in plan.Elements)
        {
            if (FindDifference(planned) is { } difference)
                return difference;
        }

        return null;
    }

    private string? FindDifference(PlannedElement planned)
    {
        if (client.Find(planned.Set, planned.Element) is not { } present)
            return $"{planned.What} is not there: {planned.Set} lacks {planned.Element.Describe(planned.Set)}";
        // The kernel finds the range that a key lies in.
        if (!present.HasKeyOf(planned.Element))
        {
            return $"{planned.What} is not there: {planned.Set} has {present.Describe(planned.Set)}, "
                + $"not {planned.Element.Describe(planned.Set)}";
        }

        return Compare(planned, present) switch
        {
            ElementState.Right => null,
            ElementState.Foreign => $"{planned.What} is another's: {planned.Set} has {present.Describe(planned.Set)}",
            _ => $"{planned.What} leads elsewhere: {planned.Set} has {present.Describe(planned.Set)}",
        };
    }

    /// <summary>What an element that has a planned key is to the pod.</summary>
    public ElementState Compare(PlannedElement planned, SetElement present)
    {
        var tag = AttachmentTag.Find(present.Comment);
        var doesIt = present.LeadsWhere(planned.Element) && present.Timeout == planned.Element.Timeout;
        if (tag == owner.Tag || (doesIt && planned.Taken is null))
            return doesIt ? ElementState.Right : ElementState.Wrong;
        if (tag is null || pods.Records.FindByTag(tag) is not { } record || !record.IsAlive())
            return doesIt ? ElementState.Foreign : ElementState.Wrong;
        return planned.IsSharedBy(owner, record.Owner) ? ElementState.Right : ElementState.Foreign;
    }
}

/// <summary>What an element is to the pod that has its key by its record.</summary>
internal enum ElementState
{
    /// <summary>The pod's own, or that of another attachment that serves it too.</summary>
    Right,

    /// <summary>It leads elsewhere, or goes by itself, and is of nobody who lives.</summary>
    Wrong,

    /// <summary>Another pod's that lives; or it leads where it should and nobody says whose it is.</summary>
    Foreign,
}
