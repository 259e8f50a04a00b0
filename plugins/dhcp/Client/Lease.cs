using System.Numerics;
using Plugboard.Addresses;
using Plugboard.Dhcp.Wire;

namespace Plugboard.Dhcp.Client;

/// <summary>An address for a time, as a server acknowledged it. Source: RFC 2131, 4.4.5. Pure.</summary>
internal sealed record Lease
{
    /// <summary>A time that never comes.</summary>
    public const long Never = long.MaxValue;

    private const uint Infinite = uint.MaxValue;
    private const uint UsualSeconds = 3600;
    private const uint ShortestSeconds = 2;

    /// <summary>The address with its network's length.</summary>
    public required IPPrefix Address { get; init; }

    /// <summary>Who acknowledged it.</summary>
    public required IPAddr Server { get; init; }

    /// <summary>The hardware address that the acknowledgement came from: the server's, or a router's on the way.</summary>
    public required MacAddress ServerHardware { get; init; }

    /// <summary>The acknowledgement.</summary>
    public required DhcpMessage Ack { get; init; }

    /// <summary>When it was acknowledged, in milliseconds of <see cref="Linux.BootClock"/>, as the other times.</summary>
    public required long Acquired { get; init; }

    /// <summary>T1: from now on the server is asked to extend it.</summary>
    public required long Renewal { get; init; }

    /// <summary>T2: from now on any server is.</summary>
    public required long Rebinding { get; init; }

    /// <summary>The end.</summary>
    public required long Expiry { get; init; }

    /// <summary>The lease of an acknowledgement; null and the reason if it gives none.</summary>
    public static Lease? From(DhcpMessage ack, MacAddress from, long now, out string fault)
    {
        fault = FindFault(ack) ?? "";
        return fault.Length > 0
            ? null
            : From(ack, new IPPrefix(ack.YourAddress, FindLength(ack.FindAddress(DhcpOption.SubnetMask)!.Value)!.Value), from, now);
    }

    /// <summary>
    /// Why no lease can be made of what a server offers or acknowledges; null: one can. What an offer lacks, the acknowledgement may have.
    /// </summary>
    public static string? FindFault(DhcpMessage message)
    {
        var name = $"DHCP{message.Type.ToString()?.ToUpperInvariant()}";
        var giver = $"the {name} of server {message.Server?.ToString() ?? "without identifier"}";
        var address = message.YourAddress;
        if (address.IsUnspecified || address.IsLoopback || address.IsMulticast || address.Value == uint.MaxValue)
            return $"{giver} gives the address {address}";
        if (message.Server is null)
            return $"DHCP option Server Identifier not found in {name}";
        if (message.FindAddress(DhcpOption.SubnetMask) is not { } mask)
            return message.Type == DhcpType.Offer ? null : $"DHCP option Subnet Mask not found in {name} of server {message.Server}";
        return FindLength(mask) is null ? $"{giver} gives the subnet mask {mask}: correct its configuration" : null;
    }

    private static Lease From(DhcpMessage ack, IPPrefix address, MacAddress from, long now)
    {
        var seconds = Math.Max(ack.FindSeconds(DhcpOption.LeaseTime) ?? UsualSeconds, ShortestSeconds);
        var isInfinite = seconds == Infinite;
        var renewal = ack.FindSeconds(DhcpOption.RenewalTime) ?? seconds / 2;
        var rebinding = ack.FindSeconds(DhcpOption.RebindingTime) ?? (uint)(seconds * 7L / 8);
        // A server's times that are not in this order are no times.
        if (rebinding == 0 || rebinding > seconds)
            rebinding = (uint)(seconds * 7L / 8);
        if (renewal == 0 || renewal > rebinding)
            renewal = Math.Min(seconds / 2, rebinding);
        return new Lease
        {
            Address = address,
            Server = ack.Server!.Value,
            ServerHardware = from,
            Ack = ack,
            Acquired = now,
            Renewal = isInfinite ? Never : now + renewal * 1000L,
            Rebinding = isInfinite ? Never : now + rebinding * 1000L,
            Expiry = isInfinite ? Never : now + seconds * 1000L,
        };
    }

    private static int? FindLength(IPAddr mask)
    {
        var bits = (uint)mask.Value;
        var length = BitOperations.PopCount(bits);
        return length > 0 && BitOperations.LeadingZeroCount(~bits) >= length ? length : null;
    }
}
