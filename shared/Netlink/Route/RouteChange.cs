using Plugboard.Netlink.Route.Links;

namespace Plugboard.Netlink.Route;

/// <summary>
/// One changed object: the one of <see cref="Link"/>, <see cref="Address"/>, <see cref="Route"/>, <see cref="Neighbour"/> and <see
/// cref="Fdb"/> that is not null. Source: rtnetlink(7).
/// </summary>
public sealed record RouteChange
{
    /// <summary>It is gone; else it is new, or not as it was.</summary>
    public bool IsDeleted { get; init; }

    /// <summary>A route that replaced another one (NLM_F_REPLACE), which gets no notification of its own.</summary>
    public bool IsReplacement { get; init; }

    /// <summary>
    /// The author's <see cref="RouteClient.PortId"/>. 0 for the kernel itself, and if the kernel does not report it, as for FDB entries.
    /// </summary>
    public uint PortId { get; init; }

    /// <summary>A link.</summary>
    public Link? Link { get; init; }

    /// <summary>An address of a link.</summary>
    public InterfaceAddress? Address { get; init; }

    /// <summary>A route.</summary>
    public Route? Route { get; init; }

    /// <summary>A neighbour.</summary>
    public Neighbour? Neighbour { get; init; }

    /// <summary>An FDB entry of a bridge or VXLAN device.</summary>
    public FdbEntry? Fdb { get; init; }
}
