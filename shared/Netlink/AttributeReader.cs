using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using Plugboard.Addresses;
using Plugboard.Netlink.Uapi;

namespace Plugboard.Netlink;

/// <summary>
/// Walks attributes: <see cref="Read"/>, then <see cref="Type"/> and one of the values. A nested reader sees its parent's bytes only.
/// Numbers are in host order unless the method says <c>BigEndian</c>; every value has the size its method says, else it is a
/// <see cref="NetlinkFormatException"/>. Fewer than 4 bytes left over at the end are padding, as the kernel's own parser has it.
/// </summary>
/// <param name="attributes">The bytes that hold nothing but attributes.</param>
public ref struct AttributeReader(ReadOnlySpan<byte> attributes)
{
    private ReadOnlySpan<byte> rest = attributes;
    private ushort rawType;

    /// <summary>The attribute's type without its two flag bits.</summary>
    public readonly ushort Type => (ushort)(rawType & NetlinkH.NLA_TYPE_MASK);

    /// <summary>True with NLA_F_NESTED; not every nested attribute of the kernel has it.</summary>
    public readonly bool HasNestedFlag => (rawType & NetlinkH.NLA_F_NESTED) != 0;

    /// <summary>The attribute's bytes without its header.</summary>
    public ReadOnlySpan<byte> Value { get; private set; }

    internal static AttributeReader After(ReadOnlySpan<byte> bytes, int headerSize)
    {
        var start = NetlinkWriter.Align(headerSize);
        if (bytes.Length < headerSize)
            throw new NetlinkFormatException($"a fixed part of {headerSize} bytes in {bytes.Length} bytes");
        return new AttributeReader(start < bytes.Length ? bytes[start..] : default);
    }

    /// <summary>Steps onto the next attribute; false at the end.</summary>
    /// <exception cref="NetlinkFormatException">A length is below 4 or beyond the container.</exception>
    public bool Read()
    {
        if (rest.Length < NetlinkH.NLA_HDRLEN)
            return false;
        var length = MemoryMarshal.Read<ushort>(rest);
        if (length < NetlinkH.NLA_HDRLEN || length > rest.Length)
            throw new NetlinkFormatException($"an attribute of {length} bytes in a container with {rest.Length} bytes left");
        rawType = MemoryMarshal.Read<ushort>(rest[2..]);
        Value = rest[NetlinkH.NLA_HDRLEN..length];
        rest = rest[Math.Min(NetlinkWriter.Align(length), rest.Length)..];
        return true;
    }

    /// <summary>The attributes inside this one.</summary>
    public readonly AttributeReader Nested() => new(Value);

    /// <summary>The attributes inside this one, behind a fixed part of so many bytes, as in VETH_INFO_PEER.</summary>
    public readonly AttributeReader NestedAfter(int headerSize) => After(Value, headerSize);

    /// <summary>A struct of exactly this size, or a longer one of a newer kernel; the rest is ignored.</summary>
    public readonly T Struct<T>()
        where T : unmanaged => NetlinkReader.ReadStruct<T>(Value);

    /// <summary>One byte.</summary>
    public readonly byte UInt8() => Sized(1)[0];

    /// <summary>Two bytes in host order.</summary>
    public readonly ushort UInt16() => MemoryMarshal.Read<ushort>(Sized(2));

    /// <summary>Two bytes in network order.</summary>
    public readonly ushort UInt16BigEndian() => BinaryPrimitives.ReadUInt16BigEndian(Sized(2));

    /// <summary>Four bytes in host order.</summary>
    public readonly uint UInt32() => MemoryMarshal.Read<uint>(Sized(4));

    /// <summary>Four bytes in host order, signed.</summary>
    public readonly int Int32() => MemoryMarshal.Read<int>(Sized(4));

    /// <summary>Four bytes in network order.</summary>
    public readonly uint UInt32BigEndian() => BinaryPrimitives.ReadUInt32BigEndian(Sized(4));

    /// <summary>Eight bytes in host order.</summary>
    public readonly ulong UInt64() => MemoryMarshal.Read<ulong>(Sized(8));

    /// <summary>Eight bytes in network order.</summary>
    public readonly ulong UInt64BigEndian() => BinaryPrimitives.ReadUInt64BigEndian(Sized(8));

    /// <summary>UTF-8 up to the first NUL or the attribute's end; what is no UTF-8 becomes U+FFFD.</summary>
    public readonly string String()
    {
        var end = Value.IndexOf((byte)0);
        return Encoding.UTF8.GetString(end < 0 ? Value : Value[..end]);
    }

    /// <summary>4 or 16 bytes in network order.</summary>
    public readonly IPAddr Address() =>
        Value.Length is 4 or 16
            ? IPAddr.FromBytes(Value)
            : throw new NetlinkFormatException($"attribute {Type} is no IP address: it has {Value.Length} bytes");

    /// <summary>The Ethernet address; null if the device's addresses have another length than 6 bytes, as a tunnel's.</summary>
    public readonly MacAddress? Mac() => Value.Length == MacAddress.ByteCount ? MacAddress.FromBytes(Value) : null;

    private readonly ReadOnlySpan<byte> Sized(int size) =>
        Value.Length == size
            ? Value
            : throw new NetlinkFormatException($"attribute {Type} should have {size} bytes and has {Value.Length}");
}
