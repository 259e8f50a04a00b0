namespace Plugboard.Coordinator.Cli;

/// <summary>Where the cluster's nodes are read.</summary>
internal enum SourceKind
{
    /// <summary>Nowhere: this node is alone, as where only masquerading is kept.</summary>
    None,

    /// <summary>A file.</summary>
    Static,

    /// <summary>flannel's registry in etcd.</summary>
    Etcd,

    /// <summary>The Kubernetes API's Nodes.</summary>
    Kubernetes,
}
