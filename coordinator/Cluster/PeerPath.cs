namespace Plugboard.Coordinator.Cluster;

/// <summary>How the pods of a peer are reached in one family.</summary>
/// <param name="Peer">The peer's name.</param>
/// <param name="Is6">The family.</param>
/// <param name="State">How, or why not.</param>
internal readonly record struct PeerPath(string Peer, bool Is6, PeerState State);
