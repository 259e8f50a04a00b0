using Plugboard.Addresses;

namespace Plugboard.Firewall.Walk;

/// <summary>The first packet of a TCP connection that a node passes on, from one of its links to another.</summary>
/// <param name="Source">Who sends it.</param>
/// <param name="Destination">Where it goes.</param>
/// <param name="InLink">The link by which it comes.</param>
/// <param name="OutLink">The link by which it leaves.</param>
public sealed record ForwardedPacket(IPAddr Source, IPAddr Destination, string InLink, string OutLink);
