namespace Plugboard.Coordinator.Sources.Kubernetes;

/// <summary>A kind of the API's objects.</summary>
/// <param name="Plural">The API's word for several, as <c>nodes</c>: for messages.</param>
/// <param name="Path">Where all of them are, in all namespaces.</param>
/// <param name="Most">The objects of one list; a server that sends more is broken.</param>
internal sealed record ResourceKind(string Plural, string Path, int Most)
{
    /// <summary>The paths of its older versions, in the order in which they are asked for where the newer ones are not served.</summary>
    public IReadOnlyList<string> OlderPaths { get; init; } = [];

    /// <summary>The Nodes.</summary>
    public static ResourceKind Nodes(ReadingLimits limits) => new("nodes", "/api/v1/nodes", limits.Nodes);
}
