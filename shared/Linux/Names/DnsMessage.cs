using System.Buffers.Binary;
using System.Text;
using Plugboard.Addresses;

namespace Plugboard.Linux.Names;

/// <summary>A question for a name's address, and its answer. Pure; hostile bytes are no answer. Source: RFC 1035, RFC 3596.</summary>
internal static class DnsMessage
{
    private const int HeaderLength = 12;
    private const ushort RecursionDesired = 0x0100;
    private const ushort IsResponse = 0x8000;
    private const ushort Internet = 1;
    private const int LongestLabel = 63;

    /// <summary>A question; null where the name is none.</summary>
    public static byte[]? Ask(ushort id, string name, bool is6)
    {
        var message = new byte[HeaderLength + name.Length + 2 + 4];
        BinaryPrimitives.WriteUInt16BigEndian(message, id);
        BinaryPrimitives.WriteUInt16BigEndian(message.AsSpan(2), RecursionDesired);
        BinaryPrimitives.WriteUInt16BigEndian(message.AsSpan(4), 1);
        var at = HeaderLength;
        foreach (var label in name.TrimEnd('.').Split('.'))
        {
            if (label.Length is 0 or > LongestLabel || !Ascii.IsValid(label))
                return null;
            message[at++] = (byte)label.Length;
            at += Encoding.ASCII.GetBytes(label, message.AsSpan(at));
        }

        at++;
        BinaryPrimitives.WriteUInt16BigEndian(message.AsSpan(at), Type(is6));
        BinaryPrimitives.WriteUInt16BigEndian(message.AsSpan(at + 2), Internet);
        return message[..(at + 4)];
    }

    /// <summary>The first address of the answer to the question with that id; null where there is none. A chain of CNAMEs is in the same answer.</summary>
    public static IPAddr? FindAddress(ReadOnlySpan<byte> message, ushort id, bool is6)
    {
        if (message.Length < HeaderLength || BinaryPrimitives.ReadUInt16BigEndian(message) != id
            || (BinaryPrimitives.ReadUInt16BigEndian(message[2..]) & IsResponse) == 0)
            return null;
        var at = HeaderLength;
        for (var i = BinaryPrimitives.ReadUInt16BigEndian(message[4..]); i > 0; i--)
        {
            if (!SkipName(message, ref at))
                return null;
            at += 4;
        }

        for (var i = BinaryPrimitives.ReadUInt16BigEndian(message[6..]); i > 0; i--)
        {
            if (!SkipName(message, ref at) || at + 10 > message.Length)
                return null;
            var type = BinaryPrimitives.ReadUInt16BigEndian(message[at..]);
            var length = BinaryPrimitives.ReadUInt16BigEndian(message[(at + 8)..]);
            at += 10;
            if (at + length > message.Length)
                return null;
            if (type == Type(is6) && length == (is6 ? 16 : 4))
                return IPAddr.FromBytes(message.Slice(at, length));
            at += length;
        }

        return null;
    }

    private static ushort Type(bool is6) => (ushort)(is6 ? 28 : 1);

    // A name is labels and an empty one; or, at any place, a pointer of two bytes, which ends it here.
    private static bool SkipName(ReadOnlySpan<byte> message, ref int at)
    {
        while (at < message.Length)
        {
            var length = message[at];
            if (length >= 0xc0)
            {
                at += 2;
                return at <= message.Length;
            }

            at += length + 1;
            if (length == 0)
                return true;
        }

        return false;
    }
}
