namespace Plugboard.Linux;

/// <summary>
/// A clock whose timestamps go on while the machine sleeps, by <see cref="BootClock"/>. Its timers do not: who waits for long looks again
/// in between.
/// </summary>
public sealed class BootTime : TimeProvider
{
    /// <inheritdoc/>
    public override long TimestampFrequency => 1000;

    /// <inheritdoc/>
    public override long GetTimestamp() => BootClock.Milliseconds;
}
