namespace Plugboard.Firewall.Nftables.Statements;

/// <summary>The packet leaves with the address of the link it leaves by: <c>masquerade</c>.</summary>
public sealed class Masquerade : Statement
{
    internal override void Write(RuleWriter rule) => rule.Expressions.Masquerade();

    /// <summary>nft's words.</summary>
    public override string ToString() => "masquerade";
}
