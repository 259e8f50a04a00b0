using System.Runtime.InteropServices;

#pragma warning disable CS0649 // The kernel fills what is only read.

namespace Plugboard.Firewall.Iptables.Uapi;

/// <summary>include/uapi/linux/netfilter_ipv4/ip_tables.h, netfilter_ipv6/ip6_tables.h and netfilter/x_tables.h</summary>
internal static class IpTablesH
{
    public const int IPT_SO_GET_INFO = 64;
    public const int IPT_SO_GET_ENTRIES = 65;
    public const int IP6T_SO_GET_INFO = 64;
    public const int IP6T_SO_GET_ENTRIES = 65;

    public const int XT_TABLE_MAXNAMELEN = 32;
    public const int XT_FUNCTION_MAXNAMELEN = 30;
}

/// <summary>struct ipt_getinfo, the same as ip6t_getinfo</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct IptGetInfo
{
    public fixed byte name[IpTablesH.XT_TABLE_MAXNAMELEN];
    public uint valid_hooks;
    public fixed uint hook_entry[5];
    public fixed uint underflow[5];
    public uint num_entries;
    public uint size;
}

/// <summary>struct ipt_entry, without its counters and matches. The packet's addresses before it are 84 bytes.</summary>
[StructLayout(LayoutKind.Explicit, Size = 112)]
internal struct IptEntry
{
    [FieldOffset(88)]
    public ushort target_offset;

    [FieldOffset(90)]
    public ushort next_offset;
}

/// <summary>struct ip6t_entry, likewise. The packet's addresses before it are 136 bytes.</summary>
[StructLayout(LayoutKind.Explicit, Size = 168)]
internal struct Ip6tEntry
{
    [FieldOffset(140)]
    public ushort target_offset;

    [FieldOffset(142)]
    public ushort next_offset;
}
