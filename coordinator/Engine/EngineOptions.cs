namespace Plugboard.Coordinator.Engine;

/// <summary>How often the engine looks.</summary>
internal sealed record EngineOptions
{
    /// <summary>
    /// The least pause from one round to the next, which is also never shorter than the round was: a storm of notifications is one round.
    /// </summary>
    public TimeSpan LeastInterval { get; init; } = TimeSpan.FromMilliseconds(5);

    /// <summary>The longest time from one look at everything to the next.</summary>
    public TimeSpan AuditInterval { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>What a round may take: where the engine has not turned for that and the audit interval, it hangs.</summary>
    public TimeSpan LongestRound { get; init; } = TimeSpan.FromMinutes(1);
}
