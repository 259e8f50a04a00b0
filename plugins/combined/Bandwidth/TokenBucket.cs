using Plugboard.Netlink.Route.Traffic;

namespace Plugboard.Combined.Bandwidth;

/// <summary>
/// A limit in the kernel's numbers, which are the reference's: each can check what the other has set. Where a number does not fit into 32
/// bits the reference's wraps around, and is kept unless packets could not pass. Pure.
/// </summary>
internal sealed record TokenBucket
{
    /// <summary>
    /// In bytes. A bucket that holds less than this, or a queue, was not meant to be so small where its number has wrapped.
    /// </summary>
    private const uint SmallestBucket = 32 * 1024;
    private const uint SmallestQueue = 1 << 20;

    private const double TicksPerMicrosecond = 15.625;
    private const double MicrosecondsPerSecond = 1_000_000;
    private const ulong MicrosecondsPerMillisecond = 1_000;

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
        var limit = Saturate(queue + burst);
        if (wrapped.Limit >= Math.Max(queue / 2, SmallestQueue))
            limit = wrapped.Limit;
        var buffer = Saturate(Math.Truncate(time) * TicksPerMicrosecond);
        if (BytesOf(wrapped) >= SmallestBucket)
            buffer = wrapped.Buffer;
        return new TokenBucket(new Tbf(rate, limit, buffer), wrapped);
    }

    /// <summary>What of a present bucket is not as set, in the reference's words; null if nothing is.</summary>
    public string? FindDifference(Tbf present)
    {
        if (present.Rate != Tbf.Rate)
            return $"Rate doesn't match: {present.Rate} bytes per second instead of {Tbf.Rate}";
        if (present.Limit != Tbf.Limit && present.Limit != Wrapped.Limit)
            return $"Limit doesn't match: {present.Limit} bytes instead of {Tbf.Limit}";
        return IsBuffer(present.Buffer) ? null : $"Buffer doesn't match: {present.Buffer} ticks instead of {Tbf.Buffer}";
    }

    /// <summary>True for the bucket's size as set by this plugin or by the reference, whose Go does not wrap on arm64.</summary>
    public bool IsBuffer(uint ticks) => ticks == Tbf.Buffer || ticks == Wrapped.Buffer || ticks == uint.MaxValue;

    /// <summary>How many bytes the bucket holds: a larger packet never passes.</summary>
    public ulong Capacity => (ulong)BytesOf(Tbf);

    private static double BytesOf(Tbf tbf) => Math.Min(tbf.Buffer / TicksPerMicrosecond * tbf.Rate / MicrosecondsPerSecond, uint.MaxValue);

    // As Go converts on amd64.
    private static uint Wrap(double value) => unchecked((uint)(long)value);

    private static uint Saturate(double value) => value >= uint.MaxValue ? uint.MaxValue : (uint)value;
}
