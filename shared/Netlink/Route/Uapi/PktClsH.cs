using System.Runtime.InteropServices;

#pragma warning disable CS0649 // The kernel fills what is only read.

namespace Plugboard.Netlink.Route.Uapi;

/// <summary>include/uapi/linux/pkt_cls.h</summary>
internal static class PktClsH
{
    public const ushort TCA_ACT_KIND = 1;
    public const ushort TCA_ACT_OPTIONS = 2;
    public const ushort TCA_ACT_INDEX = 3;
    public const ushort TCA_ACT_STATS = 4;

    public const int TC_ACT_OK = 0;
    public const int TC_ACT_PIPE = 3;
    public const int TC_ACT_STOLEN = 4;

    public const ushort TCA_U32_CLASSID = 1;
    public const ushort TCA_U32_HASH = 2;
    public const ushort TCA_U32_DIVISOR = 4;
    public const ushort TCA_U32_SEL = 5;
    public const ushort TCA_U32_ACT = 7;
    public const ushort TCA_U32_PCNT = 9;
    public const ushort TCA_U32_FLAGS = 11;

    public const byte TC_U32_TERMINAL = 1;
}

/// <summary>struct tc_u32_sel, without the keys that follow it</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct TcU32Sel
{
    public byte flags;
    public byte offshift;
    public byte nkeys;
    public ushort offmask;
    public ushort off;
    public short offoff;
    public short hoff;
    public uint hmask;
}

/// <summary>struct tc_u32_key</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct TcU32Key
{
    public uint mask;
    public uint val;
    public int off;
    public int offmask;
}
