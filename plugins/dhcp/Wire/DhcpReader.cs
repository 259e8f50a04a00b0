using System.Buffers.Binary;
using Plugboard.Addresses;

namespace Plugboard.Dhcp.Wire;

/// <summary>Reads messages. Whatever the bytes are, the answer is a message or null. Source: RFC 2131, 2; RFC 3396. Pure.</summary>
internal static class DhcpReader
{
    private const int OptionsAt = 240;
    private const int ServerNameAt = 44;
    private const int FileAt = 108;
    private const int FileEnd = 236;

    /// <summary>The message; null if it is invalid, or not of an Ethernet network.</summary>
    public static DhcpMessage? Read(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < OptionsAt || BinaryPrimitives.ReadUInt32BigEndian(bytes[236..]) != DhcpWriter.Cookie)
            return null;
        if (bytes[0] is not (1 or 2) || bytes[1] != 1 || bytes[2] != MacAddress.ByteCount)
            return null;
        var options = new List<(byte Code, byte[] Value)>();
        if (!ReadOptions(bytes[OptionsAt..], options))
            return null;
        // RFC 2132, 9.3: options go on in the file's field (1), the server's name (2), or both.
        var overload = options.Find(static option => option.Code == DhcpOption.Overload).Value is [var fields] ? fields : (byte)0;
        if ((overload & 1) != 0 && !ReadOptions(bytes[FileAt..FileEnd], options))
            return null;
        if ((overload & 2) != 0 && !ReadOptions(bytes[ServerNameAt..FileAt], options))
            return null;
        return new DhcpMessage
        {
            IsReply = bytes[0] == 2,
            Xid = BinaryPrimitives.ReadUInt32BigEndian(bytes[4..]),
            Seconds = BinaryPrimitives.ReadUInt16BigEndian(bytes[8..]),
            Broadcast = (bytes[10] & 0x80) != 0,
            ClientAddress = IPAddr.FromBytes(bytes.Slice(12, 4)),
            YourAddress = IPAddr.FromBytes(bytes.Slice(16, 4)),
            Hardware = MacAddress.FromBytes(bytes.Slice(28, MacAddress.ByteCount)),
            Options = options,
        };
    }

    private static bool ReadOptions(ReadOnlySpan<byte> bytes, List<(byte Code, byte[] Value)> options)
    {
        while (!bytes.IsEmpty && bytes[0] != DhcpOption.End)
        {
            if (bytes[0] == DhcpOption.Pad)
            {
                bytes = bytes[1..];
                continue;
            }

            if (bytes.Length < 2 || bytes.Length < 2 + bytes[1])
                return false;
            var value = bytes.Slice(2, bytes[1]).ToArray();
            var code = bytes[0];
            var same = options.FindIndex(option => option.Code == code);
            if (same < 0)
                options.Add((code, value));
            else
                options[same] = (code, [.. options[same].Value, .. value]);
            bytes = bytes[(2 + bytes[1])..];
        }

        return true;
    }
}
