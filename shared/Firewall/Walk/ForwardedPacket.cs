using Plugboard.Addresses;

namespace Plugboard.Firewall.Walk;

/// <summary>The first packet of a TCP connection that a node forwards from one of its links to another.</summary>
/// <param name="Source">The sender's address.</param>
/// <param name="Destination">The destination address.</param>
/// <param name="InLink">The incoming link.</param>
/// <param name="OutLink">The outgoing link.</param>
public sealed record ForwardedPacket(IPAddr Source, IPAddr Destination, string InLink, string OutLink);
