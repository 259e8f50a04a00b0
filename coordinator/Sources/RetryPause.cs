namespace Plugboard.Coordinator.Sources;

/// <summary>Pauses that grow from a tenth of a second to half a minute, each between half of itself and the whole, so that many nodes do not come back at once.</summary>
internal sealed class RetryPause(TimeProvider time)
{
    private static readonly TimeSpan least = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan most = TimeSpan.FromSeconds(30);
    private TimeSpan next = least;

    /// <summary>What was tried went well: the next pause is the least again.</summary>
    public void Reset() => next = least;

    /// <summary>The next pause's length.</summary>
    public TimeSpan Take()
    {
        // No secret: it only has to differ between nodes.
        var taken = next * (0.5 + Random.Shared.NextDouble() / 2);
        next = next * 2 < most ? next * 2 : most;
        return taken;
    }

    /// <summary>Waits for the next pause's length.</summary>
    public Task WaitAsync(CancellationToken cancellation) => Task.Delay(Take(), time, cancellation);
}
