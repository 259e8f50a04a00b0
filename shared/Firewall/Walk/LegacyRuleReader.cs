using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using Plugboard.Firewall.Iptables;

namespace Plugboard.Firewall.Walk;

/// <summary>
/// Reads a table of iptables-legacy as <see cref="WalkedRule"/>s for one packet. Pure. Source:
/// include/uapi/linux/netfilter_ipv4/ip_tables.h, struct ipt_entry;
/// netfilter_ipv6/ip6_tables.h, struct ip6t_entry; netfilter/x_tables.h.
/// </summary>
internal sealed class LegacyRuleReader(WalkedPacket packet)
{
    /// <summary>The chain at the hook that packets leave by.</summary>
    public const string Postrouting = "POSTROUTING";

    /// <summary>The chain at the hook that packets pass through by.</summary>
    public const string Forward = "FORWARD";

    // NF_INET_FORWARD, NF_INET_POST_ROUTING
    private const int ForwardHook = 2;
    private const int PostroutingHook = 4;

    private const int MatchHead = 32;
    private const int LongestName = 29;

    // -NF_ACCEPT - 1, -NF_DROP - 1, XT_RETURN
    private const int StandardAccept = -2;
    private const int StandardDrop = -1;
    private const int StandardReturn = -5;

    // IPT_F_GOTO, IP6T_F_GOTO
    private const byte Goto4 = 2;
    private const byte Goto6 = 4;

    // IPT_INV_*
    private const byte InvertIn = 1;
    private const byte InvertOut = 2;
    private const byte InvertSource = 8;
    private const byte InvertDestination = 0x10;
    private const byte InvertProtocol = 0x40;

    private bool Is6 => packet.Source.Is6;

    private int AddressSize => Is6 ? 16 : 4;

    private int HeadSize => Is6 ? 168 : 112;

    /// <summary>The rules of all chains.</summary>
    public IReadOnlyList<WalkedRule> Read(LegacyEntries table)
    {
        var heads = FindHeads(table);
        var rules = new List<WalkedRule>();
        var chain = "";
        foreach (var (offset, entry) in Entries(table.Bytes))
        {
            chain = heads.TryGetValue(offset, out var name) ? name : chain;
            rules.Add(ReadRule(chain, table.Bytes.AsSpan(entry), heads));
        }

        return rules;
    }

    // A user's chain begins after the entry with its name; a hook's chain begins where the table says.
    private Dictionary<int, string> FindHeads(LegacyEntries table)
    {
        var heads = new Dictionary<int, string>();
        for (var hook = 0; hook < table.HookEntries.Length; hook++)
        {
            if ((table.Hooks & (1u << hook)) != 0)
                heads[(int)table.HookEntries[hook]] = NameOf(hook);
        }

        foreach (var (offset, range) in Entries(table.Bytes))
        {
            var entry = table.Bytes.AsSpan(range);
            var target = entry[TargetOffset(entry)..];
            if (Text(target[2..], LongestName) == "ERROR" && target.Length >= MatchHead + 30)
                heads[offset + entry.Length] = Text(target[MatchHead..], 30);
        }

        return heads;
    }

    private static string NameOf(int hook) =>
        hook switch
        {
            ForwardHook => Forward,
            PostroutingHook => Postrouting,
            _ => $"hook {hook}",
        };

    private IEnumerable<(int Offset, Range Entry)> Entries(byte[] bytes)
    {
        for (var at = 0; at + HeadSize <= bytes.Length; )
        {
            var length = BinaryPrimitives.ReadUInt16LittleEndian(bytes.AsSpan(at + (Is6 ? 142 : 90)));
            if (length < HeadSize || at + length > bytes.Length)
                yield break;
            yield return (at, at..(at + length));
            at += length;
        }
    }

    private int TargetOffset(ReadOnlySpan<byte> entry) => MemoryMarshal.Read<ushort>(entry[(Is6 ? 140 : 88)..]);

