using System.Runtime.InteropServices;

namespace Plugboard.Firewall.Walk;

/// <summary>Matches and targets of xtables, as iptables-legacy has them, and iptables-nft where nftables has no word of its own.</summary>
internal static class XtMatches
{
    // XT_CONNTRACK_STATE_BIT(IP_CT_NEW), XT_STATE_BIT(IP_CT_NEW); XT_CONNTRACK_STATE, XT_CONNTRACK_STATE_ALIAS: what -m state is made of.
    private const ushort StateNew = 8;
    private const ushort CompareState = 1;
    private const int ByOtherName = 1 << 13;
    private const int FlagsAt = 146;
    private const int StatusMaskAt = 152;

    /// <summary>Whether a packet without a mark matches.</summary>
    /// <param name="name">The match's name.</param>
    /// <param name="info">Its data.</param>
    public static Match Judge(string name, ReadOnlySpan<byte> info) =>
        name switch
        {
            "comment" => Match.Yes,
            // struct xt_mark_mtinfo1: mark, mask, invert.
            "mark" when info.Length >= 9 => MemoryMarshal.Read<uint>(info) == 0 != (info[8] != 0) ? Match.Yes : Match.No,
            // struct xt_state_info: a bit per state.
            "state" when info.Length >= 4 => Is((MemoryMarshal.Read<uint>(info) & StateNew) != 0),
            "conntrack" when info.Length >= StatusMaskAt => JudgeConntrack(info),
            _ => Match.Maybe,
        };

    // struct xt_conntrack_mtinfo2: eight addresses, two times, a protocol and four ports, then what is compared, what of it inverted, and
    // the states.
    private static Match JudgeConntrack(ReadOnlySpan<byte> info)
    {
        var compared = MemoryMarshal.Read<ushort>(info[FlagsAt..]);
        var inverted = MemoryMarshal.Read<ushort>(info[(FlagsAt + 2)..]);
        var states = MemoryMarshal.Read<ushort>(info[(FlagsAt + 4)..]);
        return (compared & ~ByOtherName) == CompareState ? Is((states & StateNew) != 0 != ((inverted & CompareState) != 0)) : Match.Maybe;
    }

    private static Match Is(bool matches) => matches ? Match.Yes : Match.No;

    /// <summary>What a target does with the packet, or to the sender's address.</summary>
    public static RuleAction ActionOf(string name) =>
        name switch
        {
            "MASQUERADE" or "SNAT" or "NETMAP" => RuleAction.Snat,
            "REJECT" => RuleAction.Drop,
            "DNAT" or "REDIRECT" or "NFQUEUE" or "QUEUE" => RuleAction.End,
            _ => RuleAction.None,
        };
}
