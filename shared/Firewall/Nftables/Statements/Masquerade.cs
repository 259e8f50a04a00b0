namespace Plugboard.Firewall.Nftables.Statements;

/// <summary>
/// The packet leaves with the address of the link it leaves by: <c>masquerade</c>, <c>masquerade to :1024-2047 fully-random</c>.
/// </summary>
public sealed class Masquerade : Statement
{
    /// <summary>The ports it leaves with; null: the kernel chooses.</summary>
    public NatPorts? Ports { get; init; }

    /// <summary>How a port is chosen.</summary>
    public NatOptions Options { get; init; }

    internal override void Write(RuleWriter rule)
    {
        var count = NatPorts.Load(Ports, rule, 0);
        rule.Expressions.Masquerade(count, Options);
    }

    /// <summary>nft's words.</summary>
    public override string ToString() => $"masquerade{(Ports is { } ports ? $" to :{ports}" : "")}{NatPorts.Words(Options)}";
}
