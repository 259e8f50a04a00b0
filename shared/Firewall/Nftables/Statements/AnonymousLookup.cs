namespace Plugboard.Firewall.Nftables.Statements;

/// <summary>
/// Goes on where a value is, or is not, among some, each one value or a range: <c>ip saddr != { 10.0.0.0/8, 192.168.1.1 }</c>. They are a
/// set without a name that lives as long as the rule does.
/// </summary>
public sealed class AnonymousLookup : Statement
{
    private readonly Selector selector;
    private readonly bool inverted;
    private readonly AnonymousSet values;

    /// <summary>Ranges of values in any order; they may overlap.</summary>
    /// <param name="selector">What is looked at: an address, a port, or anything else in network order where there are ranges.</param>
    /// <param name="ranges">At least one; both ends are included.</param>
    /// <param name="inverted">Goes on where it is none of them.</param>
    public AnonymousLookup(Selector selector, IReadOnlyList<(Field From, Field To)> ranges, bool inverted = false)
    {
        this.selector = selector;
        this.inverted = inverted;
        values = new AnonymousSet(selector.Type, ranges);
    }

    internal override AnonymousSet? OwnSet => values;

    internal override void Write(RuleWriter rule)
    {
        selector.Require(rule);
        selector.Load(rule, 0);
        rule.Expressions.Lookup(rule.TakeSet(), inverted);
    }

    /// <summary>nft's words.</summary>
    public override string ToString() => $"{selector}{(inverted ? " !=" : "")} {values}";
}
