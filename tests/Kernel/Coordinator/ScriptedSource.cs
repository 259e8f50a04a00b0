using Plugboard.Coordinator.Cluster;
using Plugboard.Coordinator.Sources;

namespace Plugboard.Tests.Kernel.Coordinator;

/// <summary>A source that tells what the test says, and keeps what it is told.</summary>
internal sealed class ScriptedSource : IPeerSource
{
    private readonly TaskCompletionSource<NodeStore> started = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile NodeAdvertisement? advertised;
    private volatile NodeReport? reported;

    /// <summary>Where the nodes are told; there once the engine runs.</summary>
    public NodeStore Store => started.Task.WaitAsync(TimeSpan.FromSeconds(10)).GetAwaiter().GetResult();

    /// <summary>What others were told last.</summary>
    public NodeAdvertisement? Advertised => advertised;

    /// <summary>How the node said it was last.</summary>
    public NodeReport? Reported => reported;

    public Task RunAsync(NodeStore store, CancellationToken cancellation)
    {
        started.TrySetResult(store);
        return Task.Delay(Timeout.Infinite, cancellation);
    }

    public void Advertise(NodeAdvertisement advertisement) => advertised = advertisement;

    public void Report(NodeReport report) => reported = report;
}
