using Plugboard.Addresses;

namespace Plugboard.Netlink.Conntrack;

/// <summary>One direction of a flow.</summary>
/// <param name="Source">Whence.</param>
/// <param name="Destination">Whither.</param>
/// <param name="Protocol">The IP header's protocol number: 6 TCP, 17 UDP, 132 SCTP.</param>
/// <param name="SourcePort">0 where the protocol has no ports.</param>
/// <param name="DestinationPort">0 where the protocol has no ports.</param>
public readonly record struct FlowTuple(IPAddr Source, IPAddr Destination, byte Protocol, ushort SourcePort, ushort DestinationPort)
{
    /// <inheritdoc/>
    public override string ToString() => $"protocol {Protocol} {Source} port {SourcePort} to {Destination} port {DestinationPort}";
}
