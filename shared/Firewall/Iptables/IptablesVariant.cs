namespace Plugboard.Firewall.Iptables;

/// <summary>
/// Which of the two implementations of iptables; they keep their rules in different places of the kernel. Source: xtables-nft(8),
/// xtables-legacy(8).
/// </summary>
public enum IptablesVariant
{
    /// <summary>The one that <c>iptables</c> is on this node.</summary>
    Default,

    /// <summary>Rules in nftables: <c>iptables-nft</c>.</summary>
    Nft,

    /// <summary>Rules in ip_tables, under the lock /run/xtables.lock: <c>iptables-legacy</c>.</summary>
    Legacy,
}
