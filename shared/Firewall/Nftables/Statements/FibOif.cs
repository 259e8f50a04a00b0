using static Plugboard.Firewall.Nftables.Uapi.NfTablesH;

namespace Plugboard.Firewall.Nftables.Statements;

/// <summary>
/// Goes on where the node has, or lacks, a route: back to the sender by the link the packet came by, <c>fib saddr . iif oif missing</c>, or
/// to the receiver,
/// <c>fib daddr oif exists</c>. Source: nft(8), FIB EXPRESSIONS.
/// </summary>
public sealed class FibOif : Statement
{
    private readonly uint flags;
    private readonly bool exists;
    private readonly string text;

    private FibOif(uint flags, bool exists, string text)
    {
        this.flags = flags;
        this.exists = exists;
        this.text = text;
    }

    /// <summary>Back to the sender by the link that the packet came by.</summary>
    public static FibOif Back(bool exists) => new(NFTA_FIB_F_SADDR | NFTA_FIB_F_IIF, exists, "fib saddr . iif oif");

    /// <summary>To the receiver.</summary>
    public static FibOif Onward(bool exists) => new(NFTA_FIB_F_DADDR, exists, "fib daddr oif");

    internal override void Write(RuleWriter rule)
    {
        rule.Expressions.Fib(NFT_FIB_RESULT_OIF, flags | NFTA_FIB_F_PRESENT, 0);
        // One byte of the register is written, the others are zero; nft compares all four.
        rule.Expressions.Compare(NFT_CMP_EQ, Field.Number(exists ? 1u : 0).Bytes);
    }

    /// <summary>nft's words.</summary>
    public override string ToString() => $"{text} {(exists ? "exists" : "missing")}";
}
