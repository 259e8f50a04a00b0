using System.Globalization;
using System.Text.RegularExpressions;

namespace Plugboard.Coordinator.Node;

/// <summary>A pattern of --iface-regex. Matching takes linear time, as in flanneld: lookarounds and back-references are invalid.</summary>
internal sealed class InterfacePattern
{
    // Reached only on a machine that stands still.
    private static readonly TimeSpan LongestMatch = TimeSpan.FromSeconds(1);

    private readonly Regex regex;

    private InterfacePattern(string text, Regex regex)
    {
        Text = text;
        this.regex = regex;
    }

    /// <summary>The pattern as it was given.</summary>
    public string Text { get; }

    /// <summary>Reads a pattern.</summary>
    /// <exception cref="FormatException">The pattern is invalid; the message says why.</exception>
    public static InterfacePattern Parse(string text)
    {
        try
        {
            return new InterfacePattern(text, new Regex(text, RegexOptions.CultureInvariant | RegexOptions.NonBacktracking, LongestMatch));
        }
        catch (RegexParseException e)
        {
            throw new FormatException(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"not a regular expression: after {e.Offset} characters: {Sentence(e.Message)}"
                ),
                e
            );
        }
        catch (NotSupportedException e)
        {
            throw new FormatException(
                "lookarounds, atomic groups, conditions, back-references and more than some thousand repetitions are not supported",
                e
            );
        }
    }

    /// <summary>
    /// The patterns of a text that has several, divided by commas. A comma within brackets, as in <c>\d{1,3}</c>, or behind a backslash
    /// belongs to its pattern: flanneld takes the whole text for one.
    /// </summary>
    public static string[] Separate(string text)
    {
        var parts = new List<string>();
        var (begin, depth) = (0, 0);
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '\\')
                i++;
            else if (text[i] is '(' or '[' or '{')
                depth++;
            else if (text[i] is ')' or ']' or '}')
                depth--;
            else if (text[i] == ',' && depth <= 0)
            {
                parts.Add(text[begin..i]);
                begin = i + 1;
            }
        }

        parts.Add(text[begin..]);
        return [.. parts.Select(static part => part.Trim()).Where(static part => part.Length > 0)];
    }

    /// <summary>True if the pattern matches a part of the text.</summary>
    /// <exception cref="RegexMatchTimeoutException">It took too long.</exception>
    public bool IsMatch(string text) => regex.IsMatch(text);

    /// <summary>The pattern as it was given.</summary>
    public override string ToString() => Text;

    // .NET repeats the pattern and the offset: "Invalid pattern '(' at offset 1. Not enough )'s."
    private static string Sentence(string message)
    {
        var place = message.LastIndexOf(" at offset ", StringComparison.Ordinal);
        var end = place < 0 ? -1 : message.IndexOf(". ", place, StringComparison.Ordinal);
        return end < 0 ? message : message[(end + 2)..];
    }
}
