using System.Globalization;
using Plugboard.Addresses;
using Plugboard.Linux;

namespace Plugboard.Coordinator.Masquerade;

/// <summary>The value of <c>--to-ports</c>: <c>1024-29999,32768-65535</c>.</summary>
/// <param name="Items">The ranges in the order they were given, none overlapping another.</param>
internal sealed record PortRanges(ValueArray<PortRange> Items)
{
    /// <summary>No range: the kernel chooses.</summary>
    public static PortRanges Any { get; } = new([]);

    /// <summary>True if nothing is said.</summary>
    public bool IsAny => Items.Count == 0;

    /// <summary>How many ports they are together.</summary>
    public int Count => Items.Sum(range => range.Count);

    /// <summary>Reads the flag's value; empty is <see cref="Any"/>.</summary>
    /// <exception cref="FormatException">The value is not a list of port ranges; the message names the invalid part.</exception>
    public static PortRanges Parse(string text)
    {
        if (text.Length == 0)
            return Any;
        var ranges = new List<PortRange>();
        foreach (var part in text.Split(','))
        {
            var range = ParseRange(part);
            var other = ranges.FindIndex(seen => seen.First <= range.Last && range.First <= seen.Last);
            if (other >= 0)
                throw new FormatException($"port range \"{Excerpt.Of(part)}\" overlaps \"{ranges[other]}\"");
            ranges.Add(range);
        }

        return new PortRanges(ranges.ToValueArray());
    }

    private static PortRange ParseRange(string text)
    {
        var dash = text.IndexOf('-', StringComparison.Ordinal);
        var first = ParsePort(dash < 0 ? text : text[..dash], text);
        var last = dash < 0 ? first : ParsePort(text[(dash + 1)..], text);
        return first <= last
            ? new PortRange(first, last)
            : throw new FormatException($"port range \"{Excerpt.Of(text)}\" ends before it begins");
    }

    // Port 0 is invalid: iptables takes it as any port.
    private static ushort ParsePort(string text, string range) =>
        ushort.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port > 0
            ? port
            : throw new FormatException($"\"{Excerpt.Of(text)}\" of port range \"{Excerpt.Of(range)}\" is not a port from 1 to 65535");

    /// <summary>The flag's value.</summary>
    public override string ToString() => string.Join(',', Items);
}
