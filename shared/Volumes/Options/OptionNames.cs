namespace Plugboard.Volumes.Options;

/// <summary>How a dialect spells a backend's options.</summary>
public sealed record OptionNames
{
    /// <summary>The backend's own names and nothing else.</summary>
    public static OptionNames Own { get; } = new();

    /// <summary>The backend's name by the dialect's.</summary>
    public IReadOnlyDictionary<string, string> Aliases { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>The defaults of the driver that first had this dialect, by the backend's name.</summary>
    public IReadOnlyDictionary<string, string> Defaults { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>
    /// True if unknown options are ignored, as in the driver that first had this dialect. Names are then read without regard to case, and
    /// of two spellings of one option the dialect's own counts.
    /// </summary>
    public bool IsLenient { get; init; }

    /// <summary>
    /// What a value of the dialect means to the backend, by the backend's name of the option; empty: as if it were not given.
    /// </summary>
    public Func<string, string, string> Translate { get; init; } = static (_, value) => value;
}
