namespace Plugboard.Testing;

/// <summary>What not every kernel is built with.</summary>
public enum KernelFeature
{
    /// <summary>CONFIG_DUMMY</summary>
    Dummy,

    /// <summary>CONFIG_VLAN_8021Q</summary>
    Vlan,

    /// <summary>CONFIG_BRIDGE_VLAN_FILTERING</summary>
    BridgeVlanFiltering,

    /// <summary>CONFIG_NET_IPIP</summary>
    Ipip,
}
