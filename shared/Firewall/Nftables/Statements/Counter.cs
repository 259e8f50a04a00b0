namespace Plugboard.Firewall.Nftables.Statements;

/// <summary>Counts packets and bytes, from 0 on: <c>counter</c>.</summary>
public sealed class Counter : Statement
{
    internal override void Write(RuleWriter rule) => rule.Expressions.Counter();

    /// <summary>nft's words.</summary>
    public override string ToString() => "counter";
}
