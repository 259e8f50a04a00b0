using System.Globalization;

namespace Plugboard.Coordinator.Engine;

/// <summary>Detects a stuck loop by its last round. For any thread.</summary>
/// <param name="clock">The clock.</param>
/// <param name="longest">The longest normal time between two rounds.</param>
internal sealed class Heartbeat(TimeProvider clock, TimeSpan longest)
{
    private long last = clock.GetTimestamp();

    /// <summary>Records a round.</summary>
    public void Beat() => Interlocked.Exchange(ref last, clock.GetTimestamp());

    /// <summary>A sentence if the loop is stuck; null if it runs.</summary>
    public string? FindStall()
    {
        var since = clock.GetElapsedTime(Interlocked.Read(ref last));
        return since <= longest
            ? null
            : string.Create(
                CultureInfo.InvariantCulture,
                $"sync loop stuck for {since.TotalSeconds:0} seconds, expected a round every {longest.TotalSeconds:0} at least; "
                    + $"restart the coordinator"
            );
    }
}
