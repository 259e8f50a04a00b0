using Plugboard.Linux;

namespace Plugboard.Coordinator.Policy;

/// <summary>How often something took at most how long, as Prometheus counts it: each count includes those of smaller bounds.</summary>
/// <param name="Counts">One for each of <see cref="Bounds"/>.</param>
/// <param name="Count">How often in all.</param>
/// <param name="Sum">The time of all.</param>
internal sealed record LatencyHistogram(ValueArray<long> Counts, long Count, TimeSpan Sum)
{
    /// <summary>The bounds, in seconds.</summary>
    public static ValueArray<double> Bounds { get; } = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];

    /// <summary>Nothing happened yet.</summary>
    public static LatencyHistogram Empty { get; } = new(Bounds.Select(static _ => 0L).ToValueArray(), 0, TimeSpan.Zero);

    /// <summary>With one more.</summary>
    public LatencyHistogram With(TimeSpan time) =>
        new(Bounds.Select((bound, i) => Counts[i] + (time.TotalSeconds <= bound ? 1 : 0)).ToValueArray(), Count + 1, Sum + time);
}
