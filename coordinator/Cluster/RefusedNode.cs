namespace Plugboard.Coordinator.Cluster;

/// <summary>A node that is left out, or some of whose networks are.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Reason">One word in CamelCase, for metrics and events: <c>DuplicatePodCidr</c>, <c>BadPodCidr</c>,
/// <c>BadAddress</c>.</param>
/// <param name="Why">A sentence for people, with the other node's name where there is one.</param>
internal sealed record RefusedNode(string Name, string Reason, string Why);
