using System.Globalization;
using System.Text;

namespace Plugboard.Firewall.Iptables;

/// <summary>
/// Text in quotation marks as Go's <c>%q</c> writes it: the reference's comments are made so. Source: go/strconv/quote.go.
/// </summary>
public static class GoQuote
{
    /// <summary>The text with its quotation marks.</summary>
    public static string Of(string text)
    {
        var quoted = new StringBuilder(text.Length + 2).Append('"');
        foreach (var rune in text.EnumerateRunes())
            Append(quoted, rune);
        return quoted.Append('"').ToString();
    }

    private static void Append(StringBuilder quoted, Rune rune)
    {
        if (rune.Value is '"' or '\\')
            quoted.Append('\\').Append((char)rune.Value);
        else if (IsPrintable(rune))
            quoted.Append(rune.ToString());
        else if (Letter(rune.Value) is { } letter)
            quoted.Append('\\').Append(letter);
        else if (rune.Value is < ' ' or 0x7f)
            quoted.Append(CultureInfo.InvariantCulture, $"\\x{rune.Value:x2}");
        else
            quoted.Append(
                CultureInfo.InvariantCulture,
                $"{(rune.IsBmp ? "\\u" : "\\U")}{rune.Value.ToString(rune.IsBmp ? "x4" : "x8", CultureInfo.InvariantCulture)}"
            );
    }

    private static char? Letter(int control) =>
        control switch
        {
            '\a' => 'a',
            '\b' => 'b',
            '\f' => 'f',
            '\n' => 'n',
            '\r' => 'r',
            '\t' => 't',
            '\v' => 'v',
            _ => null,
        };

    // go/unicode, IsPrint: letters, marks, numbers, punctuation, symbols and the one blank of ASCII.
    private static bool IsPrintable(Rune rune)
    {
        if (rune.IsAscii)
            return rune.Value is >= ' ' and < 0x7f;
        return Rune.GetUnicodeCategory(rune)
            is not (
                UnicodeCategory.Control
                or UnicodeCategory.Format
                or UnicodeCategory.Surrogate
                or UnicodeCategory.PrivateUse
                or UnicodeCategory.OtherNotAssigned
                or UnicodeCategory.SpaceSeparator
                or UnicodeCategory.LineSeparator
                or UnicodeCategory.ParagraphSeparator
            );
    }
}
