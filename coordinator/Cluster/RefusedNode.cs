namespace Plugboard.Coordinator.Cluster;

/// <summary>A node that is left out, wholly or with some of its networks.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Reason">One word in CamelCase, for metrics and events: <c>DuplicatePodCidr</c>, <c>BadPodCidr</c>,
/// <c>BadAddress</c>.</param>
/// <param name="Why">A sentence for people; it names the other node if the reason is a conflict.</param>
internal sealed record RefusedNode(string Name, string Reason, string Why);
