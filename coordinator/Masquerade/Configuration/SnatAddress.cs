using Plugboard.Addresses;

namespace Plugboard.Coordinator.Masquerade.Configuration;

/// <summary>What leaves by a link leaves with this address.</summary>
/// <param name="Link">The link's name.</param>
/// <param name="Address">The address; it has to lead back to this node.</param>
internal sealed record SnatAddress(string Link, IPAddr Address);
