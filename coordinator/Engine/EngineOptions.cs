namespace Plugboard.Coordinator.Engine;

/// <summary>How often the engine looks.</summary>
internal sealed record EngineOptions
{
    /// <summary>
    /// The least pause from one round to the next, which is also never shorter than the round was: a storm of notifications is one round.
    /// </summary>
    public TimeSpan LeastInterval { get; init; } = TimeSpan.FromMilliseconds(5);

    /// <summary>The longest time between two audits.</summary>
    public TimeSpan AuditInterval { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>The longest round: a sync loop without a round for this time plus the audit interval is stuck.</summary>
    public TimeSpan LongestRound { get; init; } = TimeSpan.FromMinutes(1);
}
