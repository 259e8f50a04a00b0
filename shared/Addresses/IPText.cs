namespace Plugboard.Addresses;

/// <summary>How addresses are written: Go's <c>net.ParseIP</c> and <c>net.IP.String</c>.</summary>
internal static class IPText
{
    /// <summary>Reads a strict dotted quad.</summary>
    public static bool TryParseV4(ReadOnlySpan<char> text, out uint value)
    {
        value = 0;
        for (var part = 0; part < 4; part++)
        {
            var digits = 0;
            var number = 0;
            while (digits < text.Length && char.IsAsciiDigit(text[digits]))
            {
                number = number * 10 + (text[digits] - '0');
                if (++digits > 3)
                    return false;
            }

            if (digits == 0 || number > 255 || (digits > 1 && text[0] == '0'))
                return false;
            value = value << 8 | (uint)number;
            text = text[digits..];
            if (part == 3)
                return text.IsEmpty;
            if (text.IsEmpty || text[0] != '.')
                return false;
            text = text[1..];
        }

        return false;
    }

    /// <summary>Reads groups of hexadecimal digits, the last two of which may be a dotted quad.</summary>
    public static bool TryParseV6(ReadOnlySpan<char> text, out UInt128 value)
    {
        value = UInt128.Zero;
        Span<ushort> groups = stackalloc ushort[8];
        var count = 0;
        var ellipsis = -1;
        if (text.StartsWith("::"))
        {
            ellipsis = 0;
            text = text[2..];
        }

        while (!text.IsEmpty && count < 8)
        {
            var end = text.IndexOf(':');
            var group = end < 0 ? text : text[..end];
            if (end < 0 && group.Contains('.'))
            {
                if (count > 6 || !TryParseV4(group, out var v4))
                    return false;
                groups[count++] = (ushort)(v4 >> 16);
                groups[count++] = (ushort)v4;
                text = default;
                break;
            }

            if (!TryParseGroup(group, out groups[count]))
                return false;
            count++;
            if (end < 0)
            {
                text = default;
                break;
            }

            text = text[(end + 1)..];
            if (text.IsEmpty)
                return false;
            if (text[0] == ':')
            {
                if (ellipsis >= 0)
                    return false;
                ellipsis = count;
                text = text[1..];
            }
        }

        if (!text.IsEmpty || (ellipsis < 0 ? count != 8 : count > 7))
            return false;
        for (var i = 0; i < 8; i++)
        {
            var missing = 8 - count;
            var group =
                ellipsis < 0 || i < ellipsis ? groups[i]
                : i < ellipsis + missing ? (ushort)0
                : groups[i - missing];
            value = value << 16 | group;
        }

        return true;
    }

    /// <summary>Writes a number as RFC 5952 has it and returns how many characters that were, at most 39.</summary>
    public static int FormatV6(Span<char> text, UInt128 value)
    {
        Span<ushort> groups = stackalloc ushort[8];
        for (var i = 0; i < 8; i++)
            groups[i] = (ushort)(value >> (112 - 16 * i));
        var (zeros, zeroCount) = LongestZeros(groups);
        var at = 0;
        for (var i = 0; i < 8; i++)
        {
            if (i == zeros)
            {
                text[at++] = ':';
                text[at++] = ':';
                i += zeroCount;
                if (i >= 8)
                    break;
            }
            else if (i > 0)
            {
                text[at++] = ':';
            }

            at += FormatGroup(text[at..], groups[i]);
        }

        return at;
    }

    // RFC 5952, 4.2: the longest run of at least two zero groups, the first of equals.
    private static (int Start, int Count) LongestZeros(ReadOnlySpan<ushort> groups)
    {
        var (best, bestCount) = (-1, 1);
        for (var i = 0; i < 8; i++)
        {
            var end = i;
            while (end < 8 && groups[end] == 0)
                end++;
            if (end - i > bestCount)
                (best, bestCount) = (i, end - i);
            if (end > i)
                i = end;
        }

        return (best, bestCount);
    }

    // Digits by hand: the first number a process formats or parses by the framework starts a culture, 0.1 ms.
    private static int FormatGroup(Span<char> text, ushort group)
    {
        var at = 0;
        for (var shift = 12; shift >= 0; shift -= 4)
        {
            if (group >> shift != 0 || shift == 0)
                text[at++] = "0123456789abcdef"[(group >> shift) & 15];
        }

        return at;
    }

    private static bool TryParseGroup(ReadOnlySpan<char> text, out ushort group)
    {
        group = 0;
        if (text.Length is 0 or > 4)
            return false;
        foreach (var digit in text)
        {
            if (!char.IsAsciiHexDigit(digit))
                return false;
            group = (ushort)(group << 4 | (digit <= '9' ? digit - '0' : (digit | 0x20) - 'a' + 10));
        }

        return true;
    }

    /// <summary>Writes a number as a dotted quad and returns how many characters that were, at most 15.</summary>
    public static int FormatV4(Span<char> text, uint value)
    {
        var at = 0;
        for (var shift = 24; shift >= 0; shift -= 8)
        {
            var part = (value >> shift) & 0xff;
            if (part >= 100)
                text[at++] = (char)('0' + part / 100);
            if (part >= 10)
                text[at++] = (char)('0' + part / 10 % 10);
            text[at++] = (char)('0' + part % 10);
            if (shift > 0)
                text[at++] = '.';
        }

        return at;
    }
}
