namespace Plugboard.ClusterFiles;

/// <summary>What became of writing a conflist.</summary>
/// <param name="Written">The file was made or changed.</param>
/// <param name="Missing">What kept it from being written; empty if the file says what it should.</param>
public sealed record ConflistOutcome(bool Written, IReadOnlyList<MissingPlugin> Missing);
