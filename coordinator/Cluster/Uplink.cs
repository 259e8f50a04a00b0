using Plugboard.Addresses;
using Plugboard.Linux;

namespace Plugboard.Coordinator.Cluster;

/// <summary>The link by which this node reaches the other nodes, and its addresses there.</summary>
/// <param name="Link">The link.</param>
/// <param name="Addresses">At most one per family, with its network's length.</param>
/// <param name="Why">By which option or rule it was chosen.</param>
internal sealed record Uplink(UplinkLink Link, ValueArray<IPPrefix> Addresses, string Why);
