using Plugboard.Install;

namespace Plugboard.Installer;

/// <summary>What became of one file, or how it was found.</summary>
/// <param name="Path">Where it is on the host.</param>
/// <param name="Word">One word: <c>installed</c>, <c>replaced</c>, <c>ours</c>, <c>missing</c>…</param>
/// <param name="Facts">What is known of it; null where nothing is there.</param>
internal sealed record FileReport(string Path, string Word, ExecutableFacts? Facts)
{
    /// <summary>What a person should know or do; null where that is nothing.</summary>
    public string? Note { get; init; }

    /// <summary>What stood there before the last install is kept; null where that is not what was asked.</summary>
    public bool? HasPrevious { get; init; }

    /// <summary>What others had put there is kept; null where that is not what was asked.</summary>
    public bool? HasOriginal { get; init; }

    /// <summary>False where it is not as it should be.</summary>
    public bool IsGood { get; init; } = true;
}
