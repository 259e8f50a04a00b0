using Plugboard.Coordinator.Configuration;

namespace Plugboard.Coordinator.Cluster;

/// <summary>
/// Where a source writes what it learns, from any thread, and the engine reads it. Writing what is there already wakes nobody.
/// </summary>
/// <param name="changed">Called after each change, on the thread that made it; it must be quick.</param>
internal sealed class NodeStore(Action changed)
{
    private readonly Lock writing = new();
    private volatile ClusterSnapshot current = new();

    /// <summary>What is known now.</summary>
    public ClusterSnapshot Current => current;

    /// <summary>
    /// A complete list was read: who is not in it is gone. What somebody in it no longer says stays (<see cref="ClusterNode.After"/>).
    /// </summary>
    public void Replace(IEnumerable<ClusterNode> nodes) =>
        Write(old =>
        {
            var next = old.Nodes.ToBuilder();
            var absent = new HashSet<string>(old.Nodes.Keys, StringComparer.Ordinal);
            foreach (var node in nodes)
            {
                absent.Remove(node.Name);
                var known = old.Nodes.GetValueOrDefault(node.Name);
                var whole = node.After(known);
                if (whole.IsSilent)
                    next.Remove(node.Name);
                else if (whole != known)
                    next[node.Name] = whole;
            }

            next.RemoveRange(absent);
            return old with { Nodes = next.ToImmutable(), IsComplete = true, SourceError = null };
        });

    /// <summary>A node joined or changed. What it no longer says of itself stays (<see cref="ClusterNode.After"/>).</summary>
    public void Set(ClusterNode node) =>
        Write(old =>
        {
            var known = old.Nodes.GetValueOrDefault(node.Name);
            var whole = node.After(known);
            if (whole.IsSilent)
                return known is null ? old : old with { Nodes = old.Nodes.Remove(node.Name) };
            return whole == known ? old : old with { Nodes = old.Nodes.SetItem(node.Name, whole) };
        });

    /// <summary>A node left; nothing happens where it is unknown.</summary>
    public void Remove(string name) => Write(old => old with { Nodes = old.Nodes.Remove(name) });

    /// <summary>The source tells the cluster's network.</summary>
    public void SetNetwork(NetConf network) => Write(old => old with { Network = network });

    /// <summary>The source cannot be read, in words for the operator; null: it can be again.</summary>
    public void SetSourceError(string? why) => Write(old => old with { SourceError = why });

    private void Write(Func<ClusterSnapshot, ClusterSnapshot> change)
    {
        lock (writing)
        {
            var next = change(current);
            if (next == current)
                return;
            current = next with { Version = current.Version + 1 };
        }

        changed();
    }
}
