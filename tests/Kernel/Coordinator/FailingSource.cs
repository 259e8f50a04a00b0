using Plugboard.Coordinator.Cluster;
using Plugboard.Coordinator.Sources;

namespace Plugboard.Tests.Kernel.Coordinator;

/// <summary>A source that tells its nodes each time it is started, and then does what the test says.</summary>
internal sealed class FailingSource(IReadOnlyList<ClusterNode> nodes) : IPeerSource
{
    private volatile TaskCompletionSource end = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile Exception? onAdvertise;
    private volatile NodeReport? reported;
    private int starts;

    /// <summary>How often it was started.</summary>
    public int Starts => Volatile.Read(ref starts);

    /// <summary>What <see cref="Advertise"/> throws; null: nothing.</summary>
    public Exception? OnAdvertise
    {
        get => onAdvertise;
        set => onAdvertise = value;
    }

    /// <summary>From the second start on it fails before it tells anything.</summary>
    public bool FailsAtStart { get; set; }

    /// <summary>How the node said it was last.</summary>
    public NodeReport? Reported => reported;

    /// <summary>Ends its task, with an exception or without.</summary>
    public void End(Exception? e)
    {
        if (e is null)
            end.TrySetResult();
        else
            end.TrySetException(e);
    }

    public async Task RunAsync(NodeStore store, CancellationToken cancellation)
    {
        if (Interlocked.Increment(ref starts) > 1 && FailsAtStart)
            throw new IOException("the source is broken");
        end = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        store.Replace(nodes);
        await end.Task.WaitAsync(cancellation);
    }

    public void Advertise(NodeAdvertisement advertisement)
    {
        if (onAdvertise is { } e)
            throw e;
    }

    public void Report(NodeReport report) => reported = report;
}
