using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Plugboard.Addresses;

namespace Plugboard.Linux.Names;

/// <summary>A question for a name's addresses, and its answer. Pure; hostile bytes are no answer. Source: RFC 1035, RFC 3596.</summary>
internal static class DnsMessage
{
    private const int HeaderLength = 12;
    private const ushort RecursionDesired = 0x0100;
    private const ushort IsResponse = 0x8000;
    private const ushort IsAuthoritative = 0x0400;
    private const ushort IsTruncated = 0x0200;
    private const ushort RecursionAvailable = 0x0080;
    private const ushort OperationMask = 0x7800;
    private const ushort Internet = 1;
    private const int LongestLabel = 63;
    private const int LongestName = 253;

    /// <summary>Encodes a question; null if the name is invalid.</summary>
    public static byte[]? Ask(ushort id, string name, bool is6)
    {
        if (name.Length > LongestName)
            return null;
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
        BinaryPrimitives.WriteUInt16BigEndian(message.AsSpan(at), (ushort)(is6 ? 28 : 1));
        BinaryPrimitives.WriteUInt16BigEndian(message.AsSpan(at + 2), Internet);
        return message[..(at + 4)];
    }

    /// <summary>What a message says to a question; null if it is no answer to it. A chain of CNAMEs is in the same answer.</summary>
    public static DnsReply? Read(ReadOnlySpan<byte> message, ReadOnlySpan<byte> question)
    {
        if (message.Length < HeaderLength || !message[..2].SequenceEqual(question[..2]))
            return null;
        var flags = BinaryPrimitives.ReadUInt16BigEndian(message[2..]);
        var code = flags & 0xf;
        if ((flags & IsResponse) == 0 || (flags & OperationMask) != 0 || !Repeats(message, question, code))
            return null;
        if (code == 3)
            return new DnsReply(DnsOutcome.NoName, []);
        if (code != 0)
            return new DnsReply(DnsOutcome.Failed, [], NameOf(code));
        var addresses = new List<IPAddr>();
        var isWhole = TryReadAddresses(message, BinaryPrimitives.ReadUInt16BigEndian(question[^4..]), addresses);
        if ((flags & IsTruncated) != 0)
            return new DnsReply(DnsOutcome.Truncated, addresses);
        if (!isWhole)
            return null;
        if (addresses.Count > 0)
            return new DnsReply(DnsOutcome.Found, addresses);
        var isLame = (flags & (IsAuthoritative | RecursionAvailable)) == 0 && BinaryPrimitives.ReadUInt16BigEndian(message[6..]) == 0;
        return isLame ? new DnsReply(DnsOutcome.Failed, [], "it does not resolve recursively") : new DnsReply(DnsOutcome.NoData, []);
    }

    // A server that cannot read the question may leave it out.
    private static bool Repeats(ReadOnlySpan<byte> message, ReadOnlySpan<byte> question, int code)
    {
        var count = BinaryPrimitives.ReadUInt16BigEndian(message[4..]);
        return count == 0
            ? code is not (0 or 3)
            : count == 1
                && message.Length >= question.Length
                && Ascii.EqualsIgnoreCase(message[HeaderLength..question.Length], question[HeaderLength..]);
    }

    private static bool TryReadAddresses(ReadOnlySpan<byte> message, ushort type, List<IPAddr> addresses)
    {
        var at = HeaderLength;
        if (BinaryPrimitives.ReadUInt16BigEndian(message[4..]) > 0)
        {
            if (!SkipName(message, ref at))
                return false;
            at += 4;
        }

        var length = type == 28 ? 16 : 4;
        for (var i = BinaryPrimitives.ReadUInt16BigEndian(message[6..]); i > 0; i--)
        {
            if (!SkipName(message, ref at) || at + 10 > message.Length)
                return false;
            var found = BinaryPrimitives.ReadUInt16BigEndian(message[at..]);
            var size = BinaryPrimitives.ReadUInt16BigEndian(message[(at + 8)..]);
            at += 10;
            if (at + size > message.Length)
                return false;
            if (found == type && size == length)
                addresses.Add(IPAddr.FromBytes(message.Slice(at, size)));
            at += size;
        }

        return true;
    }

    private static string NameOf(int code) =>
        code switch
        {
            1 => "FORMERR",
            2 => "SERVFAIL",
            4 => "NOTIMP",
            5 => "REFUSED",
            _ => string.Create(CultureInfo.InvariantCulture, $"RCODE {code}"),
        };

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
