namespace Plugboard.Firewall.Walk;

/// <summary>
/// Leads a packet through the chains of a table. Pure. Where it is not known whether a rule matches, it is taken not to change an address,
/// and to end what it would end: so
/// a finding is never a guess.
/// </summary>
internal sealed class RuleWalk
{
    private const int MostJumps = 1000;

    private readonly Dictionary<string, List<WalkedRule>> chains = new(StringComparer.Ordinal);
    private readonly Func<WalkedRule, IReadOnlyList<SetLookup>, WalkedRule> resolve;
    private int jumps;
    private bool doubts;

    /// <summary>A walk through a table.</summary>
    /// <param name="rules">Its rules in their order.</param>
    /// <param name="resolve">Looks up elements of sets; null: the result stays unknown.</param>
    public RuleWalk(IEnumerable<WalkedRule> rules, Func<WalkedRule, IReadOnlyList<SetLookup>, WalkedRule>? resolve = null)
    {
        this.resolve = resolve ?? (static (rule, _) => rule);
        foreach (var rule in rules)
        {
            if (!chains.TryGetValue(rule.Chain, out var list))
                chains[rule.Chain] = list = [];
            list.Add(rule);
        }
    }

    /// <summary>The rule that changes the packet's sender, if it comes into that chain; null: none does.</summary>
    public WalkedRule? FindSnat(string chain)
    {
        jumps = 0;
        return Walk(chain).Snat;
    }

    /// <summary>What becomes of a packet that comes into a base chain.</summary>
    /// <param name="chain">The chain.</param>
    /// <param name="dropsByDefault">Its policy.</param>
    /// <returns>
    /// Whether it is dropped; by which rule, null: by the policy; and whether that is sure: a rule that may accept it before is not known
    /// to match or not.
    /// </returns>
    public (bool IsDropped, WalkedRule? Rule, bool IsSure) Judge(string chain, bool dropsByDefault)
    {
        (jumps, doubts) = (0, false);
        var (decided, rule) = Decide(chain);
        return decided switch
        {
            RuleAction.Drop => (true, rule, !doubts),
            RuleAction.None => (dropsByDefault, null, !doubts),
            _ => (false, null, false),
        };
    }

    // Accept, Drop, End; None: the chain came to its end.
    private (RuleAction Decided, WalkedRule? Rule) Decide(string chain)
    {
        if (++jumps > MostJumps)
        {
            doubts = true;
            return (RuleAction.End, null);
        }

        foreach (var listed in chains.GetValueOrDefault(chain) ?? [])
        {
            var rule = listed.Lookups is { } lookups ? resolve(listed, lookups) : listed;
            if (rule.Matches == Match.No || rule.Action is RuleAction.None or RuleAction.Snat)
                continue;
            // One that may drop is no reason to say that it does; one that may accept is.
            if (rule.Matches == Match.Maybe || rule.Action == RuleAction.Unknown)
            {
                doubts |= rule.Action != RuleAction.Drop;
                continue;
            }

            switch (rule.Action)
            {
                case RuleAction.Return:
                    return (RuleAction.None, null);
                case RuleAction.Goto:
                    return Decide(rule.Target);
                case RuleAction.Jump:
                    if (Decide(rule.Target) is { Decided: not RuleAction.None } inner)
                        return inner;
                    break;
                default:
                    return (rule.Action, rule);
            }
        }

        return (RuleAction.None, null);
    }

    private (WalkedRule? Snat, bool Ends) Walk(string chain)
    {
        if (++jumps > MostJumps || !chains.TryGetValue(chain, out var rules))
            return default;
        foreach (var rule in rules.Where(static rule => rule.Matches != Match.No))
        {
            switch (rule.Action)
            {
                case RuleAction.Snat when rule.Matches == Match.Yes:
                    return (rule, true);
                case RuleAction.Return:
                    return default;
                case RuleAction.Accept or RuleAction.Drop or RuleAction.End or RuleAction.Unknown:
                    return (null, true);
                case RuleAction.Jump when rule.Matches == Match.Yes:
                    if (Walk(rule.Target) is { Ends: true } end)
                        return end;
                    break;
                case RuleAction.Goto when rule.Matches == Match.Yes:
                    return Walk(rule.Target);
                case RuleAction.Goto:
                    return (null, true);
            }
        }

        return default;
    }
}
