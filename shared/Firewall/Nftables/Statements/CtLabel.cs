using static Plugboard.Firewall.Nftables.Uapi.NfTablesH;

namespace Plugboard.Firewall.Nftables.Statements;

/// <summary>
/// A bit of the labels of the packet's flow: continues if it is set (<c>ct label 119</c>), or sets it (<c>ct label set 119</c>). The kernel
/// needs CONFIG_NF_CONNTRACK_LABELS, else it refuses the rule with EOPNOTSUPP. A flow has room for labels if it began while a rule that
/// sets one was in the namespace; since Linux 6.15 one that asks for a label is enough. Source: net/netfilter/nft_ct.c, nf_connlabels_get.
/// </summary>
public sealed class CtLabel : Statement
{
    /// <summary>NF_CT_LABELS_MAX_SIZE.</summary>
    private const int Bytes = 16;

    private readonly int bit;
    private readonly bool isSetting;

    private CtLabel(int bit, bool isSetting)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bit);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(bit, Bytes * 8);
        this.bit = bit;
        this.isSetting = isSetting;
    }

    /// <summary>Continues if the bit is set.</summary>
    /// <param name="bit">0 to 127.</param>
    public static CtLabel IsSet(int bit) => new(bit, isSetting: false);

    /// <summary>Sets the bit.</summary>
    /// <param name="bit">0 to 127.</param>
    public static CtLabel Set(int bit) => new(bit, isSetting: true);

    internal override void Write(RuleWriter rule)
    {
        Span<byte> mask = stackalloc byte[Bytes];
        // The kernel counts bits in words of its own order, which is little-endian on all architectures that there is a build for.
        mask[bit / 8] = (byte)(1 << (bit % 8));
        if (isSetting)
        {
            rule.Expressions.Immediate(mask, 0);
            rule.Expressions.SetCt(NFT_CT_LABELS);
            return;
        }

        Span<byte> none = stackalloc byte[Bytes];
        rule.Expressions.Ct(NFT_CT_LABELS, 0);
        rule.Expressions.And(mask);
        rule.Expressions.Compare(NFT_CMP_NEQ, none);
    }

    /// <summary>nft's words.</summary>
    public override string ToString() => isSetting ? $"ct label set {bit}" : $"ct label {bit}";
}
