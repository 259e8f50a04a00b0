namespace Plugboard.Firewall.Nftables.Statements;

/// <summary>Goes on where the values, one after the other, are an element of a set: <c>ip saddr . ip daddr @pairs</c>.</summary>
/// <param name="set">The set, of the rule's own table.</param>
/// <param name="selectors">The values; their types are the key's.</param>
public sealed class Lookup(Set set, params Selector[] selectors) : Statement
{
    internal override void Write(RuleWriter rule)
    {
        Load(rule, selectors);
        rule.Expressions.Lookup(set.Name, inverted: false);
    }

    internal static void Load(RuleWriter rule, Selector[] selectors)
    {
        foreach (var selector in selectors)
            selector.Require(rule);
        var at = 0;
        foreach (var selector in selectors)
        {
            selector.Load(rule, at);
            at += selector.Type.PaddedLength;
        }
    }

    /// <summary>nft's words.</summary>
    public override string ToString() => $"{string.Join<Selector>(" . ", selectors)} @{set.Name}";
}
