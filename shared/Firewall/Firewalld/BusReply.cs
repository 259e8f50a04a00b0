using System.Buffers.Binary;
using System.Text;

namespace Plugboard.Firewall.Firewalld;

/// <summary>
/// A message from the bus, as far as a caller of simple methods looks at it: which call it answers, and its first value. What is torn or
/// lies about its lengths is a <see cref="BusException"/>. Source: D-Bus Specification, Message Format. Pure.
/// </summary>
internal sealed class BusReply
{
    /// <summary>What comes first in each message: it tells the length of the rest.</summary>
    public const int HeaderSize = 16;

    /// <summary>Longer ones no method that is called here answers with.</summary>
    public const int LargestMessage = 1 << 20;

    private const byte MethodReturn = 2;
    private const byte Error = 3;

    private readonly bool isBig;
    private readonly byte[] bytes;
    private readonly int bodyStart;

    private BusReply(byte[] bytes)
    {
        this.bytes = bytes;
        isBig = bytes[0] == 'B';
        bodyStart = BodyStart(bytes, isBig);
        ReadFields();
    }

    /// <summary>The number of the call that it answers; 0: it is not an answer.</summary>
    public uint ReplyTo { get; private set; }

    /// <summary>The name of an error; empty: it is not an error.</summary>
    public string ErrorName { get; private set; } = "";

    /// <summary>The types of its values.</summary>
    public string Signature { get; private set; } = "";

    /// <summary>How many bytes follow a header of <see cref="HeaderSize"/> bytes.</summary>
    public static int RestAfter(ReadOnlySpan<byte> header)
    {
        if (header[0] is not ((byte)'l' or (byte)'B'))
            throw Torn("its byte order is unknown");
        var body = ReadUInt32(header[4..], header[0] == 'B');
        return body > LargestMessage ? throw Torn("it is too long") : BodyStart(header, header[0] == 'B') + (int)body - HeaderSize;
    }

    private static int BodyStart(ReadOnlySpan<byte> header, bool inBigEndian)
    {
        var fields = ReadUInt32(header[12..], inBigEndian);
        return fields > LargestMessage ? throw Torn("its header is too long") : (HeaderSize + (int)fields + 7) & ~7;
    }

    /// <summary>Reads a whole message.</summary>
    /// <exception cref="BusException">It is torn.</exception>
    public static BusReply Parse(byte[] message)
    {
        try
        {
            return new BusReply(message);
        }
        catch (ArgumentOutOfRangeException)
        {
            throw Torn("a length leads beyond its end");
        }
    }

    private void ReadFields()
    {
        var isAnswer = bytes[1] is MethodReturn or Error;
        var end = HeaderSize + (int)ReadUInt32(bytes.AsSpan(12), isBig);
        for (var at = HeaderSize; at < end; at = (at + 7) & ~7)
        {
            var number = bytes.AsSpan(at, 1)[0];
            var type = ReadSignature(at + 1, out var value);
            switch (type)
            {
                case "u":
                    value = (value + 3) & ~3;
                    if (number == 5 && isAnswer)
                        ReplyTo = ReadUInt32(bytes.AsSpan(value, 4), isBig);
                    at = value + 4;
                    break;
                case "g":
                    var signature = ReadSignature(value, out at);
                    if (number == 8)
                        Signature = signature;
                    break;
                case "s" or "o":
                    var text = ReadString(value, out at);
                    if (number == 4 && bytes[1] == Error)
                        ErrorName = text;
                    break;
                default:
                    throw Torn($"a field of its header has the type {type}");
            }
        }
    }

    /// <summary>The first value, a string; empty if it is of another type.</summary>
    public string FirstString()
    {
        try
        {
            return Signature.StartsWith('s') ? ReadString(bodyStart, out _) : "";
        }
        catch (ArgumentOutOfRangeException)
        {
            throw Torn("a length leads beyond its end");
        }
    }

    /// <summary>The first value, if it is a boolean that is true.</summary>
    public bool IsTrue() => Signature.StartsWith('b') && bytes.Length >= bodyStart + 4 && ReadUInt32(bytes.AsSpan(bodyStart), isBig) == 1;

    private string ReadString(int at, out int next)
    {
        at = (at + 3) & ~3;
        var length = (int)Math.Min(ReadUInt32(bytes.AsSpan(at, 4), isBig), LargestMessage);
        next = at + 4 + length + 1;
        return Encoding.UTF8.GetString(bytes.AsSpan(at + 4, length));
    }

    private string ReadSignature(int at, out int next)
    {
        var length = bytes.AsSpan(at, 1)[0];
        next = at + 1 + length + 1;
        return Encoding.ASCII.GetString(bytes.AsSpan(at + 1, length));
    }

    private static uint ReadUInt32(ReadOnlySpan<byte> from, bool inBigEndian) =>
        inBigEndian ? BinaryPrimitives.ReadUInt32BigEndian(from) : BinaryPrimitives.ReadUInt32LittleEndian(from);

    private static BusException Torn(string how) => new("", $"the system bus sent a message that cannot be read: {how}");
}
