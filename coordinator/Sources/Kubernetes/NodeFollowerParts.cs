namespace Plugboard.Coordinator.Sources.Kubernetes;

/// <summary>What the follower of the Nodes works with.</summary>
/// <param name="Api">The Nodes of the API.</param>
/// <param name="Mapper">Makes of a Node what the engine knows.</param>
/// <param name="Own">Where this node's own is told.</param>
/// <param name="Options">What the operator said.</param>
internal sealed record NodeFollowerParts(NodeApi Api, NodeMapper Mapper, OwnNode Own, KubernetesOptions Options)
{
    /// <summary>Keeps what was mistyped from having an effect.</summary>
    public required LastGoodAnnotations LastGood { get; init; }
}
