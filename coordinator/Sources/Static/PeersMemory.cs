using Plugboard.Coordinator.Cluster;
using Plugboard.Coordinator.Configuration.Documents;

namespace Plugboard.Coordinator.Sources.Static;

/// <summary>
/// What the peers file said when it last could be used. A key that has gone from an entry which is still there says nothing, so its value
/// stays in force until the coordinator is started
/// again. A key that a node must have is not kept: the file without it cannot be used.
/// </summary>
internal sealed record PeersMemory
{
    /// <summary>The cluster's network; null: the file never had one.</summary>
    public DocumentNode? Network { get; init; }

    /// <summary>By node the values that it need not have.</summary>
    public IReadOnlyDictionary<string, DocumentNode> Options { get; init; } = new Dictionary<string, DocumentNode>(StringComparer.Ordinal);

    /// <summary>This node's entry; null if absent.</summary>
    public ClusterNode? Own { get; init; }
}
