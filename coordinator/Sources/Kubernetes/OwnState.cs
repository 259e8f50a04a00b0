using Plugboard.Coordinator.Cluster;
using Plugboard.Linux;

namespace Plugboard.Coordinator.Sources.Kubernetes;

/// <summary>This node's Node: actual and desired.</summary>
/// <param name="Seen">The API's Node; null if absent or not read yet.</param>
/// <param name="Advertised">The data for the other nodes; null: none yet.</param>
/// <param name="Reported">The node's state; null: not reported yet.</param>
/// <param name="NotReadySince">Since when it is not ready, in the clock's timestamps.</param>
internal sealed record OwnState(NodeObject? Seen, NodeAdvertisement? Advertised, NodeReport? Reported, long NotReadySince)
{
    /// <summary>Which peers this node refuses.</summary>
    public ValueArray<RefusedNode> Refused { get; init; } = [];
}
