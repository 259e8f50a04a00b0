using System.Buffers.Binary;
using Plugboard.Addresses;

namespace Plugboard.Dhcp.Wire;

/// <summary>A message between client and server. Source: RFC 2131, 2. Pure.</summary>
internal sealed record DhcpMessage
{
    /// <summary>True from a server.</summary>
    public bool IsReply { get; init; }

    /// <summary>The exchange it belongs to.</summary>
    public uint Xid { get; init; }

    /// <summary>Seconds since the client began.</summary>
    public ushort Seconds { get; init; }

    /// <summary>The server must answer by broadcast.</summary>
    public bool Broadcast { get; init; }

    /// <summary>ciaddr: the address that the client has; 0.0.0.0: none.</summary>
    public IPAddr ClientAddress { get; init; } = IPAddr.V4(0);

    /// <summary>yiaddr: the address that the client gets.</summary>
    public IPAddr YourAddress { get; init; } = IPAddr.V4(0);

    /// <summary>chaddr.</summary>
    public MacAddress Hardware { get; init; }

    /// <summary>The options but for padding, each whole: of one that came in parts the parts together (RFC 3396).</summary>
    public IReadOnlyList<(byte Code, byte[] Value)> Options { get; init; } = [];

    /// <summary>Option 53; null if it has none.</summary>
    public DhcpType? Type => Find(DhcpOption.MessageType) is [var type] ? (DhcpType)type : null;

    /// <summary>Option 54; null if it has none.</summary>
    public IPAddr? Server => FindAddress(DhcpOption.ServerIdentifier);

    /// <summary>Option 56, as one line; empty if it has none.</summary>
    public string Text => ServerText.Of(Find(DhcpOption.Message));

    /// <summary>The value of an option; null if it has none.</summary>
    public byte[]? Find(byte code)
    {
        foreach (var (each, value) in Options)
        {
            if (each == code)
                return value;
        }

        return null;
    }

    /// <summary>The address of an option; null if it has none, or something else.</summary>
    public IPAddr? FindAddress(byte code) => Find(code) is { Length: 4 } bytes ? IPAddr.FromBytes(bytes) : null;

    /// <summary>The addresses of an option; empty if it has none.</summary>
    public IReadOnlyList<IPAddr> FindAddresses(byte code)
    {
        var bytes = Find(code) ?? [];
        var addresses = new List<IPAddr>(bytes.Length / 4);
        for (var at = 0; at + 4 <= bytes.Length; at += 4)
            addresses.Add(IPAddr.FromBytes(bytes.AsSpan(at, 4)));
        return addresses;
    }

    /// <summary>The seconds of an option; null if it has none, or something else.</summary>
    public uint? FindSeconds(byte code) => Find(code) is { Length: 4 } bytes ? BinaryPrimitives.ReadUInt32BigEndian(bytes) : null;
}
