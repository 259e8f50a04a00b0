namespace Plugboard.Install;

/// <summary>A prepared executable: written, verified and synced; only the rename is left.</summary>
/// <param name="Target">The target.</param>
/// <param name="Facts">Its facts.</param>
/// <param name="IsOurs">It comes from a source, not from a backup of a foreign file.</param>
public sealed record Staged(InstallTarget Target, ExecutableFacts Facts, bool IsOurs);
