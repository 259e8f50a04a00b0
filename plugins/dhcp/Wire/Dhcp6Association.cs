using System.Buffers.Binary;
using Plugboard.Addresses;

namespace Plugboard.Dhcp.Wire;

/// <summary>An IA_NA: addresses that a client has under one identifier. Source: RFC 8415, 21.4, 21.6. Pure.</summary>
/// <param name="Id">IAID.</param>
/// <param name="Renewal">T1 in seconds; 0: the client's choice.</param>
/// <param name="Rebinding">T2 in seconds; 0: the client's choice.</param>
internal sealed record Dhcp6Association(uint Id, uint Renewal, uint Rebinding)
{
    private const int FixedPart = 12;
    private const int AddressPart = 24;

    /// <summary>The addresses in their order.</summary>
    public IReadOnlyList<Dhcp6Address> Addresses { get; init; } = [];

    /// <summary>What the server says of it.</summary>
    public Dhcp6StatusText Status { get; init; }

    /// <summary>
    /// Reads one. Null if it is cut off, or its T1 is after its T2: it counts as absent then (21.4). An address whose preferred lifetime is
    /// longer than the valid one, or that the server refuses, is left out (21.6).
    /// </summary>
    public static Dhcp6Association? Read(ReadOnlySpan<byte> value)
    {
        if (value.Length < FixedPart || Dhcp6Reader.ReadOptions(value[FixedPart..]) is not { } options)
            return null;
        var renewal = BinaryPrimitives.ReadUInt32BigEndian(value[4..]);
        var rebinding = BinaryPrimitives.ReadUInt32BigEndian(value[8..]);
        if (renewal > rebinding && rebinding > 0)
            return null;
        var addresses = new List<Dhcp6Address>();
        foreach (var (code, each) in options)
        {
            if (code == Dhcp6Option.Address && ReadAddress(each) is { } address)
                addresses.Add(address);
        }

        return new Dhcp6Association(BinaryPrimitives.ReadUInt32BigEndian(value), renewal, rebinding)
        {
            Addresses = addresses,
            Status = Dhcp6StatusText.Of(options),
        };
    }

    private static Dhcp6Address? ReadAddress(ReadOnlySpan<byte> value)
    {
        if (value.Length < AddressPart || Dhcp6Reader.ReadOptions(value[AddressPart..]) is not { } options)
            return null;
        if (Dhcp6StatusText.Of(options).Code != Dhcp6Status.Success)
            return null;
        var read = new Dhcp6Address(
            IPAddr.FromBytes(value[..16]),
            BinaryPrimitives.ReadUInt32BigEndian(value[16..]),
            BinaryPrimitives.ReadUInt32BigEndian(value[20..])
        );
        return read.Preferred <= read.Valid && read.Address.IsGlobalUnicast ? read : null;
    }

    /// <summary>
    /// The option's value that asks for addresses, or names those that the client has; all times are the server's to choose.
    /// </summary>
    public static byte[] Write(uint id, IPAddr? address)
    {
        var value = new byte[FixedPart + (address is null ? 0 : 4 + AddressPart)];
        BinaryPrimitives.WriteUInt32BigEndian(value, id);
        if (address is not { } wanted)
            return value;
        BinaryPrimitives.WriteUInt16BigEndian(value.AsSpan(FixedPart), Dhcp6Option.Address);
        BinaryPrimitives.WriteUInt16BigEndian(value.AsSpan(FixedPart + 2), AddressPart);
        wanted.WriteBytes(value.AsSpan(FixedPart + 4));
        return value;
    }
}

/// <summary>An address with its lifetimes in seconds; <see cref="uint.MaxValue"/> is for ever.</summary>
internal readonly record struct Dhcp6Address(IPAddr Address, uint Preferred, uint Valid);
