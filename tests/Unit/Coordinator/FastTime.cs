namespace Plugboard.Tests.Unit.Coordinator;

/// <summary>A clock whose timers ring fifty times as early.</summary>
internal sealed class FastTime : TimeProvider
{
    private const int Times = 50;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        base.CreateTimer(
            callback,
            state,
            dueTime < TimeSpan.Zero ? dueTime : dueTime / Times,
            period < TimeSpan.Zero ? period : period / Times
        );
}
