namespace Plugboard.Firewall.Nftables.Statements;

/// <summary>The packet comes to this node itself: <c>redirect</c>, <c>redirect to :8080</c>.</summary>
public sealed class Redirect : Statement
{
    /// <summary>The ports it comes to; null: the one it was for.</summary>
    public NatPorts? Ports { get; init; }

    /// <summary>How a port is chosen.</summary>
    public NatOptions Options { get; init; }

    internal override void Write(RuleWriter rule)
    {
        var count = NatPorts.Load(Ports, rule, 0);
        rule.Expressions.Redirect(count, Options);
    }

    /// <summary>nft's words.</summary>
    public override string ToString() => $"redirect{(Ports is { } ports ? $" to :{ports}" : "")}{NatPorts.Words(Options)}";
}
