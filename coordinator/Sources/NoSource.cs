using Plugboard.Coordinator.Cluster;

namespace Plugboard.Coordinator.Sources;

/// <summary>A node without peers: it knows no other node and reports to none.</summary>
internal sealed class NoSource : IPeerSource
{
    /// <inheritdoc/>
    public Task RunAsync(NodeStore store, CancellationToken cancellation)
    {
        store.Replace([]);
        return Task.Delay(Timeout.Infinite, cancellation);
    }

    /// <summary>No effect.</summary>
    public void Advertise(NodeAdvertisement advertisement) { }

    /// <summary>No effect.</summary>
    public void Report(NodeReport report) { }
}
