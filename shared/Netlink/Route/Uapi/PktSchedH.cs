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
