namespace Plugboard.Netlink.Route.Links;

/// <summary>What a link is as a port of a bridge. Source: include/uapi/linux/if_link.h, IFLA_BRPORT_*.</summary>
/// <param name="State">What passes.</param>
/// <param name="Hairpin">Packets may leave by the port they came in (IFLA_BRPORT_MODE).</param>
/// <param name="Isolated">No packets to other isolated ports (Linux 4.18); false on older kernels.</param>
public sealed record BridgePort(BridgePortState State, bool Hairpin, bool Isolated);
