using Plugboard.Coordinator.Cluster;
using Plugboard.Coordinator.Configuration;
using Plugboard.Linux;

namespace Plugboard.Coordinator.Sources.Static;

/// <summary>The content of a peers file.</summary>
internal sealed record PeersFile
{
    /// <summary>The nodes in the file's order, names different.</summary>
    public ValueArray<ClusterNode> Nodes { get; init; } = [];

    /// <summary>The cluster network; null: the file leaves it to each node's own configuration.</summary>
    public NetConf? Network { get; init; }

    /// <summary>Entries without effect, a sentence each.</summary>
    public ValueArray<string> Warnings { get; init; } = [];
}
