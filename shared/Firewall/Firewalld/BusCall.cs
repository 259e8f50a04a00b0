using System.Buffers.Binary;
using System.Text;

namespace Plugboard.Firewall.Firewalld;

/// <summary>A method call whose arguments are strings, and its bytes.</summary>
/// <param name="Destination">The service's name on the bus.</param>
/// <param name="Path">The object's path.</param>
/// <param name="Interface">The method's interface.</param>
/// <param name="Member">The method.</param>
/// <param name="Arguments">Its arguments.</param>
internal sealed record BusCall(string Destination, string Path, string Interface, string Member, params string[] Arguments)
{
    private const byte MethodCall = 1;

    /// <summary>The message, little-endian. Source: D-Bus Specification, Message Format.</summary>
    /// <param name="serial">Its number, not 0.</param>
    public byte[] ToBytes(uint serial)
    {
        var body = new List<byte>();
        foreach (var argument in Arguments)
            AddString(body, argument);
        var message = new List<byte> { (byte)'l', MethodCall, 0, 1 };
        AddUInt32LittleEndian(message, (uint)body.Count);
        AddUInt32LittleEndian(message, serial);
        AddUInt32LittleEndian(message, 0);
        AddField(message, 1, 'o', Path);
        AddField(message, 2, 's', Interface);
        AddField(message, 3, 's', Member);
        AddField(message, 6, 's', Destination);
        if (Arguments.Length > 0)
            AddField(message, 8, 'g', new string('s', Arguments.Length));
        var fields = message.Count - BusReply.HeaderSize;
        Align(message, 8);
        message.AddRange(body);
        var bytes = message.ToArray();
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(BusReply.HeaderSize - 4), (uint)fields);
        return bytes;
    }

    // A struct of the field's number and a variant: the type's signature, then the value.
    private static void AddField(List<byte> message, byte number, char type, string value)
    {
        Align(message, 8);
        message.AddRange([number, 1, (byte)type, 0]);
        if (type != 'g')
        {
            AddString(message, value);
            return;
        }

        message.Add((byte)value.Length);
        message.AddRange(Encoding.ASCII.GetBytes(value));
        message.Add(0);
    }

    private static void AddString(List<byte> to, string value)
    {
        Align(to, 4);
        var bytes = Encoding.UTF8.GetBytes(value);
        AddUInt32LittleEndian(to, (uint)bytes.Length);
        to.AddRange(bytes);
        to.Add(0);
    }

    private static void AddUInt32LittleEndian(List<byte> to, uint value)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, value);
        to.AddRange(bytes);
    }

    private static void Align(List<byte> to, int boundary)
    {
        while (to.Count % boundary != 0)
            to.Add(0);
    }
}
