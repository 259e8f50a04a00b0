using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Plugboard.Netlink.Uapi;

namespace Plugboard.Netlink;

/// <summary>Walks the messages of one datagram. Any bytes are safe: what is no message is a <see cref="NetlinkFormatException"/>.</summary>
/// <param name="datagram">The bytes as received.</param>
public ref struct NetlinkReader(ReadOnlySpan<byte> datagram)
{
    private ReadOnlySpan<byte> rest = datagram;

    /// <summary>The message that <see cref="Read"/> stepped onto.</summary>
    public NetlinkMessage Current { get; private set; }

    /// <summary>Steps onto the next message; false at the end.</summary>
    /// <exception cref="NetlinkFormatException">A length is below 16 or beyond the datagram.</exception>
    public bool Read()
    {
        if (rest.IsEmpty)
            return false;
        var header = ReadStruct<NlMsgHdr>(rest);
        var length = header.nlmsg_len;
        var size = (uint)Unsafe.SizeOf<NlMsgHdr>();
        if (length < size || length > rest.Length)
            throw new NetlinkFormatException($"a message of {length} bytes in a datagram with {rest.Length} bytes left");
        Current = new NetlinkMessage(header, rest[(int)size..(int)length]);
        rest = rest[Math.Min(NetlinkWriter.Align((int)length), rest.Length)..];
        return true;
    }

    internal static T ReadStruct<T>(ReadOnlySpan<byte> bytes)
        where T : unmanaged =>
        MemoryMarshal.TryRead<T>(bytes, out var value)
            ? value
            : throw new NetlinkFormatException($"a fixed part of {Unsafe.SizeOf<T>()} bytes in {bytes.Length} bytes");
}
