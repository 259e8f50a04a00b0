namespace Plugboard.Firewall.Nftables.Statements;

/// <summary>Decides: <c>accept</c>, <c>drop</c>, <c>return</c>, <c>jump x</c>, <c>goto x</c>.</summary>
/// <param name="verdict">What.</param>
public sealed class VerdictStatement(Verdict verdict) : Statement
{
    internal override void Write(RuleWriter rule) => rule.Expressions.Immediate(verdict);

    /// <summary>nft's words.</summary>
    public override string ToString() => verdict.ToString();
}
