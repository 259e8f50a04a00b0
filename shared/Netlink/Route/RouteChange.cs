using Plugboard.Netlink.Route.Links;

namespace Plugboard.Netlink.Route;

/// <summary>
/// One thing that changed; which, is the one of <see cref="Link"/>, <see cref="Address"/>, <see cref="Route"/>, <see cref="Neighbour"/> and
/// <see cref="Fdb"/>
/// that is not null. Source: rtnetlink(7).
/// </summary>
public sealed record RouteChange
{
    /// <summary>It is gone; else it is new, or not as it was.</summary>
    public bool IsDeleted { get; init; }

    /// <summary>A route that took another's place (NLM_F_REPLACE): of that one nothing more is told.</summary>
    public bool IsReplacement { get; init; }

    /// <summary>
    /// Whose request it was: <see cref="RouteClient.PortId"/>. 0 for the kernel itself, and where it does not tell, as of forwarding
    /// entries.
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

    /// <summary>An entry of a bridge's or VXLAN device's forwarding database.</summary>
    public FdbEntry? Fdb { get; init; }
}
