using Plugboard.Coordinator.Cluster;
using Plugboard.Linux;

namespace Plugboard.Coordinator.Sources.Kubernetes;

/// <summary>This node's Node as the API has it, and as it should be.</summary>
/// <param name="Seen">As the API has it; null: it has none, or was not asked yet.</param>
/// <param name="Advertised">What the other nodes are to know; null: nothing yet.</param>
/// <param name="Reported">How the node is; null: not told yet.</param>
/// <param name="NotReadySince">Since when it is not ready, in the clock's timestamps.</param>
internal sealed record OwnState(NodeObject? Seen, NodeAdvertisement? Advertised, NodeReport? Reported, long NotReadySince)
{
    /// <summary>Which peers this node refuses.</summary>
    public ValueArray<RefusedNode> Refused { get; init; } = [];
}
