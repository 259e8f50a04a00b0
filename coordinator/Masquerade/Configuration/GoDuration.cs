using System.Buffers;
using System.Globalization;
using Plugboard.Firewall.Iptables;

namespace Plugboard.Coordinator.Masquerade.Configuration;

/// <summary>A length of time as Go writes it: <c>90s</c>, <c>1h15m30.5s</c>. Source: go/time/format.go (ParseDuration).</summary>
internal static class GoDuration
{
    private const int LongestShown = 128;

    private static readonly SearchValues<char> NumberCharacters = SearchValues.Create("0123456789.");

    private static readonly (string Unit, double Ticks)[] Units =
    [
        ("ns", 0.01),
        ("us", TimeSpan.TicksPerMicrosecond),
        ("µs", TimeSpan.TicksPerMicrosecond),
        ("μs", TimeSpan.TicksPerMicrosecond),
        ("ms", TimeSpan.TicksPerMillisecond),
        ("s", TimeSpan.TicksPerSecond),
        ("m", TimeSpan.TicksPerMinute),
        ("h", TimeSpan.TicksPerHour),
    ];

    /// <summary>Reads a duration; the resolution is 100 ns.</summary>
    /// <exception cref="MasqueradeConfigException">The text is not a duration, in Go's words.</exception>
    public static TimeSpan Parse(string text)
    {
        var rest = text.AsSpan();
        var isNegative = rest.StartsWith("-");
        if (isNegative || rest.StartsWith("+"))
            rest = rest[1..];
        if (rest is "0")
            return TimeSpan.Zero;
        var ticks = 0.0;
        if (rest.IsEmpty)
            throw Invalid(text);
        while (!rest.IsEmpty)
            ticks += TakePart(ref rest, text);
        // Go's longest are 292 years.
        if (ticks > long.MaxValue / 100.0)
            throw Invalid(text);
        return TimeSpan.FromTicks((long)(isNegative ? -ticks : ticks));
    }

    private static double TakePart(ref ReadOnlySpan<char> rest, string text)
    {
        var digits = rest.IndexOfAnyExcept(NumberCharacters);
        var number = rest[..(digits < 0 ? rest.Length : digits)];
        if (!double.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value))
            throw Invalid(text);
        rest = rest[number.Length..];
        var end = rest.IndexOfAny(NumberCharacters);
        var word = rest[..(end < 0 ? rest.Length : end)].ToString();
        rest = rest[word.Length..];
        if (word.Length == 0)
            throw new MasqueradeConfigException($"time: missing unit in duration {Quote(text)}");
        foreach (var (unit, ticks) in Units)
        {
            if (unit == word)
                return value * ticks;
        }

        throw new MasqueradeConfigException($"time: unknown unit {Quote(word)} in duration {Quote(text)}");
    }

    private static MasqueradeConfigException Invalid(string text) => new($"time: invalid duration {Quote(text)}");

    // The value may be as long as the file.
    private static string Quote(string text) => GoQuote.Of(text.Length <= LongestShown ? text : $"{text[..LongestShown]}…");

    /// <summary>Writes one in seconds: <c>0s</c>, <c>-1.5s</c>.</summary>
    public static string Describe(TimeSpan time) => string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds}s");
}
