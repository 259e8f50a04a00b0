using Plugboard.Addresses;

namespace Plugboard.Netlink.Route;

/// <summary>A neighbour: the Ethernet address behind an IP address on a link. Source: rtnetlink(7), RTM_NEWNEIGH.</summary>
/// <param name="LinkIndex">The link's index.</param>
/// <param name="Address">The IP address.</param>
/// <param name="LinkAddress">The Ethernet address; null while it is not known.</param>
/// <param name="State">Its state.</param>
public sealed record Neighbour(int LinkIndex, IPAddr Address, MacAddress? LinkAddress, NeighbourState State)
{
    /// <summary>
    /// Its author (NDA_PROTOCOL, Linux 5.0; older kernels do not store it); <see cref="RouteProtocol.Unspecified"/> for entries of the
    /// kernel's own.
    /// </summary>
    public RouteProtocol Protocol { get; init; }
}
