namespace Plugboard.Hosting;

/// <summary>What a call says on standard output and how it exits: one JSON document or nothing, and 0 or 1.</summary>
/// <param name="Output">The bytes for standard output.</param>
/// <param name="ExitCode">0 or 1.</param>
internal readonly record struct CniOutcome(byte[] Output, int ExitCode)
{
    /// <summary>Takes back what was done, for where nobody can be told of it; null where there is nothing to take back.</summary>
    public Action? Undo { get; init; }
}
