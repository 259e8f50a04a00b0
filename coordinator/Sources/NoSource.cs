using Plugboard.Coordinator.Cluster;

namespace Plugboard.Coordinator.Sources;

/// <summary>A node that is alone: nobody else is known, and nobody is told.</summary>
internal sealed class NoSource : IPeerSource
{
    /// <inheritdoc/>
    public Task RunAsync(NodeStore store, CancellationToken cancellation)
    {
        store.Replace([]);
        return Task.Delay(Timeout.Infinite, cancellation);
    }

    /// <summary>Nobody listens.</summary>
    public void Advertise(NodeAdvertisement advertisement) { }

    /// <summary>Nobody listens.</summary>
    public void Report(NodeReport report) { }
}
