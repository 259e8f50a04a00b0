namespace Plugboard.Firewall.Nftables.Statements;

/// <summary>
/// Does what a map has for the values: <c>meta l4proto . th dport vmap @conditional</c>. Where it has nothing the next rule is tried.
/// </summary>
/// <param name="map">The verdict map.</param>
/// <param name="selectors">The values; their types are the key's.</param>
public sealed class VerdictMap(Set map, params Selector[] selectors) : Statement
{
    internal override void Write(RuleWriter rule)
    {
        Lookup.Load(rule, selectors);
        rule.Expressions.LookupInto(map.Name, isVerdict: true);
    }

    /// <summary>nft's words.</summary>
    public override string ToString() => $"{string.Join<Selector>(" . ", selectors)} vmap @{map.Name}";
}
