using Plugboard.Addresses;
using Plugboard.Netlink.Route;

namespace Plugboard.Coordinator.Routes;

/// <summary>A desired route of the main table, with this coordinator's protocol number.</summary>
/// <param name="Dst">The destination network.</param>
/// <param name="Gateway">The next hop; null for none.</param>
/// <param name="Link">The name of the outgoing link; empty for a blackhole.</param>
internal readonly record struct DesiredRoute(IPPrefix Dst, IPAddr? Gateway, string Link)
{
    /// <summary>
    /// A blackhole's metric: larger than that of the bridge's own route to the same network, so that it catches only addresses without a
    /// pod.
    /// </summary>
    public const uint BlackholePriority = 4_000_000_000;

    // The kernel's metric of an IPv6 route without one (IP6_RT_PRIO_USER).
    private const uint DefaultPriority6 = 1024;

    /// <summary>The gateway counts as reachable though it is in no address's network.</summary>
    public bool OnLink { get; init; }

    /// <summary>The path's MTU in bytes; 0 for the link's.</summary>
    public int Mtu { get; init; }

    /// <summary>The type: what happens to a packet.</summary>
    public RouteType Type => Link.Length == 0 ? RouteType.Blackhole : RouteType.Unicast;

    /// <summary>The metric.</summary>
    public uint Priority =>
        Link.Length == 0 ? BlackholePriority
        : Dst.Is6 ? DefaultPriority6
        : 0;

    /// <summary>As ip-route(8) has it.</summary>
    public override string ToString()
    {
        if (Link.Length == 0)
            return $"blackhole {Dst}";
        var text = Gateway is { } gateway ? $"{Dst} via {gateway} dev {Link}" : $"{Dst} dev {Link}";
        if (OnLink)
            text += " onlink";
        return Mtu == 0 ? text : $"{text} mtu {Mtu}";
    }
}
