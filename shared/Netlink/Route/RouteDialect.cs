using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Plugboard.Netlink.Route.Traffic;
using Plugboard.Netlink.Route.Uapi;
using Plugboard.Netlink.Trace;
using Plugboard.Netlink.Uapi;

namespace Plugboard.Netlink.Route;

/// <summary>The words of rtnetlink(7).</summary>
internal sealed class RouteDialect : NetlinkDialect
{
    public override string MessageName(ushort type) =>
        type switch
        {
            RtnetlinkH.RTM_NEWLINK => nameof(RtnetlinkH.RTM_NEWLINK),
            RtnetlinkH.RTM_DELLINK => nameof(RtnetlinkH.RTM_DELLINK),
            RtnetlinkH.RTM_GETLINK => nameof(RtnetlinkH.RTM_GETLINK),
            RtnetlinkH.RTM_SETLINK => nameof(RtnetlinkH.RTM_SETLINK),
            RtnetlinkH.RTM_NEWADDR => nameof(RtnetlinkH.RTM_NEWADDR),
            RtnetlinkH.RTM_DELADDR => nameof(RtnetlinkH.RTM_DELADDR),
            RtnetlinkH.RTM_GETADDR => nameof(RtnetlinkH.RTM_GETADDR),
            RtnetlinkH.RTM_NEWROUTE => nameof(RtnetlinkH.RTM_NEWROUTE),
            RtnetlinkH.RTM_DELROUTE => nameof(RtnetlinkH.RTM_DELROUTE),
            RtnetlinkH.RTM_GETROUTE => nameof(RtnetlinkH.RTM_GETROUTE),
            RtnetlinkH.RTM_NEWNEIGH => nameof(RtnetlinkH.RTM_NEWNEIGH),
            RtnetlinkH.RTM_DELNEIGH => nameof(RtnetlinkH.RTM_DELNEIGH),
            RtnetlinkH.RTM_GETNEIGH => nameof(RtnetlinkH.RTM_GETNEIGH),
            RtnetlinkH.RTM_NEWRULE => nameof(RtnetlinkH.RTM_NEWRULE),
            RtnetlinkH.RTM_DELRULE => nameof(RtnetlinkH.RTM_DELRULE),
            RtnetlinkH.RTM_GETRULE => nameof(RtnetlinkH.RTM_GETRULE),
            RtnetlinkH.RTM_NEWQDISC => nameof(RtnetlinkH.RTM_NEWQDISC),
            RtnetlinkH.RTM_DELQDISC => nameof(RtnetlinkH.RTM_DELQDISC),
            RtnetlinkH.RTM_GETQDISC => nameof(RtnetlinkH.RTM_GETQDISC),
            RtnetlinkH.RTM_NEWTCLASS => nameof(RtnetlinkH.RTM_NEWTCLASS),
            RtnetlinkH.RTM_DELTCLASS => nameof(RtnetlinkH.RTM_DELTCLASS),
            RtnetlinkH.RTM_GETTCLASS => nameof(RtnetlinkH.RTM_GETTCLASS),
            RtnetlinkH.RTM_NEWTFILTER => nameof(RtnetlinkH.RTM_NEWTFILTER),
            RtnetlinkH.RTM_DELTFILTER => nameof(RtnetlinkH.RTM_DELTFILTER),
            RtnetlinkH.RTM_GETTFILTER => nameof(RtnetlinkH.RTM_GETTFILTER),
            RtnetlinkH.RTM_NEWACTION => nameof(RtnetlinkH.RTM_NEWACTION),
            RtnetlinkH.RTM_NEWNETCONF => nameof(RtnetlinkH.RTM_NEWNETCONF),
            RtnetlinkH.RTM_GETNETCONF => nameof(RtnetlinkH.RTM_GETNETCONF),
            RtnetlinkH.RTM_GETNSID => nameof(RtnetlinkH.RTM_GETNSID),
            RtnetlinkH.RTM_DELLINKPROP => nameof(RtnetlinkH.RTM_DELLINKPROP),
            _ => "message " + type.ToString(CultureInfo.InvariantCulture),
        };

    // Of each four messages the first creates, the second deletes, the third gets.
    public override string FlagNames(ushort type, ushort flags)
    {
        if (type % 4 == 2)
            return (flags & NetlinkH.NLM_F_DUMP) == NetlinkH.NLM_F_DUMP ? "DUMP" : "";
        if (type % 4 != 0)
            return "";
        var names = new List<string>(4);
        if ((flags & NetlinkH.NLM_F_REPLACE) != 0)
            names.Add("REPLACE");
        if ((flags & NetlinkH.NLM_F_EXCL) != 0)
            names.Add("EXCL");
        if ((flags & NetlinkH.NLM_F_CREATE) != 0)
            names.Add("CREATE");
        if ((flags & NetlinkH.NLM_F_APPEND) != 0)
            names.Add("APPEND");
        return string.Join('|', names);
    }

