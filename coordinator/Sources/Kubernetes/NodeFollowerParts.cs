namespace Plugboard.Coordinator.Sources.Kubernetes;

/// <summary>What the follower of the Nodes works with.</summary>
/// <param name="Api">The API's Nodes.</param>
/// <param name="Mapper">Converts a Node for the engine.</param>
/// <param name="Own">Gets this node's own Node.</param>
/// <param name="Options">The operator's options.</param>
internal sealed record NodeFollowerParts(NodeApi Api, NodeMapper Mapper, OwnNode Own, KubernetesOptions Options)
{
    /// <summary>Keeps what was mistyped from having an effect.</summary>
    public required LastGoodAnnotations LastGood { get; init; }
}
