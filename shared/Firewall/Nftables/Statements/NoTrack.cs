namespace Plugboard.Firewall.Nftables.Statements;

/// <summary>The packet's flow is not tracked: <c>notrack</c>. It has to come before tracking, in chains of priority -300.</summary>
public sealed class NoTrack : Statement
{
    internal override void Write(RuleWriter rule) => rule.Expressions.NoTrack();

    /// <summary>nft's words.</summary>
    public override string ToString() => "notrack";
}
