using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Plugboard.Netlink.Route.Uapi;

/// <summary>struct ifla_vf_mac (include/uapi/linux/if_link.h)</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct IflaVfMac
{
    public uint vf;
    public Bytes mac;

    [InlineArray(32)]
    internal struct Bytes
    {
        private byte first;
    }
}

/// <summary>struct ifla_vf_vlan_info</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct IflaVfVlanInfo
{
    public uint vf;
    public uint vlan;
    public uint qos;
    public ushort vlan_proto;
}

/// <summary>struct ifla_vf_rate: Mbit/s, 0 for none.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct IflaVfRate
{
    public uint vf;
    public uint min_tx_rate;
    public uint max_tx_rate;
}

/// <summary>struct ifla_vf_spoofchk: 0, 1, or all ones where the driver has no such setting.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct IflaVfSpoofchk
{
    public uint vf;
    public uint setting;
}

/// <summary>struct ifla_vf_link_state</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct IflaVfLinkState
{
    public uint vf;
    public uint link_state;
}

/// <summary>struct ifla_vf_trust: 0, 1, or all ones where the driver has no such setting.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct IflaVfTrust
{
    public uint vf;
    public uint setting;
}
