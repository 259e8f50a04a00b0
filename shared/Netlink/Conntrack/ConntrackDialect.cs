using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Plugboard.Netlink.Conntrack.Uapi;
using Plugboard.Netlink.Trace;
using Plugboard.Netlink.Uapi;
using static Plugboard.Netlink.Conntrack.Uapi.NfnetlinkConntrackH;
using static Plugboard.Netlink.Trace.AttributeFormat;

namespace Plugboard.Netlink.Conntrack;

/// <summary>The words of conntrack's netlink.</summary>
internal sealed class ConntrackDialect : NetlinkDialect
{
    public static ushort Type(int message) => (ushort)(NFNL_SUBSYS_CTNETLINK << 8 | message);

    public override string MessageName(ushort type) =>
        (type - (NFNL_SUBSYS_CTNETLINK << 8)) switch
        {
            IPCTNL_MSG_CT_NEW => nameof(IPCTNL_MSG_CT_NEW),
            IPCTNL_MSG_CT_GET => nameof(IPCTNL_MSG_CT_GET),
            IPCTNL_MSG_CT_DELETE => nameof(IPCTNL_MSG_CT_DELETE),
            _ => "message " + type.ToString(CultureInfo.InvariantCulture),
        };

    public override string FlagNames(ushort type, ushort flags) =>
        type == Type(IPCTNL_MSG_CT_GET) && (flags & NetlinkH.NLM_F_DUMP) == NetlinkH.NLM_F_DUMP ? "DUMP" : "";

    public override string DescribeHeader(ushort type, ReadOnlySpan<byte> payload) =>
        MemoryMarshal.TryRead<NfGenMsg>(payload, out var header)
            ? $"family {header.nfgen_family} version {header.version}"
            : $"{payload.Length} bytes";

    public override AttributeSchema? Schema(ushort type, ReadOnlySpan<byte> payload) =>
        type >> 8 == NFNL_SUBSYS_CTNETLINK && payload.Length >= Unsafe.SizeOf<NfGenMsg>()
            ? new AttributeSchema(
                Unsafe.SizeOf<NfGenMsg>(),
                new(CTA_TUPLE_ORIG, nameof(CTA_TUPLE_ORIG), Nested, Tuple()),
                new(CTA_TUPLE_REPLY, nameof(CTA_TUPLE_REPLY), Nested, Tuple()),
                new(CTA_STATUS, nameof(CTA_STATUS), NumberBigEndian),
                new(CTA_PROTOINFO, nameof(CTA_PROTOINFO), Bytes),
                new(CTA_TIMEOUT, nameof(CTA_TIMEOUT), NumberBigEndian),
                new(CTA_MARK, nameof(CTA_MARK), NumberBigEndian),
                new(CTA_COUNTERS_ORIG, nameof(CTA_COUNTERS_ORIG), Bytes),
                new(CTA_COUNTERS_REPLY, nameof(CTA_COUNTERS_REPLY), Bytes),
                new(CTA_USE, nameof(CTA_USE), NumberBigEndian),
                new(CTA_ID, nameof(CTA_ID), NumberBigEndian),
                new(CTA_ZONE, nameof(CTA_ZONE), NumberBigEndian),
                new(CTA_LABELS, nameof(CTA_LABELS), Bytes),
                new(CTA_LABELS_MASK, nameof(CTA_LABELS_MASK), Bytes),
                new(CTA_FILTER, nameof(CTA_FILTER), Nested, Filter())
            )
            : null;

    private static AttributeSchema Tuple() =>
        new(
            0,
            new(CTA_TUPLE_IP, nameof(CTA_TUPLE_IP), Nested, Addresses()),
            new(CTA_TUPLE_PROTO, nameof(CTA_TUPLE_PROTO), Nested, Protocol()),
            new(CTA_TUPLE_ZONE, nameof(CTA_TUPLE_ZONE), NumberBigEndian)
        );

    private static AttributeSchema Addresses() =>
        new(
            0,
            new(CTA_IP_V4_SRC, nameof(CTA_IP_V4_SRC), Address),
            new(CTA_IP_V4_DST, nameof(CTA_IP_V4_DST), Address),
            new(CTA_IP_V6_SRC, nameof(CTA_IP_V6_SRC), Address),
            new(CTA_IP_V6_DST, nameof(CTA_IP_V6_DST), Address)
        );

    private static AttributeSchema Protocol() =>
        new(
            0,
            new(CTA_PROTO_NUM, nameof(CTA_PROTO_NUM), Number),
            new(CTA_PROTO_SRC_PORT, nameof(CTA_PROTO_SRC_PORT), NumberBigEndian),
            new(CTA_PROTO_DST_PORT, nameof(CTA_PROTO_DST_PORT), NumberBigEndian),
            new(CTA_PROTO_ICMP_ID, nameof(CTA_PROTO_ICMP_ID), NumberBigEndian),
            new(CTA_PROTO_ICMP_TYPE, nameof(CTA_PROTO_ICMP_TYPE), Number),
            new(CTA_PROTO_ICMP_CODE, nameof(CTA_PROTO_ICMP_CODE), Number)
        );

    private static AttributeSchema Filter() =>
        new(
            0,
            new(CTA_FILTER_ORIG_FLAGS, nameof(CTA_FILTER_ORIG_FLAGS), Number),
            new(CTA_FILTER_REPLY_FLAGS, nameof(CTA_FILTER_REPLY_FLAGS), Number)
        );
}
