namespace Plugboard.Firewall.Iptables;

/// <summary>The sentences of a check, and how it compares.</summary>
internal static class Missing
{
    public static string Chain(string chain) => $"chain {chain} is missing in the nat table";

    public static string Rule(IptablesRule rule) => $"rule -A {rule} is missing in the nat table";

    public static string Unexpected(IptablesRule rule) => $"rule -A {rule} is not the pod's or stands twice";

    public static string InTheWay(IptablesRule rule) => $"rule -A {rule} belongs to no pod and comes before the pod's";

    public static string LeadsElsewhere(IptablesRule rule) =>
        $"host port {rule.Value("--dport")}/{rule.Value("-p")} leads to {rule.Value("--to-destination")} before it leads to the pod: rule "
        + $"-A {rule}";

    /// <summary>Missing rules of a chain, superfluous ones, or a different order; empty if the chain is as it should be.</summary>
    public static IEnumerable<string> Compare(NatTable table, string chain, IReadOnlyList<IptablesRule> wanted)
    {
        var present = table.Rules(chain);
        if (wanted.SequenceMeans(present))
            yield break;
        var left = wanted.Select(static rule => rule.Meaning).ToHashSet(StringComparer.Ordinal);
        var unexpected = present.Where(rule => !left.Remove(rule.Meaning)).ToList();
        foreach (var rule in wanted.Where(rule => left.Contains(rule.Meaning)))
            yield return Rule(rule);
        foreach (var rule in unexpected)
            yield return Unexpected(rule);
        if (left.Count == 0 && unexpected.Count == 0)
            yield return $"the rules of chain {chain} of the nat table have another order";
    }

    /// <summary>True if both lists mean the same, rule by rule.</summary>
    public static bool SequenceMeans(this IReadOnlyList<IptablesRule> rules, IReadOnlyList<IptablesRule> others)
    {
        if (rules.Count != others.Count)
            return false;
        for (var i = 0; i < rules.Count; i++)
        {
            if (!rules[i].Means(others[i]))
                return false;
        }

        return true;
    }
}
