using Plugboard.Netlink.Route.Traffic;

namespace Plugboard.Combined.Bandwidth;

/// <summary>
/// A limit in the kernel's numbers, which are the reference's: each can check what the other has set. Where a number does not fit into 32
/// bits the reference's wraps around. Pure.
/// </summary>
internal sealed record TokenBucket
{
    private const double TicksPerMicrosecond = 15.625;
    private const double MicrosecondsPerSecond = 1_000_000;
    private const ulong MicrosecondsPerMillisecond = 1_000;

    // A queue into which several of the largest packets fit.
    private const uint SmallestWrapped = 1 << 20;

    private TokenBucket(Tbf tbf, Tbf wrapped)
    {
        Tbf = tbf;
        Wrapped = wrapped;
    }

    /// <summary>What is set.</summary>
    public Tbf Tbf { get; }

    /// <summary>What the reference sets.</summary>
    public Tbf Wrapped { get; }

    /// <summary>The numbers of a limit.</summary>
    /// <param name="rate">In bytes per second, at least 1.</param>
    /// <param name="burst">In bytes, at least 1.</param>
    /// <param name="latency">How long a packet may wait in the queue after the burst, in milliseconds.</param>
    public static TokenBucket Of(ulong rate, uint burst, uint latency)
    {
        var time = burst * MicrosecondsPerSecond / rate;
        var queue = Math.Truncate(rate * (double)(latency * MicrosecondsPerMillisecond) / MicrosecondsPerSecond);
        var wrapped = new Tbf(rate, Wrap(queue) + burst, Wrap(Wrap(time) * TicksPerMicrosecond));
        var fits = queue + burst <= uint.MaxValue;
        // The reference's queue may end up smaller than a packet, and its bucket too.
        var limit = fits || wrapped.Limit >= Math.Max(queue / 2, SmallestWrapped) ? wrapped.Limit : uint.MaxValue;
        return new TokenBucket(new Tbf(rate, limit, Saturate(Math.Truncate(time) * TicksPerMicrosecond)), wrapped);
    }

    /// <summary>What of a present bucket is not as set, in the reference's words; null if nothing is.</summary>
    public string? FindDifference(Tbf present)
    {
        if (present.Rate != Tbf.Rate)
            return $"Rate doesn't match: {present.Rate} bytes per second instead of {Tbf.Rate}";
        if (present.Limit != Tbf.Limit && present.Limit != Wrapped.Limit)
            return $"Limit doesn't match: {present.Limit} bytes instead of {Tbf.Limit}";
        return present.Buffer != Held(Tbf.Buffer) && present.Buffer != Held(Wrapped.Buffer)
            ? $"Buffer doesn't match: {present.Buffer} ticks instead of {Held(Tbf.Buffer)}"
            : null;
    }

    /// <summary>How many bytes the bucket holds: a larger packet never passes.</summary>
    public ulong Capacity => (ulong)Math.Min(Held(Tbf.Buffer) / TicksPerMicrosecond * Tbf.Rate / MicrosecondsPerSecond, uint.MaxValue);

    private static uint Held(uint buffer) => Math.Min(buffer, Tbf.MaxBuffer);

    // As Go converts on amd64.
    private static uint Wrap(double value) => unchecked((uint)(long)value);

    private static uint Saturate(double value) => value >= uint.MaxValue ? uint.MaxValue : (uint)value;
}
