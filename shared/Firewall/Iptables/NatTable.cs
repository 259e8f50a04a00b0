namespace Plugboard.Firewall.Iptables;

/// <summary>
/// The nat table of one family as iptables-save(8) writes it, or another that is asked for: chains and their rules. Pure.
/// </summary>
public sealed class NatTable
{
    private readonly Dictionary<string, List<IptablesRule>> chains = new(StringComparer.Ordinal);
    private readonly Dictionary<string, HashSet<string>> meanings = new(StringComparer.Ordinal);

    private NatTable() { }

    /// <summary>A table without chains, as before its first use.</summary>
    public static NatTable Empty { get; } = new();

    /// <summary>Reads what iptables-save printed; other tables' sections are passed over.</summary>
    /// <param name="saved">Its output.</param>
    /// <param name="name">The table that is wanted.</param>
    public static NatTable Parse(string saved, string name = "nat")
    {
        var table = new NatTable();
        var inside = false;
        foreach (var line in saved.AsSpan().EnumerateLines())
        {
            if (line.StartsWith("*"))
                inside = line[1..].SequenceEqual(name);
            else if (inside && line.StartsWith(":"))
                table.chains.TryAdd(line[1..line.IndexOf(' ')].ToString(), []);
            else if (inside && line.StartsWith("-A "))
                table.Add(RuleWords.Split(line));
        }

        return table;
    }

    private void Add(IReadOnlyList<string> words)
    {
        if (words.Count < 2)
            return;
        var rule = new IptablesRule(words[1], [.. words.Skip(2)]);
        if (!chains.TryGetValue(rule.Chain, out var rules))
            chains[rule.Chain] = rules = [];
        rules.Add(rule);
    }

    /// <summary>True if the chain exists, empty or not.</summary>
    public bool HasChain(string chain) => chains.ContainsKey(chain);

    /// <summary>A chain's rules in their order; none where there is no such chain.</summary>
    public IReadOnlyList<IptablesRule> Rules(string chain) => chains.TryGetValue(chain, out var rules) ? rules : [];

    /// <summary>True if a rule that means the same is in its chain.</summary>
    public bool Has(IptablesRule rule)
    {
        if (!meanings.TryGetValue(rule.Chain, out var known))
            meanings[rule.Chain] = known = Rules(rule.Chain).Select(static each => each.Meaning).ToHashSet(StringComparer.Ordinal);
        return known.Contains(rule.Meaning);
    }

    /// <summary>The rules of all chains that jump or go to a chain.</summary>
    public IEnumerable<IptablesRule> Referring(string chain) =>
        chains.Values.SelectMany(rules => rules).Where(rule => rule.Target == chain);
}
