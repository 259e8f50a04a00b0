namespace Plugboard.Install;

/// <summary>What was found at a target.</summary>
/// <param name="Target">The target.</param>
/// <param name="State">What stands there.</param>
/// <param name="Facts">What is known of it; null if nothing stands there.</param>
public sealed record TargetFinding(InstallTarget Target, TargetState State, ExecutableFacts? Facts)
{
    /// <summary>Its wrong mode or owner; null if both are right.</summary>
    public string? Flaw { get; init; }

    /// <summary>What stood there before the last install is kept.</summary>
    public bool HasPrevious { get; init; }

    /// <summary>A backup of the file that another program had installed exists.</summary>
    public bool HasOriginal { get; init; }
}
