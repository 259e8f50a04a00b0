using System.Buffers.Binary;
using System.Numerics;
using Plugboard.Addresses;

namespace Plugboard.Tests.Kernel.Coordinator.Policy;

/// <summary>The first packet of an SCTP association. Source: RFC 9260, 3.1 and 3.3.2.</summary>
internal static class SctpPackets
{
    private const int Header = 12,
        Chunk = 20;

    /// <summary>A packet with an INIT, without an IP header.</summary>
    public static byte[] Init(ushort source, ushort destination)
    {
        var packet = new byte[Header + Chunk];
        BinaryPrimitives.WriteUInt16BigEndian(packet, source);
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(2), destination);
        var chunk = packet.AsSpan(Header);
        chunk[0] = 1;
        BinaryPrimitives.WriteUInt16BigEndian(chunk[2..], Chunk);
        BinaryPrimitives.WriteUInt32BigEndian(chunk[4..], 0x1234_5678);
        BinaryPrimitives.WriteUInt32BigEndian(chunk[8..], 65536);
        BinaryPrimitives.WriteUInt16BigEndian(chunk[12..], 1);
        BinaryPrimitives.WriteUInt16BigEndian(chunk[14..], 1);
        BinaryPrimitives.WriteUInt32BigEndian(chunk[16..], 1);
        var crc = uint.MaxValue;
        foreach (var each in packet)
            crc = BitOperations.Crc32C(crc, each);
        BinaryPrimitives.WriteUInt32LittleEndian(packet.AsSpan(8), ~crc);
        return packet;
    }

    /// <summary>The sender and the destination port of a received IPv4 packet.</summary>
    public static (IPAddr From, int Port) Read(ReadOnlySpan<byte> packet)
    {
        var length = (packet[0] & 0xf) * 4;
        return (IPAddr.FromBytes(packet.Slice(12, 4)), BinaryPrimitives.ReadUInt16BigEndian(packet[(length + 2)..]));
    }
}
