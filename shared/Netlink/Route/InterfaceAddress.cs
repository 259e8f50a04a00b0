using Plugboard.Addresses;

namespace Plugboard.Netlink.Route;

/// <summary>An address of a link as the kernel reports it. Source: rtnetlink(7), RTM_NEWADDR.</summary>
public sealed record InterfaceAddress
{
    /// <summary>The link's index.</summary>
    public required int LinkIndex { get; init; }

    /// <summary>The address and its network's length.</summary>
    public required IPPrefix Address { get; init; }

    /// <summary>The other end of a point-to-point link; null for other links.</summary>
    public IPAddr? Peer { get; init; }

    /// <summary>The IPv4 broadcast address; null without one.</summary>
    public IPAddr? Broadcast { get; init; }

    /// <summary>IPv4: the link's name, or an old alias beginning with it; empty for IPv6.</summary>
    public string Label { get; init; } = "";

    /// <summary>Where it is valid.</summary>
    public RouteScope Scope { get; init; }

    /// <summary>All flags.</summary>
    public AddressFlags Flags { get; init; }

    /// <summary>Duplicate address detection is not over, or failed: not yet usable.</summary>
    public bool IsTentative => (Flags & AddressFlags.Tentative) != 0;

    /// <summary>Someone else has the address.</summary>
    public bool IsDadFailed => (Flags & AddressFlags.DadFailed) != 0;
}
