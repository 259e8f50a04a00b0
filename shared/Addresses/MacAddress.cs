using System.Globalization;

namespace Plugboard.Addresses;

/// <summary>
/// A 48-bit Ethernet address. Text is lower case with colons; dashes and Cisco dots are read too, as Go's <c>net.ParseMAC</c> does.
/// </summary>
public readonly record struct MacAddress(ulong Value)
{
    /// <summary>How many bytes an Ethernet address has.</summary>
    public const int ByteCount = 6;

    /// <summary>True for 01:xx…, the group bit.</summary>
    public bool IsMulticast => (Value >> 40 & 1) != 0;

    /// <summary>True for 00:00:00:00:00:00.</summary>
    public bool IsZero => Value == 0;

    /// <summary>The address in the order of the wire; <paramref name="bytes"/> has 6 bytes, else <see cref="ArgumentException"/>.</summary>
    public static MacAddress FromBytes(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length != ByteCount)
            throw new ArgumentException($"an Ethernet address has 6 bytes, not {bytes.Length}", nameof(bytes));
        var value = 0ul;
        foreach (var b in bytes)
            value = value << 8 | b;
        return new MacAddress(value);
    }

    /// <summary>A locally administered unicast address from 46 of the given bits.</summary>
    public static MacAddress Local(ulong bits) => new(bits & 0xfcff_ffff_ffff | 0x0200_0000_0000);

    /// <summary>Writes the 6 bytes in the order of the wire.</summary>
    public void WriteBytes(Span<byte> destination)
    {
        for (var i = 0; i < ByteCount; i++)
            destination[i] = (byte)(Value >> (40 - 8 * i));
    }

    /// <summary>Reads <c>aa:bb:cc:dd:ee:ff</c>, <c>aa-bb-…</c> or <c>aabb.ccdd.eeff</c>; false for anything else.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out MacAddress address)
    {
        address = default;
        var (group, separator) = text.Length switch
        {
            17 when text[2] is ':' or '-' => (2, text[2]),
            14 when text[4] == '.' => (4, '.'),
            _ => (0, '\0'),
        };
        if (group == 0)
            return false;
        var value = 0ul;
        for (var at = 0; at < text.Length; at += group + 1)
        {
            if (at > 0 && text[at - 1] != separator)
                return false;
            if (!ulong.TryParse(text.Slice(at, group), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var part))
                return false;
            value = value << (4 * group) | part;
        }

        address = new MacAddress(value);
        return true;
    }

    /// <summary>Reads an address; <see cref="FormatException"/> with Go's text otherwise.</summary>
    public static MacAddress Parse(ReadOnlySpan<char> text) =>
        TryParse(text, out var address) ? address : throw new FormatException($"address {text}: invalid MAC address");

    /// <summary>Lower case with colons.</summary>
    public override string ToString() =>
        string.Create(
            17,
            Value,
            static (text, value) =>
            {
                const string digits = "0123456789abcdef";
                for (var i = 0; i < ByteCount; i++)
                {
                    var b = (int)(value >> (40 - 8 * i)) & 0xff;
                    text[3 * i] = digits[b >> 4];
                    text[3 * i + 1] = digits[b & 15];
                    if (i < ByteCount - 1)
                        text[3 * i + 2] = ':';
                }
            }
        );
}
