using Plugboard.Netlink.Route.Uapi;

namespace Plugboard.Netlink.Route.Traffic;

/// <summary>
/// The settings of a hierarchical token bucket, which has classes with a rate each, and filters that choose one. Source: tc-htb(8);
/// include/uapi/linux/pkt_sched.h, struct tc_htb_glob; net/sched/sch_htb.c.
/// </summary>
/// <param name="DefaultClass">
/// The minor part of the class of what no filter chooses. Where there is no such class, packets are sent without a limit.
/// </param>
public sealed record Htb(uint DefaultClass)
{
    /// <summary>What the kernel divides a class's rate by for its share of a round, as tc(8) sets it.</summary>
    private const uint RateToQuantum = 10;

    /// <summary>TC_HTB_PROTOVER's major part: the kernel refuses others.</summary>
    private const uint Version = 3;

    internal void Write(NetlinkWriter writer) =>
        writer.WriteStruct(
            PktSchedH.TCA_HTB_INIT,
            new TcHtbGlob
            {
                version = Version,
                rate2quantum = RateToQuantum,
                defcls = DefaultClass,
            }
        );

    internal static Htb? Read(AttributeReader options)
    {
        Htb? htb = null;
        while (options.Read())
        {
            if (options.Type == PktSchedH.TCA_HTB_INIT)
                htb = new Htb(options.Struct<TcHtbGlob>().defcls);
        }

        return htb;
    }
}
