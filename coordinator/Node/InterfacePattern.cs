using System.Globalization;
using System.Text.RegularExpressions;

namespace Plugboard.Coordinator.Node;

/// <summary>
/// A pattern of --iface-regex. It is matched in time that grows with the text only, as flanneld's are: what needs to go back (lookarounds,
/// references to groups) is none.
/// </summary>
internal sealed class InterfacePattern
{
    // Never reached but on a machine that stands still.
    private static readonly TimeSpan LongestMatch = TimeSpan.FromSeconds(1);

    private readonly Regex regex;

    private InterfacePattern(string text, Regex regex)
    {
        Text = text;
        this.regex = regex;
    }

    /// <summary>The pattern as it was given.</summary>
    public string Text { get; }

    /// <summary>Reads one.</summary>
    /// <exception cref="FormatException">It is none: with what is wrong.</exception>
    public static InterfacePattern Parse(string text)
    {
        try
        {
            return new InterfacePattern(text, new Regex(text, RegexOptions.CultureInvariant | RegexOptions.NonBacktracking, LongestMatch));
        }
        catch (RegexParseException e)
        {
            throw new FormatException(
                string.Create(CultureInfo.InvariantCulture, $"no regular expression: after {e.Offset} characters: {Sentence(e.Message)}"),
                e
            );
        }
        catch (NotSupportedException e)
        {
            throw new FormatException(
                "lookarounds, atomic groups, conditions, references to groups and more than some thousand repetitions cannot be matched",
                e
            );
        }
    }

    /// <summary>True where the pattern is somewhere in the text.</summary>
    /// <exception cref="RegexMatchTimeoutException">It took too long.</exception>
    public bool IsMatch(string text) => regex.IsMatch(text);

    /// <summary>The pattern as it was given.</summary>
    public override string ToString() => Text;

    // .NET tells the pattern and the place a second time: "Invalid pattern '(' at offset 1. Not enough )'s."
    private static string Sentence(string message)
    {
        var place = message.LastIndexOf(" at offset ", StringComparison.Ordinal);
        var end = place < 0 ? -1 : message.IndexOf(". ", place, StringComparison.Ordinal);
        return end < 0 ? message : message[(end + 2)..];
    }
}
