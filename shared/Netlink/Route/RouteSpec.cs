using Plugboard.Addresses;

namespace Plugboard.Netlink.Route;

/// <summary>A route to be added or removed. Source: rtnetlink(7), RTM_NEWROUTE; ip-route(8).</summary>
public sealed record RouteSpec
{
    /// <summary>The destination network; host bits are cut off, as Go's netlink package does.</summary>
    public required IPPrefix Dst { get; init; }

    /// <summary>The next hop, of either family (an IPv6 gateway of an IPv4 route is RTA_VIA, Linux 5.2); null for none.</summary>
    public IPAddr? Gateway { get; init; }

    /// <summary>The index of the link it leaves by; 0 for none.</summary>
    public int OutInterface { get; init; }

    /// <summary>The metric: less is better; 0 for the default.</summary>
    public uint Priority { get; init; }

    /// <summary>The routing table; null for the main one, 254.</summary>
    public int? Table { get; init; }

    /// <summary>Null for universe.</summary>
    public RouteScope? Scope { get; init; }

    /// <summary>The path's MTU in bytes; 0 for the link's.</summary>
    public int Mtu { get; init; }

    /// <summary>The maximum segment size to advertise to TCP peers in bytes; 0 for the default.</summary>
    public int AdvMss { get; init; }

    /// <summary>The gateway counts as reachable though no address' network holds it.</summary>
    public bool OnLink { get; init; }

    /// <summary>The source address to prefer; null for the kernel's choice.</summary>
    public IPAddr? Source { get; init; }

    /// <summary>Its author.</summary>
    public RouteProtocol Protocol { get; init; } = RouteProtocol.Boot;

    /// <summary>What becomes of a packet.</summary>
    public RouteType Type { get; init; } = RouteType.Unicast;

    /// <summary>As ip-route(8) has it, for messages.</summary>
    public override string ToString()
    {
        var text = Dst.Network.ToString();
        if (Gateway is { } gateway)
            text += $" via {gateway}";
        return OutInterface == 0 ? text : $"{text} on {LinkTable.Subject(OutInterface)}";
    }
}
