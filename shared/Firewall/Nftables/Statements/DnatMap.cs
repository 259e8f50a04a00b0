namespace Plugboard.Firewall.Nftables.Statements;

/// <summary>
/// Leads the packet to the address and port that a map has for the values: <c>dnat ip to meta l4proto . th dport map @ports</c>. Where it
/// has nothing the next rule is tried.
/// </summary>
/// <param name="is6">The family of the addresses.</param>
/// <param name="map">The map; it leads to an address and a port.</param>
/// <param name="selectors">The values; their types are the key's.</param>
public sealed class DnatMap(bool is6, Set map, params Selector[] selectors) : Statement
{
    internal override void Write(RuleWriter rule)
    {
        Lookup.Load(rule, selectors);
        rule.Expressions.LookupInto(map.Name, isVerdict: false);
        rule.Expressions.NatToElement(is6);
    }

    /// <summary>nft's words.</summary>
    public override string ToString() => $"dnat {(is6 ? "ip6" : "ip")} to {string.Join<Selector>(" . ", selectors)} map @{map.Name}";
}
