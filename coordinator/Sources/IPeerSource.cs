using Plugboard.Addresses;
using Plugboard.Coordinator.Cluster;
using Plugboard.Linux;

namespace Plugboard.Coordinator.Sources;

/// <summary>The source of the cluster's nodes: a file, etcd or the Kubernetes API.</summary>
internal interface IPeerSource
{
    /// <summary>
    /// Writes the nodes to the store until it is cancelled. Failures are retried after growing pauses, with a source error in the store
    /// (<see cref="NodeStore.SetSourceError"/>). A source that cannot be read removes no node from the store.
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
    /// Reports this node's state to the scheduler of pods; no effect if the source cannot store it. Called from the engine's thread;
    /// returns at once.
    /// </summary>
    void Report(NodeReport report);

    /// <summary>
    /// Reports the peers that this node refuses now; no effect if the source cannot store it. Called from the engine's thread; returns at
    /// once. An equal report has no effect.
    /// </summary>
    void ReportRefused(ValueArray<RefusedNode> refused) { }
}
