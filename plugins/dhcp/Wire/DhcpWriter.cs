using System.Buffers.Binary;
using Plugboard.Addresses;

namespace Plugboard.Dhcp.Wire;

/// <summary>Writes messages. Source: RFC 2131, 2. Pure.</summary>
internal static class DhcpWriter
{
    /// <summary>What the options begin with. Source: RFC 2131, 3.</summary>
    public const uint Cookie = 0x63825363;

    /// <summary>The longest value of an option.</summary>
    public const int LongestOption = 255;

    // RFC 1542, 2.1: relays may drop what is shorter than a BOOTP message.
    private const int Shortest = 300;
    private const int FixedPart = 240;

    /// <summary>The bytes of a message.</summary>
    public static byte[] Write(DhcpMessage message)
    {
        var length = FixedPart + 1;
        foreach (var (_, value) in message.Options)
            length += value.Length + 2 * Parts(value);
        var bytes = new byte[Math.Max(length, Shortest)];
        var span = bytes.AsSpan();
        bytes[0] = (byte)(message.IsReply ? 2 : 1);
        bytes[1] = 1; // Ethernet
        bytes[2] = MacAddress.ByteCount;
        BinaryPrimitives.WriteUInt32BigEndian(span[4..], message.Xid);
        BinaryPrimitives.WriteUInt16BigEndian(span[8..], message.Seconds);
        bytes[10] = (byte)(message.Broadcast ? 0x80 : 0);
        message.ClientAddress.WriteBytes(span[12..]);
        message.YourAddress.WriteBytes(span[16..]);
        message.Hardware.WriteBytes(span[28..]);
        BinaryPrimitives.WriteUInt32BigEndian(span[236..], Cookie);
        var at = FixedPart;
        foreach (var (code, value) in message.Options)
        {
            // RFC 3396: a longer value comes in parts.
            for (var part = 0; part < Parts(value); part++)
            {
                var piece = value.AsSpan(part * LongestOption);
                piece = piece[..Math.Min(piece.Length, LongestOption)];
                bytes[at] = code;
                bytes[at + 1] = (byte)piece.Length;
                piece.CopyTo(span[(at + 2)..]);
                at += 2 + piece.Length;
            }
        }

        bytes[at] = DhcpOption.End;
        return bytes;
    }

    private static int Parts(byte[] value) => Math.Max(1, (value.Length + LongestOption - 1) / LongestOption);
}
