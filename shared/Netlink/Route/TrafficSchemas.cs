using System.Runtime.CompilerServices;
using Plugboard.Netlink.Route.Uapi;
using Plugboard.Netlink.Trace;
using static Plugboard.Netlink.Route.Uapi.PktClsH;
using static Plugboard.Netlink.Route.Uapi.PktSchedH;
using static Plugboard.Netlink.Route.Uapi.RtnetlinkH;
using static Plugboard.Netlink.Route.Uapi.TcMirredH;
using static Plugboard.Netlink.Trace.AttributeFormat;

namespace Plugboard.Netlink.Route;

/// <summary>The attributes of traffic control's messages. Built at each use: only errors and the trace need them.</summary>
internal static class TrafficSchemas
{
    public static AttributeSchema Qdisc() => Message(static kind => kind == Traffic.Qdisc.OfTbf ? Tbf() : OfHtb(kind));

    public static AttributeSchema Class() => Message(OfHtb);

    public static AttributeSchema Filter() => Message(static kind => kind == Traffic.Filter.U32 ? U32() : null);

    public static AttributeSchema Action() =>
        new(Unsafe.SizeOf<TcaMsg>(), new AttributeDefinition(TCA_ACT_TAB, nameof(TCA_ACT_TAB), Nested, Actions()));

    private static AttributeSchema Message(Func<string, AttributeSchema?> options) =>
        new(
            Unsafe.SizeOf<TcMsg>(),
            new(TCA_KIND, nameof(TCA_KIND), Text),
            new(TCA_OPTIONS, nameof(TCA_OPTIONS), Nested, NestedByKind: options),
            new(TCA_STATS, nameof(TCA_STATS), Bytes),
            new(TCA_XSTATS, nameof(TCA_XSTATS), Bytes),
            new(TCA_STATS2, nameof(TCA_STATS2), Bytes),
            new(TCA_CHAIN, nameof(TCA_CHAIN), Number),
            new(TCA_HW_OFFLOAD, nameof(TCA_HW_OFFLOAD), Number)
        );

    private static AttributeSchema Tbf() =>
        new(
            0,
            new(TCA_TBF_PARMS, nameof(TCA_TBF_PARMS), Bytes),
            new(TCA_TBF_RATE64, nameof(TCA_TBF_RATE64), Number),
            new(TCA_TBF_PRATE64, nameof(TCA_TBF_PRATE64), Number),
            new(TCA_TBF_BURST, nameof(TCA_TBF_BURST), Number),
            new(TCA_TBF_PBURST, nameof(TCA_TBF_PBURST), Number)
        );

    private static AttributeSchema? OfHtb(string kind) => kind == Traffic.Qdisc.OfHtb ? Htb() : null;

    private static AttributeSchema Htb() =>
        new(
            0,
            new(TCA_HTB_PARMS, nameof(TCA_HTB_PARMS), Bytes),
            new(TCA_HTB_INIT, nameof(TCA_HTB_INIT), Bytes),
            new(TCA_HTB_DIRECT_QLEN, nameof(TCA_HTB_DIRECT_QLEN), Number),
            new(TCA_HTB_RATE64, nameof(TCA_HTB_RATE64), Number),
            new(TCA_HTB_CEIL64, nameof(TCA_HTB_CEIL64), Number)
        );

    private static AttributeSchema U32() =>
        new(
            0,
            new(TCA_U32_CLASSID, nameof(TCA_U32_CLASSID), Number),
            new(TCA_U32_HASH, nameof(TCA_U32_HASH), Number),
            new(TCA_U32_DIVISOR, nameof(TCA_U32_DIVISOR), Number),
            new(TCA_U32_SEL, nameof(TCA_U32_SEL), Bytes),
            new(TCA_U32_ACT, nameof(TCA_U32_ACT), Nested, Actions()),
            new(TCA_U32_PCNT, nameof(TCA_U32_PCNT), Bytes),
            new(TCA_U32_FLAGS, nameof(TCA_U32_FLAGS), Number)
        );

    // Numbered by their order; the kernel takes up to 32.
    private static AttributeSchema Actions() =>
        new(
            0,
            [
                .. Enumerable
                    .Range(1, 32)
                    .Select(static number => new AttributeDefinition((ushort)number, $"action {number}", Nested, OneAction())),
            ]
        );

    private static AttributeSchema OneAction() =>
        new(
            0,
            new(TCA_ACT_KIND, nameof(TCA_ACT_KIND), Text),
            new(
                TCA_ACT_OPTIONS,
                nameof(TCA_ACT_OPTIONS),
                Nested,
                NestedByKind: static kind => kind == Traffic.Filter.Mirred ? Mirred() : null
            ),
            new(TCA_ACT_INDEX, nameof(TCA_ACT_INDEX), Number),
            new(TCA_ACT_STATS, nameof(TCA_ACT_STATS), Bytes)
        );

    private static AttributeSchema Mirred() =>
        new(0, new(TCA_MIRRED_PARMS, nameof(TCA_MIRRED_PARMS), Bytes), new(TCA_MIRRED_TM, nameof(TCA_MIRRED_TM), Bytes));
}
