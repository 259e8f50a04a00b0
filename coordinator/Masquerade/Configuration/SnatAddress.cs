using Plugboard.Addresses;

namespace Plugboard.Coordinator.Masquerade.Configuration;

/// <summary>The source address of packets that leave by a link.</summary>
/// <param name="Link">The link's name.</param>
/// <param name="Address">The address; it must lead back to this node.</param>
internal sealed record SnatAddress(string Link, IPAddr Address);
