using Plugboard.Netlink.Route.Uapi;

namespace Plugboard.Netlink.Route.Traffic;

/// <summary>
/// The settings of a token bucket filter, which sends at a rate: after a pause as much at once as the bucket holds, and what comes faster
/// waits in a queue. Source: tc-tbf(8); include/uapi/linux/pkt_sched.h, struct tc_tbf_qopt; net/sched/sch_tbf.c.
/// </summary>
/// <param name="Rate">In bytes per second, at least 1. Beyond 32 bits it wants Linux 3.13.</param>
/// <param name="Limit">The queue's size in bytes; a packet that does not fit is dropped.</param>
/// <param name="Buffer">
/// The bucket's size as the time to send it at the rate, in ticks of 64 ns (Linux 2.6.31, PSCHED_SHIFT). A packet of more bytes than the
/// bucket holds is dropped, unless it is one of GSO, which is divided.
/// </param>
public sealed record Tbf(ulong Rate, uint Limit, uint Buffer)
{
    internal void Write(NetlinkWriter writer)
    {
        var settings = new TcTbfQopt { limit = Limit, buffer = Buffer };
        settings.rate.rate = (uint)Rate;
        writer.WriteStruct(PktSchedH.TCA_TBF_PARMS, settings);
        if (Rate > uint.MaxValue)
            writer.WriteUInt64(PktSchedH.TCA_TBF_RATE64, Rate);
    }

    internal static Tbf? Read(AttributeReader options)
    {
        Tbf? tbf = null;
        var rate = 0ul;
        while (options.Read())
        {
            if (options.Type == PktSchedH.TCA_TBF_RATE64)
                rate = options.UInt64();
            else if (options.Type == PktSchedH.TCA_TBF_PARMS)
            {
                var settings = options.Struct<TcTbfQopt>();
                tbf = new Tbf(settings.rate.rate, settings.limit, settings.buffer);
            }
        }

        // rate.rate is then 2^32-1.
        return rate == 0 || tbf is null ? tbf : tbf with { Rate = rate };
    }
}
