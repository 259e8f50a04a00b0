using Plugboard.Netlink.Route.Uapi;

namespace Plugboard.Netlink.Route.Traffic;

/// <summary>A class of a qdisc: its share of what a link sends. Source: tc(8), CLASSES; rtnetlink(7), RTM_NEWTCLASS.</summary>
public sealed record TrafficClass
{
    /// <summary>The link's index.</summary>
    public required int LinkIndex { get; init; }

    /// <summary>The class above it; <see cref="TrafficHandle.Root"/>: none.</summary>
    public required TrafficHandle Parent { get; init; }

    /// <summary>Its number: the major part is its qdisc's.</summary>
    public required TrafficHandle Handle { get; init; }

    /// <summary>The kind of its qdisc, such as <c>htb</c>.</summary>
    public required string Kind { get; init; }

    /// <summary>The settings of a class of an <c>htb</c>; null for other kinds.</summary>
    public HtbClass? Htb { get; init; }

    /// <summary>A class of the <c>htb</c> <c>1:</c>, with none above it.</summary>
    /// <param name="linkIndex">The link's index.</param>
    /// <param name="minor">The minor part of its number.</param>
    /// <param name="htb">Its rate.</param>
    public static TrafficClass OfRoot(int linkIndex, ushort minor, HtbClass htb) =>
        new()
        {
            LinkIndex = linkIndex,
            Parent = TrafficHandle.Root,
            Handle = new TrafficHandle(1, minor),
            Kind = Qdisc.OfHtb,
            Htb = htb,
        };

    internal void Write(NetlinkWriter writer)
    {
        Qdisc.WriteKey(writer, LinkIndex, Parent, Handle);
        writer.WriteString(RtnetlinkH.TCA_KIND, Kind);
        using var options = writer.Nested(RtnetlinkH.TCA_OPTIONS);
        Htb?.Write(writer);
    }

    internal static TrafficClass Read(NetlinkMessage message)
    {
        var header = message.Header<TcMsg>();
        var kind = "";
        HtbClass? htb = null;
        var attributes = message.Attributes<TcMsg>();
        while (attributes.Read())
        {
            if (attributes.Type == RtnetlinkH.TCA_KIND)
                kind = attributes.String();
            else if (attributes.Type == RtnetlinkH.TCA_OPTIONS && kind == Qdisc.OfHtb)
                htb = HtbClass.Read(attributes.Nested());
        }

        return new TrafficClass
        {
            LinkIndex = header.tcm_ifindex,
            Parent = new TrafficHandle(header.tcm_parent),
            Handle = new TrafficHandle(header.tcm_handle),
            Kind = kind,
            Htb = htb,
        };
    }
}

/// <summary>
/// The rate of a class of an <c>htb</c>. Rates beyond 32 bits want Linux 3.13. Source: tc-htb(8); include/uapi/linux/pkt_sched.h, struct
/// tc_htb_opt; net/sched/sch_htb.c.
/// </summary>
/// <param name="Rate">In bytes per second, at least 1.</param>
/// <param name="Ceil">What it may reach with what the class above it lends, in bytes per second. At least 1; a class with none above it
/// has nothing to borrow.</param>
/// <param name="Buffer">What may be sent at once at <paramref name="Rate"/>, as time in ticks of 64 ns.</param>
/// <param name="CeilBuffer">The same at <paramref name="Ceil"/>.</param>
public sealed record HtbClass(ulong Rate, ulong Ceil, uint Buffer, uint CeilBuffer)
{
    internal void Write(NetlinkWriter writer)
    {
        var settings = new TcHtbOpt { buffer = Buffer, cbuffer = CeilBuffer };
        // Otherwise older kernels guess it, from a table that need not be sent where it is known (sch_htb.c, htb_change_class).
        settings.rate.linklayer = settings.ceil.linklayer = PktSchedH.TC_LINKLAYER_ETHERNET;
        settings.rate.rate = (uint)Math.Min(Rate, uint.MaxValue);
        settings.ceil.rate = (uint)Math.Min(Ceil, uint.MaxValue);
        writer.WriteStruct(PktSchedH.TCA_HTB_PARMS, settings);
        if (Rate > uint.MaxValue)
            writer.WriteUInt64(PktSchedH.TCA_HTB_RATE64, Rate);
        if (Ceil > uint.MaxValue)
            writer.WriteUInt64(PktSchedH.TCA_HTB_CEIL64, Ceil);
    }

    internal static HtbClass? Read(AttributeReader options)
    {
        HtbClass? read = null;
        var (rate, ceil) = (0ul, 0ul);
        while (options.Read())
        {
            if (options.Type == PktSchedH.TCA_HTB_RATE64)
                rate = options.UInt64();
            else if (options.Type == PktSchedH.TCA_HTB_CEIL64)
                ceil = options.UInt64();
            else if (options.Type == PktSchedH.TCA_HTB_PARMS)
            {
                var settings = options.Struct<TcHtbOpt>();
                read = new HtbClass(settings.rate.rate, settings.ceil.rate, settings.buffer, settings.cbuffer);
            }
        }

        // The numbers of 32 bits are then 2^32-1.
        return read is null ? null : read with { Rate = rate == 0 ? read.Rate : rate, Ceil = ceil == 0 ? read.Ceil : ceil };
    }
}
