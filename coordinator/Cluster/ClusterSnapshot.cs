using System.Collections.Immutable;
using Plugboard.Coordinator.Configuration;

namespace Plugboard.Coordinator.Cluster;

/// <summary>All that the source has told so far, at one moment.</summary>
internal sealed record ClusterSnapshot
{
    /// <summary>The nodes by name, this one among them once the source knows it.</summary>
    public ImmutableDictionary<string, ClusterNode> Nodes { get; init; } =
        ImmutableDictionary.Create<string, ClusterNode>(StringComparer.Ordinal);

    /// <summary>True once one complete list was read: before that nobody who is absent counts as gone.</summary>
    public bool IsComplete { get; init; }

    /// <summary>Why the source cannot be read just now; null where it can. What was read before stays in force.</summary>
    public string? SourceError { get; init; }

    /// <summary>The cluster's network where the source has it (etcd); null: it is this node's own configuration.</summary>
    public NetConf? Network { get; init; }

    /// <summary>Goes up with each change.</summary>
    public long Version { get; init; }
}
