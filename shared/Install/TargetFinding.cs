namespace Plugboard.Install;

/// <summary>What was found at a target.</summary>
/// <param name="Target">The target.</param>
/// <param name="State">What stands there.</param>
/// <param name="Facts">What is known of it; null where nothing stands there.</param>
public sealed record TargetFinding(InstallTarget Target, TargetState State, ExecutableFacts? Facts)
{
    /// <summary>What makes it other than its content does: its mode or owner; null where that is right.</summary>
    public string? Flaw { get; init; }

    /// <summary>What stood there before the last install is kept.</summary>
    public bool HasPrevious { get; init; }

    /// <summary>What others had put there before us is kept.</summary>
    public bool HasOriginal { get; init; }
}
