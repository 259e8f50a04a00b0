using System.Buffers.Binary;
using Plugboard.Addresses;

namespace Plugboard.Dhcp.Wire;

/// <summary>A message between client and server. Source: RFC 8415, 8. Pure.</summary>
internal sealed record Dhcp6Message
{
    /// <summary>A transaction's number has 24 bits.</summary>
    public const uint LargestXid = 0xff_ffff;

    /// <summary>What it is.</summary>
    public required Dhcp6Type Type { get; init; }

    /// <summary>The exchange it belongs to, 24 bits.</summary>
    public uint Xid { get; init; }

    /// <summary>The options in their order, each as it came.</summary>
    public IReadOnlyList<(ushort Code, byte[] Value)> Options { get; init; } = [];

    /// <summary>The client's DUID; null if it has none.</summary>
    public byte[]? Client => Find(Dhcp6Option.ClientIdentifier);

    /// <summary>The server's DUID; null if it has none.</summary>
    public byte[]? Server => Find(Dhcp6Option.ServerIdentifier) is { Length: > 0 } duid ? duid : null;

    /// <summary>How much the server wants to be chosen, 0 to 255.</summary>
    public byte Preference => Find(Dhcp6Option.Preference) is [var preference] ? preference : (byte)0;

    /// <summary>The status of the message as a whole.</summary>
    public Dhcp6StatusText Status => Dhcp6StatusText.Of(Options);

    /// <summary>The value of the first option of a number; null if it has none.</summary>
    public byte[]? Find(ushort code) => Find(Options, code);

    /// <summary>The same among the options of another one.</summary>
    public static byte[]? Find(IReadOnlyList<(ushort Code, byte[] Value)> options, ushort code)
    {
        foreach (var (each, value) in options)
        {
            if (each == code)
                return value;
        }

        return null;
    }

    /// <summary>The seconds of an option; null if it has none, or something else.</summary>
    public uint? FindSeconds(ushort code) => Find(code) is { Length: 4 } bytes ? BinaryPrimitives.ReadUInt32BigEndian(bytes) : null;

    /// <summary>The addresses of an option; empty if it has none.</summary>
    public IReadOnlyList<IPAddr> FindAddresses(ushort code)
    {
        var bytes = Find(code) ?? [];
        var addresses = new List<IPAddr>(bytes.Length / 16);
        for (var at = 0; at + 16 <= bytes.Length; at += 16)
            addresses.Add(IPAddr.FromBytes(bytes.AsSpan(at, 16)));
        return addresses;
    }

    /// <summary>The association of an identifier; null if it has none, or one whose times or options are invalid.</summary>
    public Dhcp6Association? FindAssociation(uint id)
    {
        foreach (var (code, value) in Options)
        {
            if (code == Dhcp6Option.NonTemporary && Dhcp6Association.Read(value) is { } found && found.Id == id)
                return found;
        }

        return null;
    }
}

/// <summary>A status with the server's text; without the option it is a success.</summary>
/// <param name="Code">The status.</param>
/// <param name="Text">As one line; empty: none.</param>
internal readonly record struct Dhcp6StatusText(Dhcp6Status Code, string Text)
{
    /// <summary>The status among options.</summary>
    public static Dhcp6StatusText Of(IReadOnlyList<(ushort Code, byte[] Value)> options)
    {
        // Too short for a number: it says nothing, and least of all a success.
        if (Dhcp6Message.Find(options, Dhcp6Option.Status) is not { } value)
            return new Dhcp6StatusText(Dhcp6Status.Success, "");
        if (value.Length < 2)
            return new Dhcp6StatusText(Dhcp6Status.UnspecFail, "");
        return new Dhcp6StatusText((Dhcp6Status)BinaryPrimitives.ReadUInt16BigEndian(value), ServerText.Of(value.AsSpan(2)));
    }

    /// <summary>Its name and text, for a message.</summary>
    public override string ToString()
    {
        var name = Code is >= Dhcp6Status.Success and <= Dhcp6Status.NoPrefixAvail ? Code.ToString() : $"status {(ushort)Code}";
        return Text.Length == 0 ? name : $"{name}: {Text}";
    }
}
