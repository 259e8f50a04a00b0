using System.Globalization;

namespace Plugboard.Dhcp.Daemon;

/// <summary>Go's durations as flags have them: <c>10s</c>, <c>1m30s</c>, <c>1.5h</c>, <c>200ms</c>, <c>0</c>. Pure.</summary>
internal static class GoDuration
{
    /// <summary>The milliseconds of a text; null if it is invalid or negative.</summary>
    public static long? TryParse(string text)
    {
        if (text == "0")
            return 0;
        var rest = text.AsSpan();
        var total = 0.0;
        while (!rest.IsEmpty)
        {
            var end = Find(rest, isNumber: false);
            if (end <= 0 || !double.TryParse(rest[..end], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number))
                return null;
            rest = rest[end..];
            var unitEnd = Find(rest, isNumber: true);
            var unit = unitEnd < 0 ? rest : rest[..unitEnd];
            if (MillisecondsOf(unit) is not { } factor)
                return null;
            total += number * factor;
            rest = rest[unit.Length..];
        }

        return text.Length > 0 && total < int.MaxValue ? (long)total : null;
    }

    private static int Find(ReadOnlySpan<char> text, bool isNumber)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if ((char.IsAsciiDigit(text[i]) || text[i] == '.') == isNumber)
                return i;
        }

        return -1;
    }

    private static double? MillisecondsOf(ReadOnlySpan<char> unit) =>
        unit switch
        {
            "h" => 3_600_000,
            "m" => 60_000,
            "s" => 1000,
            "ms" => 1,
            "us" or "µs" => 0.001,
            "ns" => 0.000_001,
            _ => null,
        };
}
