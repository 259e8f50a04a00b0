using System.Globalization;
using System.Text;
using Plugboard.Firewall.Nftables.Uapi;
using Plugboard.Netlink;
using static Plugboard.Firewall.Nftables.Uapi.NfTablesH;

namespace Plugboard.Firewall.Nftables;

/// <summary>
/// Tells a rule's opcodes so that those we write and those the kernel tells of them later read alike: the kernel orders an opcode's attributes as it likes and adds those whose value is 0.
/// Any bytes are safe.
/// </summary>
internal static class ExpressionReader
{
    /// <summary>The opcodes of a rule the kernel tells of.</summary>
    public static string Describe(NetlinkMessage rule)
    {
        var attributes = rule.Attributes<NfGenMsg>();
        while (attributes.Read())
        {
            if (attributes.Type == NFTA_RULE_EXPRESSIONS)
                return Describe(attributes.Nested());
        }

        return "";
    }

    /// <summary>The opcodes of a list of them.</summary>
    public static string Describe(AttributeReader list)
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
                else if (parts.Type == NFTA_EXPR_DATA && name != "counter")
                    Append(text, parts.Nested());
            }

            text.Append('\n');
        }

        return text.ToString();
    }

    private static void Append(StringBuilder text, AttributeReader data)
    {
        var parts = new SortedDictionary<int, string>();
        while (data.Read())
        {
            if (!IsZero(data.Value))
                parts[data.Type] = Value(data.Value);
        }

        foreach (var (type, value) in parts)
            text.Append(CultureInfo.InvariantCulture, $" {type}={value}");
    }

    // A number of 0 is what the kernel takes where none is said. A value to compare with is nested, and so has a head.
    private static bool IsZero(ReadOnlySpan<byte> value) => value.Length == sizeof(uint) && !value.ContainsAnyExcept((byte)0);

    // Attributes that hold values or verdicts may or may not have the flag for it: it is left out.
    private static string Value(ReadOnlySpan<byte> value)
    {
        const int Head = 4;
        if (value.Length < Head || BitConverter.ToUInt16(value) is var length && (length < Head || length > value.Length || value.Length - length >= Head))
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
            text += attributes.Type == NFTA_VERDICT_CODE ? Convert.ToHexString(attributes.Value) : attributes.Type == NFTA_VERDICT_CHAIN ? " " + attributes.String() : "";
        return text;
    }
}
