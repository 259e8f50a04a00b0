using Plugboard.Addresses;
using Plugboard.Linux;

namespace Plugboard.Netlink.Route;

/// <summary>A route as the kernel reports it. Source: rtnetlink(7), RTM_NEWROUTE.</summary>
#pragma warning disable MA0049 // The kernel's noun is the namespace's too.
public sealed record Route
#pragma warning restore MA0049
{
    /// <summary>The routing table that packets go by unless a rule says otherwise.</summary>
    public const int MainTable = 254;

    /// <summary>The destination network.</summary>
    public required IPPrefix Dst { get; init; }

    /// <summary>The next hop; null for none, and for a multipath route.</summary>
    public IPAddr? Gateway { get; init; }

    /// <summary>The index of the link it leaves by; 0 for none, and for a multipath route.</summary>
    public int OutInterface { get; init; }

    /// <summary>The metric; IPv6's default is 1024.</summary>
    public uint Priority { get; init; }

    /// <summary>The routing table, such as <see cref="MainTable"/>.</summary>
    public int Table { get; init; }

    /// <summary>
    /// It counts for some packets to its destination only: those with a type of service (<c>tos</c>), or of IPv6 with a sender in a network
    /// (<c>from</c>, CONFIG_IPV6_SUBTREES). The kernel has it beside a route of the same network and metric.
    /// </summary>
    public bool IsSelective { get; init; }

    /// <summary>How far the destination is.</summary>
    public RouteScope Scope { get; init; }

    /// <summary>Its author.</summary>
    public RouteProtocol Protocol { get; init; }

    /// <summary>What becomes of a packet.</summary>
    public RouteType Type { get; init; }

    /// <summary>The source address preferred; null for the kernel's choice.</summary>
    public IPAddr? Source { get; init; }

    /// <summary>The path's MTU in bytes; 0 for the link's.</summary>
    public int Mtu { get; init; }

    /// <summary>The maximum segment size advertised to TCP peers in bytes; 0 for the default.</summary>
    public int AdvMss { get; init; }

    /// <summary>The gateway counts as reachable though no address' network holds it.</summary>
    public bool OnLink { get; init; }

    /// <summary>Several next hops (RTA_MULTIPATH): <see cref="NextHops"/>.</summary>
    public bool IsMultipath { get; init; }

    /// <summary>The next hops of a multipath route in the kernel's order; empty for other routes.</summary>
    public ValueArray<NextHop> NextHops { get; init; } = [];

    /// <summary>The kernel does not use it: its link is down.</summary>
    public bool IsDead { get; init; }

    /// <summary>A copy of a route for one destination that the kernel made for its own use.</summary>
    public bool IsCloned { get; init; }

    /// <summary>
    /// Its part by way of a link: the route itself, or of a multipath route each next hop there, as a route of its own. To remove one of an
    /// IPv6 route leaves the other hops; an IPv4 route is removed whole, by its first hop (net/ipv4/fib_semantics.c, fib_nh_match).
    /// </summary>
    public IEnumerable<Route> By(int link)
    {
        if (!IsMultipath)
            return OutInterface == link ? [this] : [];
        return NextHops
            .Where(hop => hop.OutInterface == link)
            .Select(hop =>
                this with
                {
                    Gateway = hop.Gateway,
                    OutInterface = link,
                    IsMultipath = false,
                    NextHops = [],
                    IsDead = hop.IsDead,
                }
            );
    }

    /// <summary>What makes this route, or removes it and no other; without the next hops of a multipath route.</summary>
    public RouteSpec ToSpec() =>
        new()
        {
            Dst = Dst,
            Gateway = Gateway,
            OutInterface = OutInterface,
            Priority = Priority,
            Table = Table,
            Scope = Scope,
            Protocol = Protocol,
            Type = Type,
            Source = Source,
            Mtu = Mtu,
            AdvMss = AdvMss,
            OnLink = OnLink,
        };
}

/// <summary>One of several ways that a multipath route takes. Source: rtnetlink(7), struct rtnexthop.</summary>
/// <param name="OutInterface">The index of the link it leaves by; 0 for none.</param>
/// <param name="Gateway">The router, of either family; null for none.</param>
/// <param name="IsDead">The kernel does not use it: the link is down.</param>
public sealed record NextHop(int OutInterface, IPAddr? Gateway, bool IsDead);
