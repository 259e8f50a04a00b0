using System.Text;

namespace Plugboard.Volumes.Options;

/// <summary>
/// A foreign text as a message shows it: a long one would push the reason out of the message, and control characters would disturb a
/// terminal.
/// </summary>
public static class ShortText
{
    private const int Longest = 120;

    /// <summary>The text, or its beginning and three dots.</summary>
    public static string Of(string text)
    {
        var end = Math.Min(text.Length, Longest);
        if (end < text.Length && char.IsHighSurrogate(text[end - 1]))
            end--;
        var shown = new StringBuilder(end + 1);
        foreach (var c in text.AsSpan(0, end))
            shown.Append(char.IsControl(c) ? '?' : c);
        return shown.Append(end < text.Length ? "…" : "").ToString();
    }
}
