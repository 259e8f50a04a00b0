namespace Plugboard.Hosting;

/// <summary>What a call says on standard output and how it exits: one JSON document or nothing, and 0 or 1.</summary>
/// <param name="Output">The bytes for standard output.</param>
/// <param name="ExitCode">0 or 1.</param>
internal readonly record struct CniOutcome(byte[] Output, int ExitCode)
{
    /// <summary>Undoes the call if its result cannot be delivered; null if there is nothing to undo.</summary>
    public Action? Undo { get; init; }
}
