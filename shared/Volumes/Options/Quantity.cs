using System.Globalization;

namespace Plugboard.Volumes.Options;

/// <summary>
/// Sizes as Kubernetes writes them: <c>512Mi</c>, <c>1.5G</c>, <c>1e9</c>. Source: k8s.io/apimachinery/pkg/api/resource/quantity.go.
/// </summary>
public static class Quantity
{
    private const string Suffixes = "KMGTPE";

    /// <summary>The size in bytes, a part of a byte rounded up; false if it is no size, or larger than a signed 64-bit number.</summary>
    public static bool TryParse(string text, out long bytes)
    {
        bytes = 0;
        var digits = 0;
        while (digits < text.Length && (char.IsAsciiDigit(text[digits]) || text[digits] == '.'))
            digits++;
        if (
            !decimal.TryParse(text.AsSpan(0, digits), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)
            || !TryFactor(text[digits..], out var factor)
        )
            return false;
        try
        {
            bytes = decimal.ToInt64(decimal.Ceiling(number * factor));
            return true;
        }
        catch (OverflowException)
        {
            return false;
        }
    }

    private static bool TryFactor(string suffix, out decimal factor)
    {
        factor = 1;
        if (suffix.Length == 0)
            return true;
        if (
            suffix.Length > 1
            && suffix[0] is 'e' or 'E'
            && int.TryParse(suffix.AsSpan(1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var exponent)
            && exponent is >= -9 and <= 18
        )
        {
            for (var i = 0; i < Math.Abs(exponent); i++)
                factor *= exponent < 0 ? 0.1m : 10m;
            return true;
        }

        var binary = suffix.Length == 2 && suffix[1] == 'i';
        var power = suffix == "k" ? 1 : Suffixes.IndexOf(suffix[0], StringComparison.Ordinal) + 1;
        // "K" is no suffix of Kubernetes, "k" is; both were meant as 1000.
        if (power == 0 || (suffix.Length == 2 && !binary) || suffix.Length > 2)
            return false;
        for (var i = 0; i < power; i++)
            factor *= binary ? 1024m : 1000m;
        return true;
    }
}
