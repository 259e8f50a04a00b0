using Plugboard.Addresses;
using Plugboard.Linux;
using Plugboard.Netlink.Route.Uapi;
using static Plugboard.Netlink.Route.Uapi.RtnetlinkH;
using static Plugboard.Netlink.Uapi.NetlinkH;

namespace Plugboard.Netlink.Route;

/// <summary>
/// The rules by which a namespace chooses a routing table. Every refusal is a <see cref="NetlinkException"/>; EOPNOTSUPP: the kernel has no
/// such rules (CONFIG_IP_MULTIPLE_TABLES). Source: rtnetlink(7); ip-rule(8); net/core/fib_rules.c.
/// </summary>
public sealed class RuleTable
{
    private readonly NetlinkSocket socket;

    internal RuleTable(NetlinkSocket socket) => this.socket = socket;

    /// <summary>The rules of a family in the order in which the kernel asks them.</summary>
    /// <param name="family">IPv4 or IPv6.</param>
    public IReadOnlyList<RoutingRule> List(AddressFamily family)
    {
        var request = socket.NewRequest();
        using (request.Message(RTM_GETRULE, NLM_F_REQUEST | NLM_F_DUMP))
            request.WriteStruct(new FibRuleHdr { family = (byte)family });
        return socket.Dump(request, static () => "rules", message => Read(message) is { } rule && rule.Family == family ? rule : null);
    }

    /// <summary>Adds a rule.</summary>
    /// <exception cref="NetlinkException">EEXIST: there is one, where a priority is given.</exception>
    public void Add(RoutingRule rule)
    {
        var request = socket.NewRequest();
        using (request.Message(RTM_NEWRULE, NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL))
            Write(request, rule);
        socket.Execute(request, rule.ToString);
    }

    /// <summary>
    /// Removes the first rule that has all of this: source and table, priority and author where they are given. False if absent
    /// (ENOENT).
    /// </summary>
    public bool Delete(RoutingRule rule)
    {
        var request = socket.NewRequest();
        using (request.Message(RTM_DELRULE, NLM_F_REQUEST | NLM_F_ACK))
            Write(request, rule);
        return socket.ExecuteUnlessAbsent(request, rule.ToString, Errno.ENOENT);
    }

    private static void Write(NetlinkWriter request, RoutingRule rule)
    {
        request.WriteStruct(
            new FibRuleHdr
            {
                family = (byte)rule.Family,
                src_len = (byte)(rule.Source?.Length ?? 0),
                table = rule.Table < 256 ? (byte)rule.Table : RT_TABLE_UNSPEC,
                action = FibRulesH.FR_ACT_TO_TBL,
            }
        );
        if (rule.Source is { Length: > 0 } source)
            request.WriteAddress(FibRulesH.FRA_SRC, source.Network.Address);
        if (rule.Table >= 256)
            request.WriteUInt32(FibRulesH.FRA_TABLE, (uint)rule.Table);
        if (rule.Priority is { } priority)
            request.WriteUInt32(FibRulesH.FRA_PRIORITY, priority);
        if (rule.Protocol != RouteProtocol.Unspecified)
            request.WriteUInt8(FibRulesH.FRA_PROTOCOL, (byte)rule.Protocol);
    }

    private static RoutingRule? Read(NetlinkMessage message)
    {
        var header = message.Header<FibRuleHdr>();
        if (header.family is not (SocketH.AF_INET or SocketH.AF_INET6))
            return null;
        IPAddr? source = null;
        var table = (int)header.table;
        uint priority = 0;
        var protocol = RouteProtocol.Unspecified;
        var isBySource = header.dst_len == 0 && header.tos == 0 && header.action == FibRulesH.FR_ACT_TO_TBL;
        var attributes = message.Attributes<FibRuleHdr>();
        while (attributes.Read())
        {
            switch (attributes.Type)
            {
                case FibRulesH.FRA_SRC:
                    source = attributes.Address();
                    break;
                case FibRulesH.FRA_TABLE:
                    table = attributes.Int32();
                    break;
                case FibRulesH.FRA_PRIORITY:
                    priority = attributes.UInt32();
                    break;
                case FibRulesH.FRA_PROTOCOL:
                    protocol = (RouteProtocol)attributes.UInt8();
                    break;
                case FibRulesH.FRA_DST or FibRulesH.FRA_IIFNAME or FibRulesH.FRA_OIFNAME or FibRulesH.FRA_FWMARK:
                    isBySource = false;
                    break;
            }
        }

        return new RoutingRule
        {
            Family = (AddressFamily)header.family,
            Source = source is { } address ? new IPPrefix(address, Math.Min((int)header.src_len, address.BitLength)) : null,
            Table = table,
            Priority = priority,
            Protocol = protocol,
            IsBySourceAlone = isBySource,
        };
    }
}
