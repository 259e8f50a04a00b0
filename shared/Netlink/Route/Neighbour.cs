using Plugboard.Addresses;

namespace Plugboard.Netlink.Route;

/// <summary>A neighbour: who has an address on a link. Source: rtnetlink(7), RTM_NEWNEIGH.</summary>
/// <param name="LinkIndex">The link's index.</param>
/// <param name="Address">The IP address.</param>
/// <param name="LinkAddress">The Ethernet address; null while it is not known.</param>
/// <param name="State">What is known.</param>
public sealed record Neighbour(int LinkIndex, IPAddr Address, MacAddress? LinkAddress, NeighbourState State)
{
    /// <summary>
    /// Who made it (NDA_PROTOCOL, Linux 5.0; older kernels neither keep nor tell it); <see cref="RouteProtocol.Unspecified"/> for what the
    /// kernel found out.
    /// </summary>
    public RouteProtocol Protocol { get; init; }
}
