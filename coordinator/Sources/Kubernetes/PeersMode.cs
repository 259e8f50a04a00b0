namespace Plugboard.Coordinator.Sources.Kubernetes;

/// <summary>Which Nodes are peers, and by which address they are reached.</summary>
internal enum PeersMode
{
    /// <summary>
    /// Those that carry flannel's annotations, by the address they publish there: for clusters where flanneld or coordinators run.
    /// </summary>
    Annotations,

    /// <summary>All, by the addresses of their status; a tunnel's end comes from the annotations, if any.</summary>
    Addresses,
}
