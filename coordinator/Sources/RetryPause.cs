namespace Plugboard.Coordinator.Sources;

/// <summary>Pauses that double from a minimum to a maximum, with random variation if many nodes would otherwise return at once.</summary>
internal sealed class RetryPause(TimeSpan least, TimeSpan most, Random random)
{
    private readonly TimeSpan first = least;
    private TimeSpan next = least;

    /// <summary>How many times its length a pause is at the least.</summary>
    public double Shortest { get; init; } = 0.5;

    /// <summary>How many times its length a pause is at the most.</summary>
    public double Longest { get; init; } = 1.5;

    /// <summary>From a second to half a minute, without variation: for faults of this node alone.</summary>
    public static RetryPause OfNode() =>
        new(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(30), Random.Shared) { Shortest = 1, Longest = 1 };

    /// <summary>As client-go's: from 0.8 seconds to half a minute, each by half more or less.</summary>
    public static RetryPause OfKubernetes(Random random) => new(TimeSpan.FromSeconds(0.8), TimeSpan.FromSeconds(30), random);

    /// <summary>From a tenth of a second to half a minute, each by half less.</summary>
    public static RetryPause OfEtcd() => new(TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(30), Random.Shared) { Longest = 1 };

    /// <summary>The try succeeded: the next pause is the minimum again.</summary>
    public void Reset() => next = first;

    /// <summary>The next pause's length.</summary>
    public TimeSpan Take()
    {
        var taken = Spread(next);
        next = next * 2 < most ? next * 2 : most;
        return taken;
    }

    /// <summary>A time between <see cref="Shortest"/> and <see cref="Longest"/> times it.</summary>
    public TimeSpan Spread(TimeSpan pause)
    {
#pragma warning disable CA5394 // No secret: it only has to differ between nodes.
        return pause * (Shortest + random.NextDouble() * (Longest - Shortest));
#pragma warning restore CA5394
    }
}
