using System.Globalization;

namespace Plugboard.Coordinator.Engine;

/// <summary>Tells whether a loop still turns, from its last turn; for any thread.</summary>
/// <param name="clock">The clock.</param>
/// <param name="longest">The longest time from one turn to the next while all is well.</param>
internal sealed class Heartbeat(TimeProvider clock, TimeSpan longest)
{
    private long last = clock.GetTimestamp();

    /// <summary>It turns.</summary>
    public void Beat() => Interlocked.Exchange(ref last, clock.GetTimestamp());

    /// <summary>A sentence where it has not turned for too long; null: it turns.</summary>
    public string? FindStall()
    {
        var since = clock.GetElapsedTime(Interlocked.Read(ref last));
        return since <= longest
            ? null
            : string.Create(
                CultureInfo.InvariantCulture,
                $"the engine has not turned for {since.TotalSeconds:0} seconds, and should at least each {longest.TotalSeconds:0}: it "
                    + $"hangs; start the coordinator again"
            );
    }
}
