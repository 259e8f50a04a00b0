using System.Collections.Immutable;
using Plugboard.Coordinator.Configuration;

namespace Plugboard.Coordinator.Cluster;

/// <summary>All that the source has delivered so far, at one moment.</summary>
internal sealed record ClusterSnapshot
{
    /// <summary>The nodes by name, this one among them once the source knows it.</summary>
    public ImmutableDictionary<string, ClusterNode> Nodes { get; init; } =
        ImmutableDictionary.Create<string, ClusterNode>(StringComparer.Ordinal);

    /// <summary>True after one complete list was read: before that, a node that is absent does not count as gone.</summary>
    public bool IsComplete { get; init; }

    /// <summary>Why the source cannot be read just now; null if it can. What was read before stays in force.</summary>
    public string? SourceError { get; init; }

    /// <summary>
    /// Why this node's own entry in the source cannot be written just now: its Node's status, its lease; null if it can, or has not to be.
    /// </summary>
    public string? PublishError { get; init; }

    /// <summary>What is wrong with the source just now; null: nothing.</summary>
    public string? Fault => SourceError ?? PublishError;

    /// <summary>The cluster's network where the source has it (etcd); null: it is this node's own configuration.</summary>
    public NetConf? Network { get; init; }

    /// <summary>Goes up with each change.</summary>
    public long Version { get; init; }
}
