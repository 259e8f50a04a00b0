namespace Plugboard.Firewall.Nftables.Statements;

/// <summary>The kernel logs the packet with level "warn": <c>log prefix "dropped: "</c>.</summary>
/// <param name="prefix">What the line begins with, at most 127 bytes without quotes; empty: nothing.</param>
public sealed class Log(string prefix = "") : Statement
{
    internal override void Write(RuleWriter rule) => rule.Expressions.Log(prefix);

    /// <summary>nft's words.</summary>
    public override string ToString() => prefix.Length == 0 ? "log" : $"log prefix \"{prefix}\"";
}
