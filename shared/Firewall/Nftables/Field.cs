using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using Plugboard.Addresses;

namespace Plugboard.Firewall.Nftables;

/// <summary>One value as the kernel's registers hold it: what a key, a map's data or a comparison is made of.</summary>
public readonly struct Field
{
    /// <summary>The length of a link's name in a key, in bytes: IFNAMSIZ.</summary>
    internal const int NameLength = 16;

    private readonly byte[] value;

    private Field(byte[] value) => this.value = value;

    /// <summary>The value's bytes, without padding.</summary>
    public byte[] Bytes => value;

    /// <summary>An address: 4 or 16 bytes.</summary>
    public static Field Of(IPAddr address)
    {
        var bytes = new byte[address.ByteCount];
        address.WriteBytes(bytes);
        return new Field(bytes);
    }

    /// <summary>An Ethernet address: 6 bytes.</summary>
    public static Field Of(MacAddress address)
    {
        var bytes = new byte[MacAddress.ByteCount];
        address.WriteBytes(bytes);
        return new Field(bytes);
    }

    /// <summary>A port: 2 bytes in network order.</summary>
    public static Field Port(ushort port)
    {
        var bytes = new byte[2];
        BinaryPrimitives.WriteUInt16BigEndian(bytes, port);
        return new Field(bytes);
    }

    /// <summary>A protocol number: 1 byte.</summary>
    public static Field Protocol(byte number) => new([number]);

    /// <summary>A mark: 4 bytes in host order.</summary>
    public static Field Mark(uint mark) => Number(mark);

    /// <summary>A number: 4 bytes in host order.</summary>
    public static Field Number(uint number)
    {
        var bytes = new byte[4];
        MemoryMarshal.Write(bytes, in number);
        return new Field(bytes);
    }

    /// <summary>A flow's direction: 1 byte.</summary>
    public static Field Direction(bool isReply) => new([isReply ? (byte)1 : (byte)0]);

    /// <summary>A link's name: 16 bytes, filled up with zeros.</summary>
    public static Field Link(string name)
    {
        var bytes = new byte[NameLength];
        Encoding.UTF8.GetBytes(name, bytes);
        return new Field(bytes);
    }

    /// <summary>
    /// A key or data of several fields: each begins at a register, that is at a multiple of 4 bytes; a single one is not filled up.
    /// </summary>
    public static byte[] Join(params ReadOnlySpan<Field> fields)
    {
        if (fields.Length == 1)
            return fields[0].value;
        var length = 0;
        foreach (var field in fields)
            length += (field.value.Length + 3) & ~3;
        var joined = new byte[length];
        var at = 0;
        foreach (var field in fields)
        {
            field.value.CopyTo(joined, at);
            at += (field.value.Length + 3) & ~3;
        }

        return joined;
    }
}
