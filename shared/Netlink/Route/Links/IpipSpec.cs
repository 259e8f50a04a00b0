using Plugboard.Addresses;
using Plugboard.Netlink.Route.Uapi;

namespace Plugboard.Netlink.Route.Links;

/// <summary>
/// An IPv4-in-IPv4 tunnel without a fixed other end: a route's gateway is where a packet goes. The kernel has one such device for each
/// local address in a namespace. Source: ip-link(8), TYPE ipip; include/uapi/linux/if_tunnel.h; net/ipv4/ipip.c.
/// </summary>
public sealed record IpipSpec : LinkSpec
{
    /// <inheritdoc/>
    public override string Kind => "ipip";

    /// <summary>The IPv4 address the packets are sent from; null for the route's choice.</summary>
    public IPAddr? Local { get; init; }

    /// <summary>The index of the link the packets leave by, in the client's namespace; 0 for the route's choice.</summary>
    public int Parent { get; init; }

    /// <summary>The outer packet's time to live; 0 for the inner one's.</summary>
    public byte Ttl { get; init; }

    /// <summary>Outer packets are not to be fragmented (DF). The kernel refuses false with a <see cref="Ttl"/> (EINVAL).</summary>
    public bool PathMtuDiscovery { get; init; } = true;

    private protected override void WriteData(NetlinkWriter writer)
    {
        if (Parent != 0)
            writer.WriteUInt32(IfTunnelH.IFLA_IPTUN_LINK, (uint)Parent);
        if (Local is { } local)
            writer.WriteAddress(IfTunnelH.IFLA_IPTUN_LOCAL, local);
        if (Ttl != 0)
            writer.WriteUInt8(IfTunnelH.IFLA_IPTUN_TTL, Ttl);
        writer.WriteUInt8(IfTunnelH.IFLA_IPTUN_PMTUDISC, (byte)(PathMtuDiscovery ? 1 : 0));
    }
}

/// <summary>What an IPv4-in-IPv4 tunnel is set to. Source: include/uapi/linux/if_tunnel.h, IFLA_IPTUN_*.</summary>
/// <param name="Local">The address the packets are sent from; null for the route's choice.</param>
/// <param name="Remote">The one other end; null if a route's gateway says it.</param>
/// <param name="LinkIndex">The index of the link the packets leave by; 0 for the route's choice.</param>
/// <param name="Ttl">The outer packet's time to live; 0 for the inner one's.</param>
/// <param name="PathMtuDiscovery">Outer packets are not to be fragmented.</param>
public sealed record IpipInfo(IPAddr? Local, IPAddr? Remote, int LinkIndex, byte Ttl, bool PathMtuDiscovery);
