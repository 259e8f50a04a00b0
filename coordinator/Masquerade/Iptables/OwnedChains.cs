using Plugboard.Firewall.Iptables;

namespace Plugboard.Coordinator.Masquerade.Iptables;

/// <summary>What one table of iptables, of one family, is to have of ours.</summary>
/// <param name="Table">As <c>nat</c>.</param>
/// <param name="Is6">IPv6, else IPv4.</param>
internal sealed record OwnedChains(string Table, bool Is6)
{
    /// <summary>
    /// The chain that tells which other chains are ours: nothing leads to it, and it has a rule with a jump for each. Without it
    /// ip-masq-agent's own chain and the one that we keep in its place could not be told apart, nor one under a name that the options do
    /// not say any more be found.
    /// </summary>
    public const string MarkerChain = "PLUGBOARD-MASQ";

    /// <summary>The chains and their rules; none: nothing of ours is to be there.</summary>
    public IReadOnlyList<(string Chain, IReadOnlyList<IptablesRule> Rules)> Chains { get; init; } = [];

    /// <summary>The rules of other chains that lead to ours, each to be there once.</summary>
    public IReadOnlyList<IptablesRule> Jumps { get; init; } = [];

    /// <summary>What is to be done to a table; nothing where it is so already. Pure.</summary>
    public RestoreScript Plan(NatTable present)
    {
        var script = new RestoreScript(Table);
        var stale = present
            .Rules(MarkerChain)
            .Select(rule => rule.Target)
            .OfType<string>()
            .Where(chain => !Chains.Any(kept => kept.Chain == chain) && present.HasChain(chain))
            .Distinct()
            .ToList();
        foreach (var (chain, rules) in Chains)
            Fill(script, present, chain, rules);
        if (Chains.Count > 0)
            Fill(script, present, MarkerChain, [.. Chains.Select(kept => MarkerRule(kept.Chain))]);
        else if (present.HasChain(MarkerChain))
            script.Remove(MarkerChain);
        foreach (var (chain, _) in Chains)
            KeepJumps(script, present, chain);
        foreach (var chain in stale)
            Remove(script, present, chain);
        return script;
    }

    private static IptablesRule MarkerRule(string chain) =>
        new(MarkerChain, "-m", "comment", "--comment", "kept by the plugboard coordinator", "-j", chain);

    private static void Fill(RestoreScript script, NatTable present, string chain, IReadOnlyList<IptablesRule> rules)
    {
        if (present.HasChain(chain) && AreEqual(present.Rules(chain), rules))
            return;
        script.Declare(chain);
        foreach (var rule in rules)
            script.Append(rule);
    }

    private static bool AreEqual(IReadOnlyList<IptablesRule> some, IReadOnlyList<IptablesRule> others) =>
        some.Count == others.Count && some.Zip(others).All(pair => RuleForm.Of(pair.First).Means(RuleForm.Of(pair.Second)));

    // The first that says what it should keeps its place; -D takes the first that is equal, so of two equal ones one is left.
    private void KeepJumps(RestoreScript script, NatTable present, string chain)
    {
        var missing = Jumps.Where(jump => jump.Target == chain).ToList();
        foreach (var rule in present.Referring(chain).Where(rule => rule.Chain != MarkerChain))
        {
            var match = missing.FindIndex(jump => RuleForm.Of(jump).Means(RuleForm.Of(rule)));
            if (match < 0)
                script.Delete(rule);
            else
                missing.RemoveAt(match);
        }

        missing.ForEach(script.Append);
    }

    private static void Remove(RestoreScript script, NatTable present, string chain)
    {
        foreach (var rule in present.Referring(chain).Where(rule => rule.Chain != MarkerChain))
            script.Delete(rule);
        script.Remove(chain);
    }
}
