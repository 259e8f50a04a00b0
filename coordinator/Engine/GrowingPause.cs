namespace Plugboard.Coordinator.Engine;

/// <summary>Pauses that double from a second to half a minute while something on this node keeps failing.</summary>
internal sealed class GrowingPause
{
    private static readonly TimeSpan First = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(30);
    private TimeSpan next = First;

    /// <summary>It went well: the next pause is the first again.</summary>
    public void Reset() => next = First;

    /// <summary>The next pause's length.</summary>
    public TimeSpan Take()
    {
        var taken = next;
        next = TimeSpan.FromTicks(Math.Min(next.Ticks * 2, Longest.Ticks));
        return taken;
    }
}
