using Plugboard.Addresses;

namespace Plugboard.Coordinator.Policy.Judging;

/// <summary>The first packet of a connection, as the destination's node forwards it: after DNAT, before masquerading.</summary>
/// <param name="Source">The address that opens it.</param>
/// <param name="Destination">The address it is opened to.</param>
/// <param name="Protocol">The IP header's protocol number.</param>
/// <param name="Port">The destination port; 0 if the protocol has none.</param>
internal readonly record struct Connection(IPAddr Source, IPAddr Destination, byte Protocol, ushort Port);
