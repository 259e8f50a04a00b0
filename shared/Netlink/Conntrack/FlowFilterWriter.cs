using static Plugboard.Netlink.Conntrack.Uapi.NfnetlinkConntrackH;

namespace Plugboard.Netlink.Conntrack;

/// <summary>
/// Writes a filter for the kernel (Linux 5.8; older ones ignore it): two tuples, and flags that say which of their values count.
/// </summary>
internal static class FlowFilterWriter
{
    // net/netfilter/nf_internals.h, CTA_FILTER_F_*: the values of CTA_FILTER_ORIG_FLAGS are in no header of the UAPI.
    private const uint IPSource = 1 << 0;
    private const uint IPDestination = 1 << 1;
    private const uint ProtocolNumber = 1 << 3;
    private const uint SourcePort = 1 << 4;
    private const uint DestinationPort = 1 << 5;

    public static void Write(NetlinkWriter request, FlowFilter filter)
    {
        // The protocol is the same in both directions: it is asked of the original one only, or of the other where that names a port.
        var original = Flags(filter, filter.Original, filter.Protocol is not null);
        var reply = Flags(filter, filter.Reply, filter.Reply.HasPort);
        if ((original | reply) == 0)
            return;
        WriteTuple(request, CTA_TUPLE_ORIG, filter, original);
        WriteTuple(request, CTA_TUPLE_REPLY, filter, reply);
        using (request.Nested(CTA_FILTER))
        {
            request.WriteUInt32(CTA_FILTER_ORIG_FLAGS, original);
            request.WriteUInt32(CTA_FILTER_REPLY_FLAGS, reply);
        }
    }

    // IPv6 addresses are left to the client: the kernel (5.8 to at least 6.18) returns the flows that have another one than the filter's.
    // Source: net/netfilter/nf_conntrack_netlink.c, ctnetlink_filter_match_tuple, which takes ipv6_addr_cmp's 0 for "not equal".
    private static uint Flags(FlowFilter filter, FlowEnds ends, bool protocol)
    {
        var flags = protocol ? ProtocolNumber : 0;
        if (ends.Source is not null && !filter.Is6)
            flags |= IPSource;
        if (ends.Destination is not null && !filter.Is6)
            flags |= IPDestination;
        if (ends.SourcePort is not null)
            flags |= SourcePort;
        if (ends.DestinationPort is not null)
            flags |= DestinationPort;
        return flags;
    }

    private static void WriteTuple(NetlinkWriter request, ushort type, FlowFilter filter, uint flags)
    {
        if (flags == 0)
            return;
        var ends = type == CTA_TUPLE_ORIG ? filter.Original : filter.Reply;
        using (request.Nested(type))
        {
            if ((flags & (IPSource | IPDestination)) != 0)
                WriteAddresses(request, ends);
            if ((flags & ProtocolNumber) != 0)
                WriteProtocol(request, ends, filter.Protocol!.Value);
        }
    }

    private static void WriteAddresses(NetlinkWriter request, FlowEnds ends)
    {
        using (request.Nested(CTA_TUPLE_IP))
        {
            if (ends.Source is { } source)
                request.WriteAddress(CTA_IP_V4_SRC, source);
            if (ends.Destination is { } destination)
                request.WriteAddress(CTA_IP_V4_DST, destination);
        }
    }

    private static void WriteProtocol(NetlinkWriter request, FlowEnds ends, byte protocol)
    {
        using (request.Nested(CTA_TUPLE_PROTO))
        {
            request.WriteUInt8(CTA_PROTO_NUM, protocol);
            if (ends.SourcePort is { } source)
                request.WriteUInt16BigEndian(CTA_PROTO_SRC_PORT, source);
            if (ends.DestinationPort is { } destination)
                request.WriteUInt16BigEndian(CTA_PROTO_DST_PORT, destination);
        }
    }
}
