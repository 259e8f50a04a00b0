using System.Globalization;
using System.Text;

namespace Plugboard.FlexVolume;

/// <summary>Texts in quotes: <c>'it''s'</c>, <c>"a\tb"</c>. Source: YAML 1.2.2, 5.7 and 7.3.</summary>
internal static class YamlQuotes
{
    /// <summary>The place of the closing quote in a line; -1 where it is in none.</summary>
    public static int FindEnd(string line, char quote, int from)
    {
        for (var at = from; at < line.Length; at++)
        {
            if (quote == '"' && line[at] == '\\')
                at++;
            else if (line[at] == quote)
            {
                if (quote == '"' || at + 1 >= line.Length || line[at + 1] != quote)
                    return at;
                at++;
            }
        }

        return -1;
    }

    /// <summary>The meaning of the text between the quotes, with its final line ends.</summary>
    /// <param name="inner">The text.</param>
    /// <param name="quote">Which quotes.</param>
    /// <param name="line">Its line, for the message.</param>
    public static string Unquote(string inner, char quote, int line)
    {
        if (quote == '\'')
            return inner.Replace("''", "'", StringComparison.Ordinal);
        var plain = new StringBuilder(inner.Length);
        for (var i = 0; i < inner.Length; i++)
        {
            if (inner[i] != '\\')
                plain.Append(inner[i]);
            else
                i += Unescape(plain, inner.AsSpan(i + 1), line);
        }

        return plain.ToString();
    }

    // Returns how many characters behind the backslash belong to it.
    private static int Unescape(StringBuilder plain, ReadOnlySpan<char> escape, int line)
    {
        var digits = escape is [var kind, ..]
            ? kind switch
            {
                'x' => 2,
                'u' => 4,
                'U' => 8,
                _ => 0,
            }
            : 0;
        if (
            digits > 0
            && escape.Length > digits
            && uint.TryParse(escape.Slice(1, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var code)
            && code <= 0x10ffff
        )
        {
            // Half of a pair may stand in each of two escapes, as in JSON.
            plain.Append(code > 0xffff ? char.ConvertFromUtf32((int)code) : ((char)code).ToString());
            return digits + 1;
        }

        plain.Append(
            escape is not [var c, ..]
                ? throw YamlReader.Refusal(line, "an escape without a character")
                : c switch
                {
                    '0' => "\0",
                    'a' => "\a",
                    'b' => "\b",
                    't' or '\t' => "\t",
                    'n' => "\n",
                    'v' => "\v",
                    'f' => "\f",
                    'r' => "\r",
                    'e' => "\u001b",
                    '"' or '/' or '\\' or ' ' => c.ToString(),
                    'N' => "\u0085",
                    '_' => "\u00a0",
                    _ => throw YamlReader.Refusal(line, $"the escape \\{c}"),
                }
        );
        return 1;
    }
}
