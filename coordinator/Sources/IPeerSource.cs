using Plugboard.Addresses;
using Plugboard.Coordinator.Cluster;
using Plugboard.Linux;

namespace Plugboard.Coordinator.Sources;

/// <summary>Who the cluster's nodes are: a file, etcd or the Kubernetes API.</summary>
internal interface IPeerSource
{
    /// <summary>
    /// Writes what it learns on the store until it is cancelled. What can fail is tried again, with growing pauses and a word on the store
    /// (<see cref="NodeStore.SetSourceError"/>); nobody is taken off the store because the source cannot be read.
    /// </summary>
    /// <exception cref="OperationCanceledException">It was cancelled; nothing else is thrown.</exception>
    Task RunAsync(NodeStore store, CancellationToken cancellation);

    /// <summary>
    /// Before it runs for one look, in which nothing is advertised: by which addresses this node is known to a source that has no names.
    /// Those that come first count most.
    /// </summary>
    void Recognise(ValueArray<IPAddr> addresses) { }

    /// <summary>
    /// Whether a node has its pod networks from the source for what it advertises; then it advertises also where no packets are brought to
    /// other nodes.
    /// </summary>
    bool LeasesNetworks => false;

    /// <summary>
    /// What the other nodes are to know of this one; writing it is the source's, now or when it can. Called from the engine's thread;
    /// returns at once. The same again does nothing.
    /// </summary>
    void Advertise(NodeAdvertisement advertisement);

    /// <summary>
    /// How this node is, for those who schedule pods to it; where the source has no place for it nothing happens. Called from the engine's
    /// thread; returns at once.
    /// </summary>
    void Report(NodeReport report);

    /// <summary>
    /// Which peers this node refuses now; for the source to tell where it has a place for it. Called from the engine's thread; returns at
    /// once. The same again does nothing.
    /// </summary>
    void ReportRefused(ValueArray<RefusedNode> refused) { }
}
