namespace Plugboard.Firewall.Iptables;

/// <summary>The sentences of a check, and how it compares.</summary>
internal static class Missing
{
    public static string Chain(string chain) => $"chain {chain} is missing in the nat table";

    public static string Rule(IptablesRule rule) => $"rule -A {rule} is missing in the nat table";

    public static string Unexpected(IptablesRule rule) => $"rule -A {rule} is not the pod's or stands twice";

    /// <summary>True where both lists mean the same, rule by rule.</summary>
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
