using System.Runtime.InteropServices;
using static Plugboard.Firewall.Nftables.Uapi.NfTablesH;

namespace Plugboard.Firewall.Nftables.Statements;

/// <summary>
/// Goes on where the packet's mark has all of some bits, whatever the others are: <c>meta mark &amp; 0x4000 == 0x4000</c>.
/// </summary>
/// <param name="bits">The bits.</param>
public sealed class MetaMark(uint bits) : Statement
{
    internal override void Write(RuleWriter rule)
    {
        Span<byte> mask = stackalloc byte[4];
        MemoryMarshal.Write(mask, in bits);
        rule.Expressions.Meta(NFT_META_MARK, 0);
        rule.Expressions.And(mask);
        rule.Expressions.Compare(NFT_CMP_EQ, mask);
    }

    /// <summary>nft's words.</summary>
    public override string ToString() => $"meta mark & 0x{bits:x8} == 0x{bits:x8}";
}
