namespace Plugboard.Firewall.Nftables;

/// <summary>A rule in the kernel, of any author.</summary>
/// <param name="Chain">Its chain.</param>
/// <param name="Handle">The kernel's number for it in its table.</param>
public sealed record ListedRule(Chain Chain, ulong Handle)
{
    /// <summary>Its comment; empty: none.</summary>
    public string Comment { get; init; } = "";

    /// <summary>The chain it jumps or goes to; empty if it does not.</summary>
    public string Target { get; init; } = "";

    /// <summary>What its writer left in it; null: nothing.</summary>
    internal RuleStamp? Stamp { get; init; }
}
