using System.Buffers.Binary;

namespace Plugboard.Addresses;

/// <summary>
/// An IPv4 or IPv6 address. Text is read and written by the rules of Go's <c>net.ParseIP</c> and <c>net.IP.String</c>, because the
/// text is a file name in state that other implementations share: a strict dotted quad without leading zeros, no zone, and
/// RFC 5952 lower case for IPv6. An IPv4-mapped IPv6 address (<c>::ffff:1.2.3.4</c>) is the IPv4 address.
/// </summary>
public readonly struct IPAddr : IEquatable<IPAddr>, IComparable<IPAddr>
{
    private readonly UInt128 bits;

    private IPAddr(UInt128 bits, bool is6)
    {
        this.bits = bits;
        Is6 = is6;
    }

    /// <summary>True for IPv6.</summary>
    public bool Is6 { get; }

    /// <summary>True for IPv4.</summary>
    public bool Is4 => !Is6;

    /// <summary>32 for IPv4, 128 for IPv6.</summary>
    public int BitLength => Is6 ? 128 : 32;

    /// <summary>The address as a number: the low 32 bits for IPv4.</summary>
    public UInt128 Value => bits;

    /// <summary>The IPv4 address of a number in host byte order.</summary>
    public static IPAddr V4(uint value) => new(value, false);

    /// <summary>The IPv6 address of a number in host byte order; mapped IPv4 stays IPv6 here.</summary>
    public static IPAddr V6(UInt128 value) => new(value, true);

    /// <summary>
    /// The address in network byte order. <paramref name="bytes"/> has 4 or 16 bytes, else <see cref="ArgumentException"/>.
    /// </summary>
    public static IPAddr FromBytes(ReadOnlySpan<byte> bytes) =>
        bytes.Length switch
        {
            4 => V4(BinaryPrimitives.ReadUInt32BigEndian(bytes)),
            16 => V6(BinaryPrimitives.ReadUInt128BigEndian(bytes)),
            _ => throw new ArgumentException($"an address has 4 or 16 bytes, not {bytes.Length}", nameof(bytes)),
        };

    /// <summary>How many bytes <see cref="WriteBytes"/> writes: 4 or 16.</summary>
    public int ByteCount => Is6 ? 16 : 4;

    /// <summary>Writes the address in network byte order and returns how many bytes that were.</summary>
    public int WriteBytes(Span<byte> destination)
    {
        if (Is6)
            BinaryPrimitives.WriteUInt128BigEndian(destination, bits);
        else
            BinaryPrimitives.WriteUInt32BigEndian(destination, (uint)bits);
        return ByteCount;
    }

    /// <summary>Reads an address as Go's <c>net.ParseIP</c> does; false for anything else.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out IPAddr address)
    {
        address = default;
        var separator = text.IndexOfAny('.', ':');
        if (separator < 0)
            return false;
        if (text[separator] == '.')
        {
            if (!IPText.TryParseV4(text, out var v4))
                return false;
            address = V4(v4);
            return true;
        }

        if (!IPText.TryParseV6(text, out var v6))
            return false;
        address = v6 >> 32 == 0xffff ? V4((uint)v6) : V6(v6);
        return true;
    }

    /// <summary>Reads an address as <see cref="TryParse"/> does; <see cref="FormatException"/> with Go's text otherwise.</summary>
    public static IPAddr Parse(ReadOnlySpan<char> text) =>
        TryParse(text, out var address) ? address : throw new FormatException($"invalid IP address: {text}");

    /// <summary>The text Go's <c>net.IP.String</c> gives.</summary>
    public override string ToString()
    {
        Span<char> text = stackalloc char[40];
        // A mapped address is written as the IPv4 address it holds.
        var length = Is4 || bits >> 32 == 0xffff ? IPText.FormatV4(text, (uint)bits) : IPText.FormatV6(text, bits);
        return text[..length].ToString();
    }

    /// <summary>The address after this one; wraps to zero after the last.</summary>
    public IPAddr Next() => Is6 ? V6(bits + 1) : V4((uint)bits + 1);

    /// <summary>The address before this one; wraps to the last before zero.</summary>
    public IPAddr Previous() => Is6 ? V6(bits - 1) : V4((uint)bits - 1);

    /// <summary>The address with all bits after the first <paramref name="prefixLength"/> zero.</summary>
    public IPAddr Masked(int prefixLength) => new(bits & Mask(prefixLength), Is6);

    /// <summary>The address with all bits after the first <paramref name="prefixLength"/> set.</summary>
    public IPAddr LastOf(int prefixLength)
    {
        var all = Is6 ? UInt128.MaxValue : uint.MaxValue;
        return new(bits | (all & ~Mask(prefixLength)), Is6);
    }

    private UInt128 Mask(int prefixLength)
    {
        var host = BitLength - prefixLength;
        var all = Is6 ? UInt128.MaxValue : uint.MaxValue;
        return host >= BitLength ? UInt128.Zero : all >> host << host;
    }

    /// <summary>True for 0.0.0.0 and ::.</summary>
    public bool IsUnspecified => bits == UInt128.Zero;

    /// <summary>True for 127.0.0.0/8 and ::1.</summary>
    public bool IsLoopback => Is6 ? bits == UInt128.One : bits >> 24 == 127;

    /// <summary>True for 224.0.0.0/4 and ff00::/8.</summary>
    public bool IsMulticast => Is6 ? bits >> 120 == 0xff : bits >> 28 == 14;

    /// <summary>True for 169.254.0.0/16 and fe80::/10.</summary>
    public bool IsLinkLocalUnicast => Is6 ? bits >> 118 == 0x3fa : bits >> 16 == 0xa9fe;

    /// <summary>Go's <c>IsGlobalUnicast</c>: not unspecified, broadcast, loopback, multicast or link-local.</summary>
    public bool IsGlobalUnicast => !(IsUnspecified || IsLoopback || IsMulticast || IsLinkLocalUnicast || (Is4 && bits == uint.MaxValue));

    /// <inheritdoc/>
    public bool Equals(IPAddr other) => Is6 == other.Is6 && bits == other.bits;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is IPAddr other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        // Asked thousands of times a round: no more than a multiplication (Knuth's, by the golden ratio).
        var folded = (ulong)bits ^ (ulong)(bits >> 64);
        return (int)((folded * 0x9E3779B97F4A7C15) >> 32);
    }

    /// <summary>IPv4 before IPv6, then by number.</summary>
    public int CompareTo(IPAddr other) => Is6 == other.Is6 ? bits.CompareTo(other.bits) : Is6.CompareTo(other.Is6);

    /// <summary>Equality by family and number.</summary>
    public static bool operator ==(IPAddr left, IPAddr right) => left.Equals(right);

    /// <summary>Inequality by family or number.</summary>
    public static bool operator !=(IPAddr left, IPAddr right) => !left.Equals(right);

    /// <summary>Order as in <see cref="CompareTo"/>.</summary>
    public static bool operator <(IPAddr left, IPAddr right) => left.CompareTo(right) < 0;

    /// <summary>Order as in <see cref="CompareTo"/>.</summary>
    public static bool operator >(IPAddr left, IPAddr right) => left.CompareTo(right) > 0;

    /// <summary>Order as in <see cref="CompareTo"/>.</summary>
    public static bool operator <=(IPAddr left, IPAddr right) => left.CompareTo(right) <= 0;

    /// <summary>Order as in <see cref="CompareTo"/>.</summary>
    public static bool operator >=(IPAddr left, IPAddr right) => left.CompareTo(right) >= 0;
}
