using Plugboard.Coordinator.Cluster;

namespace Plugboard.Coordinator.Sources.Kubernetes;

/// <summary>
/// Why the Nodes cannot be read and why this node's own cannot be written, as one word on the store: reading comes first.
/// </summary>
internal sealed class SourceErrors(NodeStore store)
{
    private readonly Lock writing = new();
    private string? reading;
    private string? publishing;

    /// <summary>Why the Nodes cannot be read; null: they can.</summary>
    public void SetReading(string? why)
    {
        lock (writing)
        {
            reading = why;
            store.SetSourceError(reading ?? publishing);
        }
    }

    /// <summary>Why this node's Node cannot be written; null: it can.</summary>
    public void SetPublishing(string? why)
    {
        lock (writing)
        {
            publishing = why;
            store.SetSourceError(reading ?? publishing);
        }
    }
}
