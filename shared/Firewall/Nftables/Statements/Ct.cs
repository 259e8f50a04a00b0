using System.Runtime.InteropServices;
using static Plugboard.Firewall.Nftables.Uapi.NfTablesH;

namespace Plugboard.Firewall.Nftables.Statements;

/// <summary>Goes on where the packet's flow is in one of some states: <c>ct state new</c>, <c>ct status dnat</c>.</summary>
public sealed class Ct : Statement
{
    private readonly uint key;
    private readonly uint bits;
    private readonly string text;

    private Ct(uint key, uint bits, string text)
    {
        this.key = key;
        this.bits = bits;
        this.text = text;
    }

    // IPS_DST_NAT of include/uapi/linux/netfilter/nf_conntrack_common.h.
    /// <summary>The flow's destination was changed.</summary>
    public static Ct DestinationChanged => new(NFT_CT_STATUS, 1 << 5, "ct status dnat");

    /// <summary>The flow is in one of these states; null where a word is none.</summary>
    /// <param name="words"><c>new</c>, <c>established</c>, <c>related</c>, <c>invalid</c>, <c>untracked</c>, divided by commas.</param>
    public static Ct? FindState(string words)
    {
        var states = 0u;
        foreach (var word in words.Split(','))
        {
            // NF_CT_STATE_BIT of include/net/netfilter/nf_conntrack.h.
            var bit = word switch
            {
                "invalid" => 1u,
                "established" => 2u,
                "related" => 4u,
                "new" => 8u,
                "untracked" => 64u,
                _ => 0u,
            };
            if (bit == 0)
                return null;
            states |= bit;
        }

        return new Ct(NFT_CT_STATE, states, "ct state " + words);
    }

    internal override void Write(RuleWriter rule)
    {
        Span<byte> mask = stackalloc byte[4];
        Span<byte> none = stackalloc byte[4];
        MemoryMarshal.Write(mask, in bits);
        rule.Expressions.Ct(key, 0);
        rule.Expressions.And(mask);
        rule.Expressions.Compare(NFT_CMP_NEQ, none);
    }

    /// <summary>nft's words.</summary>
    public override string ToString() => text;
}
