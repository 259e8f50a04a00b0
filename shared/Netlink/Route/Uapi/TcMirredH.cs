using System.Runtime.InteropServices;

#pragma warning disable CS0649 // The kernel fills what is only read.

namespace Plugboard.Netlink.Route.Uapi;

/// <summary>include/uapi/linux/tc_act/tc_mirred.h</summary>
internal static class TcMirredH
{
    public const int TCA_EGRESS_REDIR = 1;

    public const ushort TCA_MIRRED_TM = 1;
    public const ushort TCA_MIRRED_PARMS = 2;
}

/// <summary>struct tc_mirred</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct TcMirred
{
    public uint index;
    public uint capab;
    public int action;
    public int refcnt;
    public int bindcnt;
    public int eaction;
    public uint ifindex;
}
