using Plugboard.Firewall.Nftables.Uapi;
using Plugboard.Netlink;
using static Plugboard.Firewall.Nftables.Uapi.NfTablesH;

namespace Plugboard.Firewall.Nftables;

/// <summary>Parses the kernel's listing of its ruleset.</summary>
internal static partial class NftablesReader
{
    /// <summary>A rule of a table.</summary>
    public static ListedRule? Rule(NetlinkMessage message, Table table)
    {
        string chain = "",
            comment = "",
            target = "";
        RuleStamp? stamp = null;
        var handle = 0ul;
        var attributes = message.Attributes<NfGenMsg>();
        while (attributes.Read())
        {
            switch (attributes.Type)
            {
                case NFTA_RULE_TABLE when attributes.String() != table.Name:
                    return null;
                case NFTA_RULE_CHAIN:
                    chain = attributes.String();
                    break;
                case NFTA_RULE_HANDLE:
                    handle = attributes.UInt64BigEndian();
                    break;
                case NFTA_RULE_USERDATA:
                    comment = UserDataComment.Read(UserDataComment.InRule, attributes.Value);
                    stamp = RuleStamp.Find(attributes.Value);
                    break;
                case NFTA_RULE_EXPRESSIONS:
                    target = FindTarget(attributes.Nested());
                    break;
            }
        }

        return new ListedRule(new Chain(table, chain), handle)
        {
            Comment = comment,
            Target = target,
            Stamp = stamp,
        };
    }

    // An expression is its name and its data: only "immediate" with a verdict leads to a chain.
    private static string FindTarget(AttributeReader expressions)
    {
        var target = "";
        while (expressions.Read())
        {
            var isImmediate = false;
            var parts = expressions.Nested();
            while (parts.Read())
            {
                if (parts.Type == NFTA_EXPR_NAME)
                    isImmediate = parts.String() == "immediate";
                else if (parts.Type == NFTA_EXPR_DATA && isImmediate)
                    target = Immediate(parts.Nested())?.Chain ?? target;
            }
        }

        return target;
    }

    private static Verdict? Immediate(AttributeReader data)
    {
        while (data.Read())
        {
            if (data.Type == NFTA_IMMEDIATE_DATA)
                return Value(data.Nested()).Verdict;
        }

        return null;
    }

    /// <summary>The elements of a message.</summary>
    public static List<SetElement> Elements(NetlinkMessage message)
    {
        var elements = new List<SetElement>();
        var attributes = message.Attributes<NfGenMsg>();
        while (attributes.Read())
        {
            if (attributes.Type != NFTA_SET_ELEM_LIST_ELEMENTS)
                continue;
            var list = attributes.Nested();
            while (list.Read())
            {
                if (Element(list.Nested()) is { } element)
                    elements.Add(element);
            }
        }

        return elements;
    }

    private static SetElement? Element(AttributeReader attributes)
    {
        byte[]? key = null,
            end = null,
            data = null;
        Verdict? verdict = null;
        var comment = "";
        var endsInterval = false;
        TimeSpan? timeout = null;
        while (attributes.Read())
        {
            switch (attributes.Type)
            {
                case NFTA_SET_ELEM_FLAGS:
                    endsInterval = (attributes.UInt32BigEndian() & NFT_SET_ELEM_INTERVAL_END) != 0;
                    break;
                case NFTA_SET_ELEM_TIMEOUT:
                    timeout = Milliseconds(attributes.UInt64BigEndian());
                    break;
                case NFTA_SET_ELEM_KEY:
                    key = Value(attributes.Nested()).Bytes;
                    break;
                case NFTA_SET_ELEM_KEY_END:
                    end = Value(attributes.Nested()).Bytes;
                    break;
                case NFTA_SET_ELEM_DATA:
                    (data, verdict) = Value(attributes.Nested());
                    break;
                case NFTA_SET_ELEM_USERDATA:
                    comment = UserDataComment.Read(UserDataComment.InElement, attributes.Value);
                    break;
            }
        }

        return key is null
            ? null
            : new SetElement(key)
            {
                KeyEnd = end,
                Data = data,
                Verdict = verdict,
                Comment = comment,
                Timeout = timeout,
                EndsInterval = endsInterval,
            };
    }

    private static TimeSpan Milliseconds(ulong count) =>
        TimeSpan.FromTicks((long)Math.Min(count, long.MaxValue / TimeSpan.TicksPerMillisecond) * TimeSpan.TicksPerMillisecond);

    private static (byte[]? Bytes, Verdict? Verdict) Value(AttributeReader attributes)
    {
        while (attributes.Read())
        {
            if (attributes.Type == NFTA_DATA_VALUE)
                return (attributes.Value.ToArray(), null);
            if (attributes.Type == NFTA_DATA_VERDICT)
                return (null, ReadVerdict(attributes.Nested()));
        }

        return default;
    }

    private static Verdict ReadVerdict(AttributeReader attributes)
    {
        var code = 0;
        var chain = "";
        while (attributes.Read())
        {
            if (attributes.Type == NFTA_VERDICT_CODE)
                code = (int)attributes.UInt32BigEndian();
            else if (attributes.Type == NFTA_VERDICT_CHAIN)
                chain = attributes.String();
        }

        return new Verdict(code, chain);
    }
}
