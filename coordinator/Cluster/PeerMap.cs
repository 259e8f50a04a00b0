using System.Collections;
using System.Collections.Immutable;
using System.Runtime.CompilerServices;

namespace Plugboard.Coordinator.Cluster;

/// <summary>
/// The other nodes, in the order of their names. It never changes; one with another node shares all the rest with it.
/// </summary>
[CollectionBuilder(typeof(PeerMap), nameof(Create))]
internal sealed class PeerMap : IReadOnlyCollection<ClusterNode>
{
    private readonly ImmutableSortedDictionary<string, ClusterNode> byName;

    private PeerMap(ImmutableSortedDictionary<string, ClusterNode> byName) => this.byName = byName;

    /// <summary>No other node.</summary>
    public static PeerMap Empty { get; } = new(ImmutableSortedDictionary.Create<string, ClusterNode>(StringComparer.Ordinal));

    /// <inheritdoc/>
    public int Count => byName.Count;

    /// <summary>Of nodes with different names.</summary>
    public static PeerMap Create(ReadOnlySpan<ClusterNode> nodes)
    {
        var builder = Empty.byName.ToBuilder();
        foreach (var node in nodes)
            builder.Add(node.Name, node);
        return new PeerMap(builder.ToImmutable());
    }

    /// <summary>The node of a name; null if absent.</summary>
    public ClusterNode? Find(string name) => byName.GetValueOrDefault(name);

    /// <summary>Those of the names that are present.</summary>
    public PeerMap Only(IEnumerable<string> names)
    {
        var builder = Empty.byName.ToBuilder();
        foreach (var name in names)
        {
            if (Find(name) is { } node)
                builder[name] = node;
        }

        return new PeerMap(builder.ToImmutable());
    }

    /// <summary>With other values of some names; null: without the name.</summary>
    public PeerMap With(IEnumerable<(string Name, ClusterNode? Node)> changes)
    {
        var builder = byName.ToBuilder();
        foreach (var (name, node) in changes)
        {
            if (node is null)
                builder.Remove(name);
            else
                builder[name] = node;
        }

        return new PeerMap(builder.ToImmutable());
    }

    /// <inheritdoc/>
    public IEnumerator<ClusterNode> GetEnumerator() => byName.Values.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
