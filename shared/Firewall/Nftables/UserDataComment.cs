using System.Text;

namespace Plugboard.Firewall.Nftables;

/// <summary>
/// The comment that nft keeps in an object's user data: a type, a length with the NUL, the text. Source: libnftnl,
/// include/libnftnl/udata.h.
/// </summary>
internal static class UserDataComment
{
    /// <summary>NFTNL_UDATA_TABLE_COMMENT and the like.</summary>
    public const byte InTable = 0,
        InChain = 0,
        InRule = 0,
        InElement = 0,
        InSet = 7;

    private const int HeaderLength = 2;

    // nft takes no longer one, and its length has one byte.
    private const int Longest = 128;

    /// <summary>The bytes of a comment.</summary>
    /// <exception cref="ArgumentException">It is longer than 128 bytes.</exception>
    public static byte[] Write(byte type, string comment)
    {
        var length = Encoding.UTF8.GetByteCount(comment);
        if (length > Longest)
            throw new ArgumentException($"a comment has at most {Longest} bytes, not {length}", nameof(comment));
        var bytes = new byte[HeaderLength + length + 1];
        bytes[0] = type;
        bytes[1] = (byte)(bytes.Length - HeaderLength);
        Encoding.UTF8.GetBytes(comment, bytes.AsSpan(HeaderLength));
        return bytes;
    }

    /// <summary>Finds a comment; empty if absent. Any bytes are safe.</summary>
    public static string Read(byte type, ReadOnlySpan<byte> data)
    {
        while (data.Length >= HeaderLength && data.Length >= HeaderLength + data[1])
        {
            var value = data.Slice(HeaderLength, data[1]);
            if (data[0] == type)
                return Encoding.UTF8.GetString(value.TrimEnd((byte)0));
            data = data[(HeaderLength + data[1])..];
        }

        return "";
    }
}
