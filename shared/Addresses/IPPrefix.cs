namespace Plugboard.Addresses;

/// <summary>
/// An address with a prefix length, host bits kept: <c>10.1.2.5/16</c> is an address in its network, <c>10.1.0.0/16</c> the network.
/// Text is Go's <c>net.ParseCIDR</c> and <c>net.IPNet.String</c>.
/// </summary>
public readonly record struct IPPrefix(IPAddr Address, int Length) : IComparable<IPPrefix>
{
    /// <summary>True for IPv6.</summary>
    public bool Is6 => Address.Is6;

    /// <summary>The prefix with its host bits zero.</summary>
    public IPPrefix Network => new(Address.Masked(Length), Length);

    /// <summary>The last address of the network: the broadcast address for IPv4.</summary>
    public IPAddr Last => Address.LastOf(Length);

    /// <summary>True if the prefix is the network itself: no host bits.</summary>
    public bool IsNetwork => Address == Address.Masked(Length);

    /// <summary>True for 0.0.0.0/0 and ::/0, with any host bits.</summary>
    public bool IsDefault => Length == 0;

    /// <summary>The prefix that holds only <paramref name="address"/>: /32 or /128.</summary>
    public static IPPrefix Host(IPAddr address) => new(address, address.BitLength);

    /// <summary>0.0.0.0/0 or ::/0.</summary>
    public static IPPrefix Default(bool is6) => new(is6 ? IPAddr.V6(0) : IPAddr.V4(0), 0);

    /// <summary>True if <paramref name="address"/> is of the family and in the network.</summary>
    public bool Contains(IPAddr address) => address.Is6 == Is6 && address.Masked(Length) == Address.Masked(Length);

    /// <summary>True if the two networks share an address.</summary>
    public bool Overlaps(IPPrefix other) => Contains(other.Address.Masked(other.Length)) || other.Contains(Address.Masked(Length));

    /// <summary>True if the network has a broadcast address: IPv4 with a length below 31 (RFC 3021).</summary>
    public bool HasBroadcast => !Is6 && Length < 31;

    /// <summary>Reads <c>address/length</c> by Go's rules; false for anything else.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out IPPrefix prefix)
    {
        prefix = default;
        var slash = text.IndexOf('/');
        if (slash < 0 || !IPAddr.TryParse(text[..slash], out var address))
            return false;
        var digits = text[(slash + 1)..];
        // Go's ParseCIDR takes the family from the text: ::ffff:1.2.3.4/120 is an IPv4 address in 24 bits.
        var mapped = address.Is4 && text[..slash].Contains(':');
        if (digits.Length is 0 or > 3)
            return false;
        var length = 0;
        foreach (var digit in digits)
        {
            if (!char.IsAsciiDigit(digit))
                return false;
            length = 10 * length + (digit - '0');
        }

        if (mapped)
            length -= 96;
        if (length < 0 || length > address.BitLength)
            return false;
        prefix = new IPPrefix(address, length);
        return true;
    }

    /// <summary>Reads <c>address/length</c>; <see cref="FormatException"/> with Go's text otherwise.</summary>
    public static IPPrefix Parse(ReadOnlySpan<char> text) =>
        TryParse(text, out var prefix) ? prefix : throw new FormatException($"invalid CIDR address: {text}");

    /// <summary>By family, address, then length.</summary>
    public int CompareTo(IPPrefix other) =>
        Address.CompareTo(other.Address) is var order and not 0 ? order : Length.CompareTo(other.Length);

    /// <summary><c>address/length</c>.</summary>
    public override string ToString() => string.Concat(Address.ToString(), "/", Length.ToString());

    /// <summary>Order as in <see cref="CompareTo"/>.</summary>
    public static bool operator <(IPPrefix left, IPPrefix right) => left.CompareTo(right) < 0;

    /// <summary>Order as in <see cref="CompareTo"/>.</summary>
    public static bool operator >(IPPrefix left, IPPrefix right) => left.CompareTo(right) > 0;

    /// <summary>Order as in <see cref="CompareTo"/>.</summary>
    public static bool operator <=(IPPrefix left, IPPrefix right) => left.CompareTo(right) <= 0;

    /// <summary>Order as in <see cref="CompareTo"/>.</summary>
    public static bool operator >=(IPPrefix left, IPPrefix right) => left.CompareTo(right) >= 0;
}
