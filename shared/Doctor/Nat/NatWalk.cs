namespace Plugboard.Doctor.Nat;

/// <summary>
/// Leads a packet through the chains of a table. Pure. Where it is not known whether a rule matches, it is taken not to change an address, and to end what it would end: so
/// a finding is never a guess.
/// </summary>
internal sealed class NatWalk
{
    private const int MostJumps = 1000;

    private readonly Dictionary<string, List<NatRule>> chains = new(StringComparer.Ordinal);
    private int jumps;

    public NatWalk(IEnumerable<NatRule> rules)
    {
        foreach (var rule in rules)
        {
            if (!chains.TryGetValue(rule.Chain, out var list))
                chains[rule.Chain] = list = [];
            list.Add(rule);
        }
    }

    /// <summary>The rule that changes the packet's sender, if it comes into that chain; null: none does.</summary>
    public NatRule? FindSnat(string chain)
    {
        jumps = 0;
        return Walk(chain).Snat;
    }

    private (NatRule? Snat, bool Ends) Walk(string chain)
    {
        if (++jumps > MostJumps || !chains.TryGetValue(chain, out var rules))
            return default;
        foreach (var rule in rules.Where(static rule => rule.Matches != Match.No))
        {
            switch (rule.Action)
            {
                case NatAction.Snat when rule.Matches == Match.Yes: return (rule, true);
                case NatAction.Return: return default;
                case NatAction.End: return (null, true);
                case NatAction.Jump when rule.Matches == Match.Yes:
                    if (Walk(rule.Target) is { Ends: true } end)
                        return end;
                    break;
                case NatAction.Goto when rule.Matches == Match.Yes: return Walk(rule.Target);
                case NatAction.Goto: return (null, true);
            }
        }

        return default;
    }
}
