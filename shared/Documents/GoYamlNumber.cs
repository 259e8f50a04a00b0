using System.Globalization;
using System.Text.RegularExpressions;

namespace Plugboard.Documents;

/// <summary>
/// What Go's yaml.v2 takes for a number, and how the JSON that ip-masq-agent makes of it says it: <c>0x10</c> is 16, <c>010</c> is 8,
/// <c>1e2</c> is 100. Pure.
/// Source: gopkg.in/yaml.v2, resolve.go; strconv.ParseInt with base 0.
/// </summary>
public static partial class GoYamlNumber
{
    // Go's JSON writes larger ones with an exponent (encoding/json, floatEncoder).
    private const double LeastWithExponent = 1e21;

    /// <summary>The number in JSON's form; null if the text is not a number.</summary>
    public static string? Find(string plain)
    {
        if (plain.Length == 0 || !(char.IsAsciiDigit(plain[0]) || plain[0] is '+' or '-' or '.'))
            return null;
        var text = plain[0] == '.' ? plain : plain.Replace("_", "", StringComparison.Ordinal);
        if (FindInteger(text) is { } integer)
            return integer.ToString(CultureInfo.InvariantCulture);
        return
            Decimal().IsMatch(text)
            && double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
            && double.IsFinite(number)
            ? Describe(number)
            : null;
    }

    private static Int128? FindInteger(string text)
    {
        var isNegative = text.StartsWith('-');
        var digits = isNegative || text.StartsWith('+') ? text[1..] : text;
        var (radix, skipped) = digits switch
        {
            ['0', 'x' or 'X', ..] => (16, 2),
            ['0', 'b' or 'B', ..] => (2, 2),
            ['0', 'o' or 'O', ..] => (8, 2),
            ['0', _, ..] => (8, 1),
            _ => (10, 0),
        };
        return FindMagnitude(digits[skipped..], radix) is { } magnitude && magnitude <= (isNegative ? (UInt128)1 << 63 : ulong.MaxValue)
            ? isNegative
                ? -(Int128)magnitude
                : (Int128)magnitude
            : null;
    }

    private static UInt128? FindMagnitude(string digits, int radix)
    {
        if (digits.Length == 0)
            return null;
        UInt128 value = 0;
        foreach (var digit in digits)
        {
            var next = ValueOf(digit);
            if (next >= radix || value > ulong.MaxValue)
                return null;
            value = (value * (uint)radix) + (uint)next;
        }

        return value;
    }

    private static int ValueOf(char digit) =>
        digit switch
        {
            >= '0' and <= '9' => digit - '0',
            >= 'a' and <= 'f' => digit - 'a' + 10,
            >= 'A' and <= 'F' => digit - 'A' + 10,
            _ => int.MaxValue,
        };

    private static string Describe(double number) =>
        number == Math.Truncate(number) && Math.Abs(number) < LeastWithExponent
            ? number.ToString("F0", CultureInfo.InvariantCulture)
            : number.ToString("R", CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex Decimal();
}
