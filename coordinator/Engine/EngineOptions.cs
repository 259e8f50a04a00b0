namespace Plugboard.Coordinator.Engine;

/// <summary>How often the engine looks.</summary>
internal sealed record EngineOptions
{
    /// <summary>The least time from one round to the next: a storm of notifications is one round.</summary>
    public TimeSpan LeastInterval { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>The longest time from one look at everything to the next.</summary>
    public TimeSpan AuditInterval { get; init; } = TimeSpan.FromSeconds(60);
}
