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
        fault = "";
        var address = ack.YourAddress;
        if (address.IsUnspecified || address.IsLoopback || address.IsMulticast || address.Value == uint.MaxValue)
            fault = $"the DHCPACK gives the address {address}";
        else if (ack.Server is null)
            fault = "DHCP option Server Identifier not found in DHCPACK";
        else if (ack.FindAddress(DhcpOption.SubnetMask) is not { } mask)
            fault = "DHCP option Subnet Mask not found in DHCPACK";
        else if (FindLength(mask) is not { } length)
            fault = $"the DHCPACK gives the subnet mask {mask}";
        else
            return From(ack, new IPPrefix(address, length), from, now);
        return null;
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