    public override string DescribeHeader(ushort type, ReadOnlySpan<byte> payload)
    {
        switch (type & ~3)
        {
            case RtnetlinkH.RTM_NEWLINK when MemoryMarshal.TryRead<IfInfoMsg>(payload, out var link):
                return $"{Family(link.ifi_family)} index {link.ifi_index} type {link.ifi_type} flags 0x{link.ifi_flags:x} change "
                    + $"0x{link.ifi_change:x}";
            case RtnetlinkH.RTM_NEWADDR when MemoryMarshal.TryRead<IfAddrMsg>(payload, out var address):
                return $"{Family(address.ifa_family)} prefix /{address.ifa_prefixlen} flags 0x{address.ifa_flags:x} scope "
                    + $"{address.ifa_scope} index {address.ifa_index}";
            case RtnetlinkH.RTM_NEWROUTE when MemoryMarshal.TryRead<RtMsg>(payload, out var route):
                return $"{Family(route.rtm_family)} dst /{route.rtm_dst_len} table {route.rtm_table} protocol {route.rtm_protocol} "
                    + $"scope {route.rtm_scope} type {route.rtm_type} flags 0x{route.rtm_flags:x}";
            case RtnetlinkH.RTM_NEWNEIGH when MemoryMarshal.TryRead<NdMsg>(payload, out var neighbour):
                return $"{Family(neighbour.ndm_family)} index {neighbour.ndm_ifindex} state 0x{neighbour.ndm_state:x} flags "
                    + $"0x{neighbour.ndm_flags:x}";
            case RtnetlinkH.RTM_NEWRULE when MemoryMarshal.TryRead<FibRuleHdr>(payload, out var rule):
                return $"{Family(rule.family)} dst /{rule.dst_len} src /{rule.src_len} table {rule.table} action {rule.action} "
                    + $"flags 0x{rule.flags:x}";
            case RtnetlinkH.RTM_NEWQDISC or RtnetlinkH.RTM_NEWTCLASS when MemoryMarshal.TryRead<TcMsg>(payload, out var qdisc):
                return $"index {qdisc.tcm_ifindex} handle {new TrafficHandle(qdisc.tcm_handle)} "
                    + $"parent {new TrafficHandle(qdisc.tcm_parent)}";
            case RtnetlinkH.RTM_NEWTFILTER when MemoryMarshal.TryRead<TcMsg>(payload, out var filter):
                return $"index {filter.tcm_ifindex} handle 0x{filter.tcm_handle:x} parent {new TrafficHandle(filter.tcm_parent)} priority "
                    + $"{filter.tcm_info >> 16} protocol {Filter.NetworkOrder((ushort)filter.tcm_info)}";
            case RtnetlinkH.RTM_NEWNETCONF when MemoryMarshal.TryRead<NetconfMsg>(payload, out var settings):
                return Family(settings.ncm_family);
            default:
                return $"{payload.Length} bytes";
        }
    }

    public override AttributeSchema? Schema(ushort type, ReadOnlySpan<byte> payload)
    {
        var bridge = !payload.IsEmpty && payload[0] == SocketH.AF_BRIDGE;
        return (type & ~3) switch
        {
            RtnetlinkH.RTM_NEWLINK when payload.Length >= Unsafe.SizeOf<IfInfoMsg>() => RouteSchemas.Link(bridge),
            RtnetlinkH.RTM_NEWADDR when payload.Length >= Unsafe.SizeOf<IfAddrMsg>() => RouteSchemas.Address(),
            RtnetlinkH.RTM_NEWROUTE when payload.Length >= Unsafe.SizeOf<RtMsg>() => RouteSchemas.Route(),
            RtnetlinkH.RTM_NEWNEIGH when payload.Length >= Unsafe.SizeOf<NdMsg>() => RouteSchemas.Neighbour(),
            RtnetlinkH.RTM_NEWRULE when payload.Length >= Unsafe.SizeOf<FibRuleHdr>() => RouteSchemas.Rule(),
            RtnetlinkH.RTM_NEWQDISC when payload.Length >= Unsafe.SizeOf<TcMsg>() => TrafficSchemas.Qdisc(),
            RtnetlinkH.RTM_NEWTCLASS when payload.Length >= Unsafe.SizeOf<TcMsg>() => TrafficSchemas.Class(),
            RtnetlinkH.RTM_NEWTFILTER when payload.Length >= Unsafe.SizeOf<TcMsg>() => TrafficSchemas.Filter(),
            RtnetlinkH.RTM_NEWACTION when payload.Length >= Unsafe.SizeOf<TcaMsg>() => TrafficSchemas.Action(),
            RtnetlinkH.RTM_NEWNETCONF when payload.Length >= Unsafe.SizeOf<NetconfMsg>() => RouteSchemas.Netconf(),
            _ => null,
        };
    }

    private static string Family(byte family) =>
        family switch
        {
            SocketH.AF_UNSPEC => "AF_UNSPEC",
            SocketH.AF_INET => "AF_INET",
            SocketH.AF_INET6 => "AF_INET6",
            SocketH.AF_BRIDGE => "AF_BRIDGE",
            _ => $"family {family}",
        };
}
