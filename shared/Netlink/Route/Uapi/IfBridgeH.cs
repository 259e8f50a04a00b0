using System.Runtime.InteropServices;

#pragma warning disable CS0649 // The kernel fills what is only read.

namespace Plugboard.Netlink.Route.Uapi;

/// <summary>include/uapi/linux/if_bridge.h</summary>
internal static class IfBridgeH
{
    public const byte BR_STATE_DISABLED = 0;
    public const byte BR_STATE_LISTENING = 1;
    public const byte BR_STATE_LEARNING = 2;
    public const byte BR_STATE_FORWARDING = 3;
    public const byte BR_STATE_BLOCKING = 4;

    public const ushort BRIDGE_FLAGS_MASTER = 1;
    public const ushort BRIDGE_FLAGS_SELF = 2;

    public const ushort IFLA_BRIDGE_FLAGS = 0;
    public const ushort IFLA_BRIDGE_MODE = 1;
    public const ushort IFLA_BRIDGE_VLAN_INFO = 2;

    public const ushort BRIDGE_VLAN_INFO_PVID = 1 << 1;
    public const ushort BRIDGE_VLAN_INFO_UNTAGGED = 1 << 2;
    public const ushort BRIDGE_VLAN_INFO_RANGE_BEGIN = 1 << 3;
    public const ushort BRIDGE_VLAN_INFO_RANGE_END = 1 << 4;
}

/// <summary>struct bridge_vlan_info</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct BridgeVlanInfo
{
    public ushort flags;
    public ushort vid;
}
