namespace Plugboard.Coordinator.Sources.Kubernetes;

/// <summary>
/// Follows the API's objects of one kind: a list, then a watch from its version on; a new list only after the server compacted that
/// version.
/// </summary>
/// <param name="api">The objects.</param>
/// <param name="sink">Takes them.</param>
/// <param name="options">The clock, and what spreads requests in time.</param>
internal sealed class ObjectFollower<T>(ObjectApi<T> api, IObjectSink<T> sink, KubernetesOptions options)
{
    private static readonly TimeSpan whenForbidden = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan longestAsked = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan shortLife = TimeSpan.FromSeconds(1);

    private readonly RetryPause pause = RetryPause.OfKubernetes(options.Random);
    private string? version;
    private bool hasBegun;

    /// <summary>Follows until it is cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        while (true)
        {
            var start = options.Time.GetTimestamp();
            TimeSpan rest;
            hasBegun = false;
            try
            {
                if (version is null)
                    await ListAsync(cancellation).ConfigureAwait(false);
                start = options.Time.GetTimestamp();
                await api.WatchAsync(version!, Begun, Take, cancellation).ConfigureAwait(false);
                rest = RestAfter(start);
            }
            catch (Exception e) when (e is not OperationCanceledException || !cancellation.IsCancellationRequested)
            {
                rest = RestAfter(start, e as ApiException ?? new ApiException($"{e.GetType().Name}: {e.Message}", e) { Status = 500 });
            }

            if (rest > TimeSpan.Zero)
                await Task.Delay(rest, options.Time, cancellation).ConfigureAwait(false);
            cancellation.ThrowIfCancellationRequested();
        }
    }

    private async Task ListAsync(CancellationToken cancellation)
    {
        sink.BeginList();
        var at = await api.ListAsync(sink.TakeListed, cancellation).ConfigureAwait(false);
        sink.Hear();
        sink.EndList();
        version = at;
    }

    private void Begun()
    {
        hasBegun = true;
        sink.Hear();
        sink.SetError(null);
    }

    private void Take(WatchEvent<T> happened)
    {
        sink.Hear();
        if (!happened.IsBookmark)
            sink.Take(happened.Object!, happened.Type == "DELETED");
        if (happened.Version.Length > 0)
            version = happened.Version;
    }

    // The server ends a watch every few minutes; if it does so at once, the next request needs a pause.
    private TimeSpan RestAfter(long start)
    {
        if (options.Time.GetElapsedTime(start) < shortLife)
            return pause.Take();
        pause.Reset();
        return TimeSpan.Zero;
    }

    private TimeSpan RestAfter(long start, ApiException failure)
    {
        // One that is not served any more may be served in another version.
        if (failure.IsGone || failure.IsTooNew || failure.IsNotServed)
            version = null;
        var wasOfUse = hasBegun && options.Time.GetElapsedTime(start) >= shortLife;
        // Broken connections and compacted versions are routine: they are logged only if the next try fails too.
        if (wasOfUse && (failure.IsGone || failure.IsConnection))
        {
            pause.Reset();
            return TimeSpan.Zero;
        }

        sink.SetError(failure);
        if (failure.RetryAfter is { } asked && asked > TimeSpan.Zero)
        {
            var within = asked < longestAsked ? asked : longestAsked;
            return within + pause.Spread(within) / 4;
        }

        return failure.IsForbidden ? whenForbidden : pause.Take();
    }
}
