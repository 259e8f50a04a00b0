namespace Plugboard.Coordinator.Sources.Kubernetes;

/// <summary>Pauses that double from a least to a most, each between half of itself and one and a half, so that many nodes do not come back at once.</summary>
internal sealed class BackOff(KubernetesOptions options, TimeSpan least, TimeSpan most)
{
    private readonly TimeSpan first = least;
    private TimeSpan next = least;

    /// <summary>As client-go's: from 0.8 seconds to half a minute.</summary>
    public static BackOff OfRequests(KubernetesOptions options) => new(options, TimeSpan.FromSeconds(0.8), TimeSpan.FromSeconds(30));

    /// <summary>What was tried went well: the next pause is the least again.</summary>
    public void Reset() => next = first;

    /// <summary>The next pause's length.</summary>
    public TimeSpan Take()
    {
        var taken = Spread(next);
        next = next * 2 < most ? next * 2 : most;
        return taken;
    }

    /// <summary>A time between half of it and one and a half.</summary>
    public TimeSpan Spread(TimeSpan pause)
    {
#pragma warning disable CA5394 // No secret: it only has to differ between nodes.
        return pause * (0.5 + options.Random.NextDouble());
#pragma warning restore CA5394
    }
}
