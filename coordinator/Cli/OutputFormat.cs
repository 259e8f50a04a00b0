namespace Plugboard.Coordinator.Cli;

/// <summary>How a verb prints.</summary>
internal enum OutputFormat
{
    /// <summary>Lines for people.</summary>
    Table,

    /// <summary>One JSON document.</summary>
    Json,
}
