using Plugboard.Coordinator.Cluster;
using Plugboard.Coordinator.Sources;

namespace Plugboard.Coordinator.Engine;

/// <summary>
/// Runs a source and starts it again where it ends though nobody asked it to: what it told stays in force, and the store says why nothing
/// new comes.
/// </summary>
/// <param name="source">The source.</param>
/// <param name="store">Where it writes.</param>
/// <param name="clock">The clock.</param>
internal sealed class SourceRunner(IPeerSource source, NodeStore store, TimeProvider clock)
{
    private static readonly TimeSpan LongEnough = TimeSpan.FromMinutes(1);

    private readonly RetryPause pause = RetryPause.OfNode();
    private long faultCount;

    /// <summary>How often it ended by itself.</summary>
    public long FaultCount => Interlocked.Read(ref faultCount);

    /// <summary>Runs it until it is cancelled; throws nothing.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        while (!cancellation.IsCancellationRequested)
        {
            var began = clock.GetTimestamp();
            var why = await RunOnceAsync(cancellation).ConfigureAwait(false);
            if (cancellation.IsCancellationRequested)
                return;
            Interlocked.Increment(ref faultCount);
            store.SetSourceError($"it ended though nobody asked it to, and is started again: {why}");
            if (clock.GetElapsedTime(began) > LongEnough)
                pause.Reset();
            await Task.Delay(pause.Take(), clock, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task<string> RunOnceAsync(CancellationToken cancellation)
    {
        try
        {
            await source.RunAsync(store, cancellation).ConfigureAwait(false);
            return "it did not say why";
        }
#pragma warning disable CA1031 // Whatever it is: the node is kept as it was told last.
        catch (Exception e)
#pragma warning restore CA1031
        {
            return Fault.Describe(e);
        }
    }
}
