using Plugboard.Install;

namespace Plugboard.Installer;

/// <summary>What became of one file, or how it was found.</summary>
/// <param name="Path">Where it is on the host.</param>
/// <param name="Word">One word: <c>installed</c>, <c>replaced</c>, <c>ours</c>, <c>missing</c>…</param>
/// <param name="Facts">What is known of it; null if nothing is there.</param>
internal sealed record FileReport(string Path, string Word, ExecutableFacts? Facts)
{
    /// <summary>What a person should know or do; null if that is nothing.</summary>
    public string? Note { get; init; }

    /// <summary>A backup of the file from before the last install exists; null if not looked up.</summary>
    public bool? HasPrevious { get; init; }

    /// <summary>A backup of the file that another program had installed exists; null if not looked up.</summary>
    public bool? HasOriginal { get; init; }

    /// <summary>False if it is not as it should be.</summary>
    public bool IsGood { get; init; } = true;
}
