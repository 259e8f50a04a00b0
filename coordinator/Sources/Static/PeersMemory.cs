using Plugboard.Coordinator.Cluster;
using Plugboard.Documents;

namespace Plugboard.Coordinator.Sources.Static;

/// <summary>
/// The last valid content of the peers file. The value of a key that vanishes from an existing entry stays in force until a restart of the
/// coordinator. A required key is not remembered: a file without it is invalid.
/// </summary>
internal sealed record PeersMemory
{
    /// <summary>The cluster network; null: the file never had one.</summary>
    public DocumentNode? Network { get; init; }

    /// <summary>The optional values by node.</summary>
    public IReadOnlyDictionary<string, DocumentNode> Options { get; init; } = new Dictionary<string, DocumentNode>(StringComparer.Ordinal);

    /// <summary>This node's entry; null if absent.</summary>
    public ClusterNode? Own { get; init; }
}
