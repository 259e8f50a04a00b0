using System.Runtime.InteropServices;
using static Plugboard.Firewall.Nftables.Uapi.NfTablesH;

namespace Plugboard.Firewall.Nftables.Statements;

/// <summary>Goes on where the packet is for one of the node's own addresses: <c>fib daddr type local</c>.</summary>
public sealed class FibType : Statement
{
    // include/uapi/linux/rtnetlink.h: RTN_LOCAL.
    private const uint Local = 2;

    internal override void Write(RuleWriter rule)
    {
        Span<byte> value = stackalloc byte[4];
        MemoryMarshal.Write(value, Local);
        rule.Expressions.Fib(NFT_FIB_RESULT_ADDRTYPE, NFTA_FIB_F_DADDR, 0);
        rule.Expressions.Compare(NFT_CMP_EQ, value);
    }

    /// <summary>nft's words.</summary>
    public override string ToString() => "fib daddr type local";
}
