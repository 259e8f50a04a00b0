using Plugboard.Coordinator.Configuration;
using Plugboard.Coordinator.Tracking;

namespace Plugboard.Coordinator.Cluster;

/// <summary>
/// Holds what a source delivered. The source writes from any thread, the engine reads. Writing an equal value wakes no thread.
/// </summary>
/// <param name="changed">Called after each change, on the thread that made it; it must be quick.</param>
internal sealed class NodeStore(Action changed)
{
    private readonly Lock writing = new();
    private readonly ChangeFeed<string> feed = new(StringComparer.Ordinal);
    private volatile ClusterSnapshot current = new();

    /// <summary>What is known now.</summary>
    public ClusterSnapshot Current => current;

    /// <summary>A reader of the nodes, by name; see <see cref="Take"/>.</summary>
    public ChangeReader<string> OpenReader()
    {
        lock (writing)
            return feed.OpenReader();
    }

    /// <summary>What is known now, and which nodes changed since this reader last looked.</summary>
    public (ClusterSnapshot Snapshot, TouchedKeys<string> Touched) Take(ChangeReader<string> reader)
    {
        lock (writing)
            return (current, reader.Take());
    }

    /// <summary>
    /// A complete list was read: a node that is absent is gone. A field that is absent stays (<see cref="ClusterNode.After"/>).
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
                if (whole.IsSilent ? next.Remove(node.Name) : whole != known)
                    feed.Touch(node.Name);
                if (!whole.IsSilent && whole != known)
                    next[node.Name] = whole;
            }

            foreach (var name in absent)
                feed.Touch(name);
            next.RemoveRange(absent);
            return old with { Nodes = next.ToImmutable(), IsComplete = true, SourceError = null };
        });

    /// <summary>A node joined or changed. A field that is absent stays (<see cref="ClusterNode.After"/>).</summary>
    public void Set(ClusterNode node) =>
        Write(old =>
        {
            feed.Touch(node.Name);
            var known = old.Nodes.GetValueOrDefault(node.Name);
            var whole = node.After(known);
            if (whole.IsSilent)
                return known is null ? old : old with { Nodes = old.Nodes.Remove(node.Name) };
            return whole == known ? old : old with { Nodes = old.Nodes.SetItem(node.Name, whole) };
        });

    /// <summary>A node left; no effect if it is unknown.</summary>
    public void Remove(string name) =>
        Write(old =>
        {
            feed.Touch(name);
            return old with { Nodes = old.Nodes.Remove(name) };
        });

    /// <summary>The source delivered the cluster network.</summary>
    public void SetNetwork(NetConf network) => Write(old => old with { Network = network });

    /// <summary>The source cannot be read, in words for the operator; null: it can be again.</summary>
    public void SetSourceError(string? why) => Write(old => old with { SourceError = why });

    /// <summary>This node's own entry in the source cannot be written, in words for the operator; null: it can be again.</summary>
    public void SetPublishError(string? why) => Write(old => old with { PublishError = why });

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
