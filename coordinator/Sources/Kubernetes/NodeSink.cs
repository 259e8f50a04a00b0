using Plugboard.Coordinator.Cluster;

namespace Plugboard.Coordinator.Sources.Kubernetes;

/// <summary>Puts the API's Nodes into the node store, and this node's own where its writer sees it.</summary>
internal sealed class NodeSink(NodeSinkParts parts, NodeStore store) : IObjectSink<NodeObject>
{
    private List<ClusterNode> listed = [];
    private NodeObject? self;

    /// <inheritdoc/>
    public void BeginList() => (listed, self) = ([], null);

    /// <inheritdoc/>
    public void TakeListed(NodeObject item)
    {
        if (item.Name == parts.NodeName)
            self = item;
        if (Find(item) is { } found)
            listed.Add(found);
    }

    /// <inheritdoc/>
    public void EndList()
    {
        store.Replace(listed);
        parts.Own.See(self);
        (listed, self) = ([], null);
    }

    /// <inheritdoc/>
    public void Take(NodeObject item, bool isGone)
    {
        if (item.Name == parts.NodeName)
            parts.Own.See(isGone ? null : item);
        if (!isGone && Find(item) is { } found)
            store.Set(found);
        else
            store.Remove(item.Name);
    }

    /// <inheritdoc/>
    public void SetError(ApiException? failure) => store.SetSourceError(failure?.Message);

    private ClusterNode? Find(NodeObject node) =>
        parts.LastGood.Mend(node, parts.Mapper.Find(node), store.Current.Nodes.GetValueOrDefault(node.Name));
}
