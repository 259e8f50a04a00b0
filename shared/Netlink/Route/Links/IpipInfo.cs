using Plugboard.Addresses;

namespace Plugboard.Netlink.Route.Links;

/// <summary>What an IPv4-in-IPv4 tunnel is set to. Source: include/uapi/linux/if_tunnel.h, IFLA_IPTUN_*.</summary>
/// <param name="Local">The address the packets are sent from; null for the route's choice.</param>
/// <param name="Remote">The one other end; null if a route's gateway says it.</param>
/// <param name="LinkIndex">The index of the link the packets leave by; 0 for the route's choice.</param>
/// <param name="Ttl">The outer packet's time to live; 0 for the inner one's.</param>
/// <param name="PathMtuDiscovery">Outer packets are not to be fragmented.</param>
public sealed record IpipInfo(IPAddr? Local, IPAddr? Remote, int LinkIndex, byte Ttl, bool PathMtuDiscovery);
