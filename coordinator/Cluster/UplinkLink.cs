namespace Plugboard.Coordinator.Cluster;

/// <summary>The uplink: the link by which a node reaches the other nodes.</summary>
/// <param name="Index">Its number; another one when it was made again.</param>
/// <param name="Name">Its name.</param>
/// <param name="Mtu">In bytes.</param>
internal sealed record UplinkLink(int Index, string Name, int Mtu);