    private WalkedRule ReadRule(string chain, ReadOnlySpan<byte> entry, Dictionary<int, string> heads)
    {
        var targetAt = TargetOffset(entry);
        var match = MatchesHead(entry) ? Match.Yes : Match.No;
        for (var at = HeadSize; at + MatchHead <= targetAt && match != Match.No; )
        {
            var size = MemoryMarshal.Read<ushort>(entry[at..]);
            if (size < MatchHead || at + size > targetAt)
                break;
            var found = XtMatches.Judge(Text(entry[(at + 2)..], LongestName), entry[(at + MatchHead)..(at + size)]);
            match = found < match ? found : match;
            at += size;
        }

        var isGoto = (entry[Is6 ? 131 : 82] & (Is6 ? Goto6 : Goto4)) != 0;
        var (action, target) = ActionOf(entry[targetAt..], heads);
        if (isGoto && action == RuleAction.Jump)
            action = RuleAction.Goto;
        return new WalkedRule(chain, match, action, target, "");
    }

    private static (RuleAction Action, string Target) ActionOf(ReadOnlySpan<byte> target, Dictionary<int, string> heads)
    {
        var name = Text(target[2..], LongestName);
        if (name.Length > 0)
            return (XtMatches.ActionOf(name), "");
        // struct xt_standard_target: below zero a verdict, else the place of the chain's first rule.
        var verdict = MemoryMarshal.Read<int>(target[MatchHead..]);
        if (verdict >= 0)
            return heads.TryGetValue(verdict, out var chain) ? (RuleAction.Jump, chain) : (RuleAction.None, "");
        return (
            verdict switch
            {
                StandardReturn => RuleAction.Return,
                StandardAccept => RuleAction.Accept,
                StandardDrop => RuleAction.Drop,
                _ => RuleAction.End,
            },
            ""
        );
    }

    private bool MatchesHead(ReadOnlySpan<byte> entry)
    {
        var size = AddressSize;
        var flags = entry[Is6 ? 132 : 83];
        Span<byte> source = stackalloc byte[size];
        Span<byte> destination = stackalloc byte[size];
        packet.Source.WriteBytes(source);
        packet.Destination.WriteBytes(destination);
        var links = entry[(4 * size)..];
        var protocol = MemoryMarshal.Read<ushort>(links[64..]);
        return IsIn(source, entry, entry[(2 * size)..]) != ((flags & InvertSource) != 0)
            && IsIn(destination, entry[size..], entry[(3 * size)..]) != ((flags & InvertDestination) != 0)
            && IsLink(packet.InLink, links, links[32..]) != ((flags & InvertIn) != 0)
            && IsLink(packet.OutLink, links[16..], links[48..]) != ((flags & InvertOut) != 0)
            && (protocol is 0 or 6) != ((flags & InvertProtocol) != 0);
    }

    private static bool IsIn(ReadOnlySpan<byte> address, ReadOnlySpan<byte> network, ReadOnlySpan<byte> mask)
    {
        for (var i = 0; i < address.Length; i++)
        {
            if ((address[i] & mask[i]) != network[i])
                return false;
        }

        return true;
    }

    private static bool IsLink(string name, ReadOnlySpan<byte> wanted, ReadOnlySpan<byte> mask)
    {
        Span<byte> padded = stackalloc byte[16];
        padded.Clear();
        Encoding.UTF8.GetBytes(name, padded);
        for (var i = 0; i < padded.Length; i++)
        {
            if (((padded[i] ^ wanted[i]) & mask[i]) != 0)
                return false;
        }

        return true;
    }

    private static string Text(ReadOnlySpan<byte> bytes, int most)
    {
        bytes = bytes[..Math.Min(bytes.Length, most)];
        var end = bytes.IndexOf((byte)0);
        return Encoding.UTF8.GetString(end < 0 ? bytes : bytes[..end]);
    }
}
