using System.Text;
using Plugboard.Addresses;

namespace Plugboard.Protocols.Cni;

/// <summary>Text as Go's <c>strconv.Quote</c> writes it: what the protocol's error sentences quote with.</summary>
public static class GoText
{
    private const string Hex = "0123456789abcdef";

    /// <summary>The text in double quotes; of a long one the beginning, and how long it is.</summary>
    public static string Quote(string text, int longest = Excerpt.UsualLength)
    {
        text = Excerpt.Of(text, longest);
        var quoted = new StringBuilder(text.Length + 2);
        AppendQuoted(quoted, text);
        return quoted.ToString();
    }

    /// <summary>The texts as Go prints a slice with <c>%q</c>: <c>["a" "b"]</c>; of many the first.</summary>
    public static string Quote(IReadOnlyList<string> texts)
    {
        const int MostTexts = 20;
        var quoted = new StringBuilder("[");
        for (var i = 0; i < Math.Min(texts.Count, MostTexts); i++)
        {
            if (i > 0)
                quoted.Append(' ');
            AppendQuoted(quoted, Excerpt.Of(texts[i]));
        }

        if (texts.Count > MostTexts)
            quoted.Append($" … ({texts.Count} in all)");
        return quoted.Append(']').ToString();
    }

    private static void AppendQuoted(StringBuilder quoted, string text)
    {
        quoted.Append('"');
        foreach (var c in text)
        {
            var escape = c switch
            {
                '"' => '"',
                '\\' => '\\',
                '\n' => 'n',
                '\r' => 'r',
                '\t' => 't',
                '\a' => 'a',
                '\b' => 'b',
                '\f' => 'f',
                '\v' => 'v',
                _ => '\0',
            };
            if (escape != '\0')
                quoted.Append('\\').Append(escape);
            else if (c < ' ' || c == 0x7f)
                quoted.Append("\\x").Append(Hex[c >> 4]).Append(Hex[c & 15]);
            else
                quoted.Append(c);
        }

        quoted.Append('"');
    }
}
