using Plugboard.Coordinator.Sources;
using Plugboard.Coordinator.Sources.Kubernetes;

namespace Plugboard.Coordinator.Policy.Api;

/// <summary>Writes an event on each refused object that concerns this node, once while its refusal is the same.</summary>
/// <param name="events">Writes events.</param>
/// <param name="options">The clock, and the least time between events.</param>
internal sealed class RefusedObjects(ObjectEvents events, KubernetesOptions options)
{
    private const string Reason = "PolicyRefused";
    private const int MostAtOnce = 8;

    // A pod of this node may come after the policy of its namespace.
    private static readonly TimeSpan untilAskedAgain = TimeSpan.FromSeconds(30);

    private Dictionary<EventSubject, string> told = [];
    private long since;
    private int count;

    /// <summary>Writes until it is cancelled.</summary>
    /// <param name="find">The refused objects that concern this node.</param>
    /// <param name="changed">Released when there may be others.</param>
    /// <param name="cancellation">Ends it.</param>
    public async Task RunAsync(Func<List<(EventSubject About, string Why)>> find, SemaphoreSlim changed, CancellationToken cancellation)
    {
        await changed.WaitAsync(cancellation).ConfigureAwait(false);
        while (true)
        {
            var all = find();
            told = all.Where(refused => told.GetValueOrDefault(refused.About) == refused.Why)
                .ToDictionary(static refused => refused.About, static refused => refused.Why);
            foreach (var (about, why) in all.Where(refused => !told.ContainsKey(refused.About)))
            {
                if (!HasRoom())
                    break;
                told[about] = why;
                events.Add(about, new NodeReport(IsReady: false, Reason, why));
            }

            await events.WriteAsync(cancellation).ConfigureAwait(false);
            if (all.Count == 0)
                await changed.WaitAsync(cancellation).ConfigureAwait(false);
            else
                await WaitAsync(changed, cancellation).ConfigureAwait(false);
        }
    }

    private async Task WaitAsync(SemaphoreSlim changed, CancellationToken cancellation)
    {
        using var limit = new CancellationTokenSource(untilAskedAgain, options.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, limit.Token);
        try
        {
            await changed.WaitAsync(either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            // It is time.
        }
    }

    private bool HasRoom()
    {
        if (options.Time.GetElapsedTime(since) > options.EventInterval)
            (since, count) = (options.Time.GetTimestamp(), 0);
        return ++count <= MostAtOnce;
    }
}
