using System.Runtime.InteropServices;

namespace Plugboard.Netlink.Route;

/// <summary>A VLAN of a bridge or of its port.</summary>
/// <param name="Vid">1 to 4094.</param>
/// <param name="Flags">How it is treated.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct BridgeVlan(int Vid, BridgeVlanFlags Flags);
