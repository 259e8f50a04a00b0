using System.Runtime.InteropServices;

namespace Plugboard.Doctor.Nat;

/// <summary>Matches and targets of xtables, as iptables-legacy has them, and iptables-nft where nftables has no word of its own.</summary>
internal static class XtMatches
{
    /// <summary>Whether a packet without a mark matches.</summary>
    /// <param name="name">The match's name.</param>
    /// <param name="info">Its data.</param>
    public static Match Judge(string name, ReadOnlySpan<byte> info) => name switch
    {
        "comment" => Match.Yes,
        // struct xt_mark_mtinfo1: mark, mask, invert.
        "mark" when info.Length >= 9 => MemoryMarshal.Read<uint>(info) == 0 != (info[8] != 0) ? Match.Yes : Match.No,
        _ => Match.Maybe,
    };

    /// <summary>What a target does to the sender's address.</summary>
    public static NatAction ActionOf(string name) => name switch
    {
        "MASQUERADE" or "SNAT" or "NETMAP" => NatAction.Snat,
        "DNAT" or "REDIRECT" or "REJECT" => NatAction.End,
        _ => NatAction.None,
    };
}
