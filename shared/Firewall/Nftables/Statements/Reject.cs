using static Plugboard.Firewall.Nftables.Uapi.NfTablesH;

namespace Plugboard.Firewall.Nftables.Statements;

/// <summary>
/// Rejects the packet and informs its sender: <c>reject</c> as a closed port, <c>reject with tcp reset</c> as a closed connection.
/// </summary>
/// <param name="withReset">By a reset; only TCP reaches the rule then.</param>
public sealed class Reject(bool withReset = false) : Statement
{
    // include/uapi/linux/icmp.h: ICMP_PORT_UNREACH; icmpv6.h: ICMPV6_PORT_UNREACH; in.h: IPPROTO_TCP.
    private const byte IcmpPort = 3,
        Icmp6Port = 4,
        Tcp = 6;

    internal override void Write(RuleWriter rule)
    {
        if (withReset)
        {
            rule.RequireProtocol(Tcp);
            rule.Expressions.Reject(NFT_REJECT_TCP_RST, 0);
        }
        else if (rule.KnownIs6 is { } is6)
        {
            rule.Expressions.Reject(NFT_REJECT_ICMP_UNREACH, is6 ? Icmp6Port : IcmpPort);
        }
        else
        {
            rule.Expressions.Reject(NFT_REJECT_ICMPX_UNREACH, NFT_REJECT_ICMPX_PORT_UNREACH);
        }
    }

    /// <summary>nft's words.</summary>
    public override string ToString() => withReset ? "reject with tcp reset" : "reject";
}
