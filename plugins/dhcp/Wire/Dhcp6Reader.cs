using System.Buffers.Binary;

namespace Plugboard.Dhcp.Wire;

/// <summary>Reads and writes messages. Whatever the bytes are, the answer is a message or null. Source: RFC 8415, 8, 21.1. Pure.</summary>
internal static class Dhcp6Reader
{
    private const int Header = 4;
    private const int OptionHeader = 4;

    // A message of a server has a dozen; what has more is no answer to us.
    private const int MostOptions = 500;

    /// <summary>The message; null if it is cut off, a relay's, or of an unknown type.</summary>
    public static Dhcp6Message? Read(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < Header || bytes[0] is < (byte)Dhcp6Type.Solicit or > (byte)Dhcp6Type.InformationRequest)
            return null;
        return ReadOptions(bytes[Header..]) is { } options
            ? new Dhcp6Message
            {
                Type = (Dhcp6Type)bytes[0],
                Xid = BinaryPrimitives.ReadUInt32BigEndian(bytes) & Dhcp6Message.LargestXid,
                Options = options,
            }
            : null;
    }

    /// <summary>Options one after the other; null if the last one is cut off.</summary>
    public static IReadOnlyList<(ushort Code, byte[] Value)>? ReadOptions(ReadOnlySpan<byte> bytes)
    {
        var options = new List<(ushort Code, byte[] Value)>();
        while (!bytes.IsEmpty)
        {
            if (bytes.Length < OptionHeader || options.Count >= MostOptions)
                return null;
            var length = BinaryPrimitives.ReadUInt16BigEndian(bytes[2..]);
            if (bytes.Length < OptionHeader + length)
                return null;
            options.Add((BinaryPrimitives.ReadUInt16BigEndian(bytes), bytes.Slice(OptionHeader, length).ToArray()));
            bytes = bytes[(OptionHeader + length)..];
        }

        return options;
    }

    /// <summary>The bytes of a message.</summary>
    public static byte[] Write(Dhcp6Message message)
    {
        var length = Header;
        foreach (var (_, value) in message.Options)
            length += OptionHeader + value.Length;
        var bytes = new byte[length];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, (uint)message.Type << 24 | message.Xid & Dhcp6Message.LargestXid);
        var rest = bytes.AsSpan(Header);
        foreach (var (code, value) in message.Options)
        {
            BinaryPrimitives.WriteUInt16BigEndian(rest, code);
            BinaryPrimitives.WriteUInt16BigEndian(rest[2..], (ushort)value.Length);
            value.CopyTo(rest[OptionHeader..]);
            rest = rest[(OptionHeader + value.Length)..];
        }

        return bytes;
    }
}
