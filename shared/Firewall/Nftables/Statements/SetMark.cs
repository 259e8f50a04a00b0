using System.Runtime.InteropServices;
using static Plugboard.Firewall.Nftables.Uapi.NfTablesH;

namespace Plugboard.Firewall.Nftables.Statements;

/// <summary>Marks the packet or its flow: <c>meta mark set 0x2000</c>, <c>meta mark set meta mark | 0x2000</c>.</summary>
public sealed class SetMark : Statement
{
    private readonly bool ofFlow;
    private readonly bool keepsOthers;
    private readonly uint mark;

    private SetMark(bool ofFlow, uint mark, bool keepsOthers)
    {
        this.ofFlow = ofFlow;
        this.mark = mark;
        this.keepsOthers = keepsOthers;
    }

    /// <summary>The packet's mark.</summary>
    /// <param name="mark">The mark, or the bits of it.</param>
    /// <param name="keepsOthers">Other bits stay as they are.</param>
    public static SetMark OfPacket(uint mark, bool keepsOthers = false) => new(ofFlow: false, mark, keepsOthers);

    /// <summary>The flow's mark.</summary>
    /// <param name="mark">The mark, or the bits of it.</param>
    /// <param name="keepsOthers">Other bits stay as they are.</param>
    public static SetMark OfFlow(uint mark, bool keepsOthers = false) => new(ofFlow: true, mark, keepsOthers);

    internal override void Write(RuleWriter rule)
    {
        if (keepsOthers)
            LoadWithBits(rule);
        else
            rule.Expressions.Immediate(Field.Mark(mark).Bytes, 0);
        if (ofFlow)
            rule.Expressions.SetCt(NFT_CT_MARK);
        else
            rule.Expressions.SetMeta(NFT_META_MARK);
    }

    private void LoadWithBits(RuleWriter rule)
    {
        Span<byte> kept = stackalloc byte[4];
        Span<byte> added = stackalloc byte[4];
        MemoryMarshal.Write(kept, ~mark);
        MemoryMarshal.Write(added, in mark);
        if (ofFlow)
            rule.Expressions.Ct(NFT_CT_MARK, 0);
        else
            rule.Expressions.Meta(NFT_META_MARK, 0);
        rule.Expressions.AndXor(kept, added);
    }

    /// <summary>nft's words.</summary>
    public override string ToString()
    {
        var word = ofFlow ? "ct mark" : "meta mark";
        return keepsOthers ? $"{word} set {word} | 0x{mark:x8}" : $"{word} set 0x{mark:x8}";
    }
}
