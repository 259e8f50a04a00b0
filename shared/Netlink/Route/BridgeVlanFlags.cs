namespace Plugboard.Netlink.Route;

/// <summary>How a port treats a VLAN. Source: bridge(8); include/uapi/linux/if_bridge.h, BRIDGE_VLAN_INFO_*.</summary>
[Flags]
public enum BridgeVlanFlags
{
    /// <summary>Tagged, in and out.</summary>
    None = 0,

    /// <summary>Packets that come in without a tag belong to it; a port has one such VLAN.</summary>
    Pvid = 1 << 1,

    /// <summary>Its packets leave without a tag.</summary>
    Untagged = 1 << 2,
}
