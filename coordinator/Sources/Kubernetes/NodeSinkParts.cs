namespace Plugboard.Coordinator.Sources.Kubernetes;

/// <summary>What the sink of the Nodes works with.</summary>
/// <param name="Mapper">Converts a Node for the engine.</param>
/// <param name="Own">Gets this node's own Node.</param>
/// <param name="NodeName">This node's name.</param>
internal sealed record NodeSinkParts(NodeMapper Mapper, OwnNode Own, string NodeName)
{
    /// <summary>Keeps what was mistyped from having an effect.</summary>
    public required LastGoodAnnotations LastGood { get; init; }
}
