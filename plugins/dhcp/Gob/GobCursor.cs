namespace Plugboard.Dhcp.Gob;

/// <summary>The primitives of gob, read from a message's body. Source: Go's package encoding/gob, "Encoding Details".</summary>
internal ref struct GobCursor(ReadOnlySpan<byte> bytes)
{
    private ReadOnlySpan<byte> rest = bytes;

    /// <summary>How many bytes are left.</summary>
    public readonly int Left => rest.Length;

    /// <summary>An unsigned number: below 128 a byte, else how many bytes, negated, and these, the first highest.</summary>
    public ulong Unsigned() =>
        TryUnsigned(ref rest, out var value) ? value : throw new GobException("a number is cut off, or longer than 8 bytes");

    /// <summary>A signed number: its last bit says whether the others are inverted.</summary>
    public long Signed()
    {
        var bits = Unsigned();
        return (bits & 1) == 0 ? (long)(bits >> 1) : ~(long)(bits >> 1);
    }

    /// <summary>A length and as many bytes.</summary>
    public ReadOnlySpan<byte> Bytes()
    {
        var length = Count();
        var taken = rest[..length];
        rest = rest[length..];
        return taken;
    }

    /// <summary>How many elements follow, each of at least a byte.</summary>
    public int Count()
    {
        var count = Unsigned();
        return count <= (ulong)rest.Length
            ? (int)count
            : throw new GobException($"{count} elements are said to follow in {rest.Length} bytes");
    }

    /// <summary>An unsigned number at the start; false if it is cut off or invalid.</summary>
    public static bool TryUnsigned(ref ReadOnlySpan<byte> bytes, out ulong value)
    {
        value = 0;
        if (bytes.IsEmpty)
            return false;
        if (bytes[0] < 128)
        {
            value = bytes[0];
            bytes = bytes[1..];
            return true;
        }

        var length = 256 - bytes[0];
        if (length > sizeof(ulong) || bytes.Length < 1 + length)
            return false;
        foreach (var each in bytes.Slice(1, length))
            value = value << 8 | each;
        bytes = bytes[(1 + length)..];
        return true;
    }
}
