using Plugboard.Firewall.Nftables.Uapi;
using Plugboard.Netlink;
using static Plugboard.Firewall.Nftables.Uapi.NfTablesH;

namespace Plugboard.Firewall.Nftables;

/// <summary>What the counters of a listed rule have counted.</summary>
/// <param name="Chain">The rule's chain.</param>
/// <param name="Packets">The packets of all its counters.</param>
internal sealed record RuleCounters(string Chain, ulong Packets)
{
    /// <summary>Those of a rule in a dump. Any bytes are safe.</summary>
    public static RuleCounters Read(NetlinkMessage message)
    {
        var (chain, packets) = ("", 0UL);
        var attributes = message.Attributes<NfGenMsg>();
        while (attributes.Read())
        {
            if (attributes.Type == NFTA_RULE_CHAIN)
                chain = attributes.String();
            else if (attributes.Type == NFTA_RULE_EXPRESSIONS)
                packets += Count(attributes.Nested());
        }

        return new RuleCounters(chain, packets);
    }

    private static ulong Count(AttributeReader list)
    {
        var packets = 0UL;
        while (list.Read())
        {
            var name = "";
            var parts = list.Nested();
            while (parts.Read())
            {
                if (parts.Type == NFTA_EXPR_NAME)
                    name = parts.String();
                else if (parts.Type == NFTA_EXPR_DATA && name == "counter")
                    packets += CountOf(parts.Nested());
            }
        }

        return packets;
    }

    private static ulong CountOf(AttributeReader data)
    {
        while (data.Read())
        {
            if (data.Type == NFTA_COUNTER_PACKETS)
                return data.UInt64BigEndian();
        }

        return 0;
    }
}
