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
    /// Before a single look, in which nothing is advertised: the addresses of this node, for a source without names. The first take
    /// precedence.
    /// </summary>
    void Recognise(ValueArray<IPAddr> addresses) { }

    /// <summary>
    /// Before a run of a node whose uplink no flag names: its addresses, for a source without names. What the source has for one of them is
    /// this node's until it advertises itself, so that its uplink stays where the other nodes know it. The first take precedence.
    /// </summary>
    void Expect(ValueArray<IPAddr> addresses) { }

    /// <summary>
    /// Whether the source assigns a node's pod networks for its advertisement; then it advertises also if nothing is routed.
    /// </summary>
    bool LeasesNetworks => false;

    /// <summary>
    /// Sets the data of this node for the other nodes; the source writes it when it can. Called from the engine's thread; returns at once.
    /// An equal value has no effect.
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
