using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Plugboard.Firewall.Nftables.Uapi;
using Plugboard.Netlink;
using static Plugboard.Firewall.Nftables.Uapi.NfTablesH;

namespace Plugboard.Firewall.Nftables;

/// <summary>
/// Renders a rule's opcodes so that ours and the kernel's later listing of them are equal: the kernel orders an opcode's attributes freely
/// and adds those whose value is 0. Any bytes are safe.
/// </summary>
internal static class ExpressionReader
{
    // include/uapi/linux/netfilter/nf_tables.h has no name for these: nft calls its sets without names so, and the kernel puts a number in.
    private const string NamelessSet = "__set",
        NamelessMap = "__map";

    /// <summary>A listed rule, with its opcodes.</summary>
    public static RuleContent Read(NetlinkMessage message, ListedRule rule)
    {
        var attributes = message.Attributes<NfGenMsg>();
        while (attributes.Read())
        {
            if (attributes.Type != NFTA_RULE_EXPRESSIONS)
                continue;
            var nameless = new List<string>();
            return new RuleContent(rule, Describe(attributes.Nested(), nameless)) { NamelessSets = nameless };
        }

        return new RuleContent(rule, "");
    }

    /// <summary>The opcodes of a list of them.</summary>
    /// <param name="list">The list.</param>
    /// <param name="nameless">Gets the names that the kernel gave to sets without names, in the order of the lookups; their lookups read
    /// alike whatever the numbers are.</param>
    public static string Describe(AttributeReader list, List<string> nameless)
    {
        var text = new StringBuilder(256);
        while (list.Read())
        {
            var name = "";
            var parts = list.Nested();
            while (parts.Read())
            {
                if (parts.Type == NFTA_EXPR_NAME)
                    text.Append(name = parts.String());
                else if (parts.Type == NFTA_EXPR_DATA && name == "lookup")
                    AppendLookup(text, parts.Nested(), nameless);
                else if (parts.Type == NFTA_EXPR_DATA && name != "counter")
                    Append(text, name, parts.Nested());
            }

            text.Append('\n');
        }

        return text.ToString();
    }

    private static void AppendLookup(StringBuilder text, AttributeReader data, List<string> nameless)
    {
        var all = data;
        while (data.Read())
        {
            if (data.Type != NFTA_LOOKUP_SET)
                continue;
            var set = data.String();
            if (IsNameless(set))
                nameless.Add(set);
            text.Append(" @").Append(IsNameless(set) ? "" : set);
        }

        Append(text, "lookup", all);
    }

    private static bool IsNameless(string set) =>
        set.StartsWith(NamelessSet, StringComparison.Ordinal) || set.StartsWith(NamelessMap, StringComparison.Ordinal);

    private static void Append(StringBuilder text, string name, AttributeReader data)
    {
        var parts = new SortedDictionary<int, string>();
        while (data.Read())
        {
            // Of a lookup: rendered already.
            if (!IsZero(data.Value) && !(name == "lookup" && data.Type is NFTA_LOOKUP_SET or NFTA_LOOKUP_SET_ID))
                parts[data.Type] = IsNatFlags(name, data) ? NatFlags(data.Value) : Value(data.Value);
        }

        LeaveOutSameEnds(name, parts);
        foreach (var (type, value) in parts)
            text.Append(CultureInfo.InvariantCulture, $" {type}={value}");
    }

    // net/netfilter/nft_nat.c, nft_masq.c, nft_redir.c: without a last register the kernel takes the first, and lists both.
    private static void LeaveOutSameEnds(string name, SortedDictionary<int, string> parts)
    {
        ReadOnlySpan<(int First, int Last)> ends = name switch
        {
            "nat" => [(NFTA_NAT_REG_ADDR_MIN, NFTA_NAT_REG_ADDR_MIN + 1), (NFTA_NAT_REG_PROTO_MIN, NFTA_NAT_REG_PROTO_MAX)],
            "masq" => [(NFTA_MASQ_REG_PROTO_MIN, NFTA_MASQ_REG_PROTO_MAX)],
            "redir" => [(NFTA_REDIR_REG_PROTO_MIN, NFTA_REDIR_REG_PROTO_MAX)],
            _ => [],
        };
        foreach (var (first, last) in ends)
        {
            if (parts.TryGetValue(last, out var value) && parts.GetValueOrDefault(first) == value)
                parts.Remove(last);
        }
    }

    private static bool IsNatFlags(string name, AttributeReader data) =>
        data.Value.Length == sizeof(uint)
        && (
            (name == "nat" && data.Type == NFTA_NAT_FLAGS)
            || (name == "masq" && data.Type == NFTA_MASQ_FLAGS)
            || (name == "redir" && data.Type == NFTA_REDIR_FLAGS)
        );

    // That there are addresses (NF_NAT_RANGE_MAP_IPS) and ports (NF_NAT_RANGE_PROTO_SPECIFIED) the kernel adds by itself, some versions of
    // it.
    private static string NatFlags(ReadOnlySpan<byte> value) =>
        (BinaryPrimitives.ReadUInt32BigEndian(value) & ~3u).ToString("x8", CultureInfo.InvariantCulture);

    // 0 is the kernel's value for an absent number. A value to compare with is nested, and so has a head.
    private static bool IsZero(ReadOnlySpan<byte> value) => value.Length == sizeof(uint) && !value.ContainsAnyExcept((byte)0);

    // Attributes that hold values or verdicts may or may not have the flag for it: it is left out.
    private static string Value(ReadOnlySpan<byte> value)
    {
        const int Head = 4;
        if (
            value.Length < Head
            || BitConverter.ToUInt16(value) is var length && (length < Head || length > value.Length || value.Length - length >= Head)
        )
            return Convert.ToHexString(value);
        var inner = new AttributeReader(value);
        if (!inner.Read())
            return Convert.ToHexString(value);
        return inner.Type switch
        {
            NFTA_DATA_VALUE => "v" + Convert.ToHexString(inner.Value),
            NFTA_DATA_VERDICT => "to" + Verdict(inner.Nested()),
            _ => Convert.ToHexString(value),
        };
    }

    private static string Verdict(AttributeReader attributes)
    {
        var text = "";
        while (attributes.Read())
            text +=
                attributes.Type == NFTA_VERDICT_CODE ? Convert.ToHexString(attributes.Value)
                : attributes.Type == NFTA_VERDICT_CHAIN ? " " + attributes.String()
                : "";
        return text;
    }
}
