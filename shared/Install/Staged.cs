namespace Plugboard.Install;

/// <summary>An executable that lies ready, written, verified and on the disk: what is left is a rename.</summary>
/// <param name="Target">Where it is to be.</param>
/// <param name="Facts">What it is.</param>
/// <param name="IsOurs">It comes from a source, and not from what was kept of others.</param>
public sealed record Staged(InstallTarget Target, ExecutableFacts Facts, bool IsOurs);
