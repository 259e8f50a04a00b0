namespace Plugboard.Firewall.Nftables;

/// <summary>Compares the rules of a chain with the desired ones: by their content, one by one, in order.</summary>
/// <param name="client">Reads the content of the rules' own sets.</param>
internal sealed class RuleComparison(NftablesClient client)
{
    /// <summary>What is not as it should be, in words; null: nothing.</summary>
    /// <param name="chain">The chain.</param>
    /// <param name="wanted">Its rules as they should be.</param>
    /// <param name="present">Its rules as the kernel has them.</param>
    public string? FindDifference(Chain chain, IReadOnlyList<Rule> wanted, IReadOnlyList<RuleContent> present)
    {
        for (var i = 0; i < wanted.Count; i++)
        {
            if (i >= present.Count)
                return $"chain {chain} lacks {Name(wanted[i])}";
            if (!Means(wanted[i], present[i]))
                return Tell(chain, wanted, present, i);
        }

        return present.Count > wanted.Count ? $"chain {chain} has a rule that is not ours: {Handle(present[wanted.Count])}" : null;
    }

    private string Tell(Chain chain, IReadOnlyList<Rule> wanted, IReadOnlyList<RuleContent> present, int at)
    {
        if (present[at].Rule.Comment == wanted[at].Comment && wanted[at].Comment.Length > 0)
            return $"{Name(wanted[at])} of chain {chain} says something else: {Handle(present[at])}";
        for (var i = at + 1; i < present.Count; i++)
        {
            if (!Means(wanted[at], present[i]))
                continue;
            return IsOneOf(wanted, present[at])
                ? $"the rules of chain {chain} have another order: {Name(wanted[at])} comes after {Handle(present[at])}"
                : $"chain {chain} has a rule that is not ours: {Handle(present[at])}, before {Name(wanted[at])}";
        }

        return $"chain {chain} lacks {Name(wanted[at])}";
    }

    private bool IsOneOf(IReadOnlyList<Rule> wanted, RuleContent present)
    {
        foreach (var rule in wanted)
        {
            if (Means(rule, present))
                return true;
        }

        return false;
    }

    private bool Means(Rule wanted, RuleContent present) =>
        wanted.Comment == present.Rule.Comment && RuleContent.Of(wanted) == present.Opcodes && HasOwnSets(wanted, present);

    private bool HasOwnSets(Rule wanted, RuleContent present)
    {
        var place = 0;
        foreach (var statement in wanted.Statements)
        {
            if (statement.OwnSet is not { } own)
                continue;
            if (place >= present.NamelessSets.Count)
                return false;
            var named = own.ToSet(wanted.Chain.Table) with { Name = present.NamelessSets[place++] };
            if (!IsEqual(own, named))
                return false;
        }

        return place == present.NamelessSets.Count;
    }

    private bool IsEqual(AnonymousSet own, Set named)
    {
        var elements = client.ListElements(named);
        var keys = new HashSet<SetElement>(elements, new ElementKeys());
        if (keys.Count != own.Elements.Count)
            return false;
        foreach (var element in own.Elements)
        {
            // A set of single values has no ends.
            if (!keys.Contains(own.HasRanges ? element : new SetElement(element.Key)))
                return false;
        }

        return true;
    }

    private static string Name(Rule rule) => rule.Comment.Length > 0 ? $"the rule \"{rule.Comment}\"" : $"the rule {rule}";

    private static string Handle(RuleContent rule) =>
        rule.Rule.Comment.Length > 0 ? $"handle {rule.Rule.Handle} (\"{rule.Rule.Comment}\")" : $"handle {rule.Rule.Handle}";
}
