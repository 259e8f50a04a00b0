namespace Plugboard.Coordinator.Sources.Kubernetes;

/// <summary>What the writer of this node's Node works with.</summary>
/// <param name="Client">Sends requests to the API.</param>
/// <param name="Names">The annotations' names.</param>
/// <param name="Options">What the operator said.</param>
/// <param name="Events">The events on the Node.</param>
internal sealed record NodeWriterParts(ApiClient Client, AnnotationNames Names, KubernetesOptions Options, ObjectEvents Events)
{
    /// <summary>Gets a line for what is done once.</summary>
    public required Action<string> Log { get; init; }
}
