using System.Runtime.InteropServices;

#pragma warning disable CS0649 // The kernel fills what is only read.

namespace Plugboard.Netlink.Route.Uapi;

/// <summary>include/uapi/linux/pkt_sched.h</summary>
internal static class PktSchedH
{
    public const uint TC_H_ROOT = 0xffff_ffff;
    public const uint TC_H_INGRESS = 0xffff_fff1;
    public const ushort TC_H_MIN_INGRESS = 0xfff2;

    public const ushort TCA_TBF_PARMS = 1;
    public const ushort TCA_TBF_RATE64 = 4;
    public const ushort TCA_TBF_PRATE64 = 5;
    public const ushort TCA_TBF_BURST = 6;
    public const ushort TCA_TBF_PBURST = 7;

    public const ushort TCA_HTB_PARMS = 1;
    public const ushort TCA_HTB_INIT = 2;
    public const ushort TCA_HTB_DIRECT_QLEN = 5;
    public const ushort TCA_HTB_RATE64 = 6;
    public const ushort TCA_HTB_CEIL64 = 7;

    public const byte TC_LINKLAYER_ETHERNET = 1;
}

/// <summary>struct tc_ratespec</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct TcRateSpec
{
    public byte cell_log;
    public byte linklayer;
    public ushort overhead;
    public short cell_align;
    public ushort mpu;
    public uint rate;
}

/// <summary>struct tc_tbf_qopt</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct TcTbfQopt
{
    public TcRateSpec rate;
    public TcRateSpec peakrate;
    public uint limit;
    public uint buffer;
    public uint mtu;
}

/// <summary>struct tc_htb_glob</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct TcHtbGlob
{
    public uint version;
    public uint rate2quantum;
    public uint defcls;
    public uint debug;
    public uint direct_pkts;
}

/// <summary>struct tc_htb_opt</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct TcHtbOpt
{
    public TcRateSpec rate;
    public TcRateSpec ceil;
    public uint buffer;
    public uint cbuffer;
    public uint quantum;
    public uint level;
    public uint prio;
}
