using Plugboard.Addresses;

namespace Plugboard.Netlink.Route;

/// <summary>
/// A rule that sends packets to a routing table by their source. Source: rtnetlink(7), RTM_NEWRULE; ip-rule(8);
/// include/uapi/linux/fib_rules.h.
/// </summary>
public sealed record RoutingRule
{
    /// <summary>IPv4 or IPv6.</summary>
    public required AddressFamily Family { get; init; }

    /// <summary>The source; null for any.</summary>
    public IPPrefix? Source { get; init; }

    /// <summary>The routing table, from 1; 0 in a rule of another action, and in that of all VRFs.</summary>
    public int Table { get; init; }

    /// <summary>
    /// Its place: the least is asked first. Null for a rule to be made: the kernel then takes one below the least of those there, but that
    /// of the local table.
    /// </summary>
    public uint? Priority { get; init; }

    /// <summary>Its author (Linux 4.17; an older kernel knows none).</summary>
    public RouteProtocol Protocol { get; init; }

    /// <summary>It compares the source at most: no destination, mark or interface.</summary>
    public bool IsBySourceAlone { get; init; } = true;

    /// <summary>A rule for one source address.</summary>
    public static RoutingRule From(IPAddr source, int table) =>
        new()
        {
            Family = source.Is6 ? AddressFamily.IPv6 : AddressFamily.IPv4,
            Source = IPPrefix.Host(source),
            Table = table,
        };

    /// <summary>As ip-rule(8) has it, for messages.</summary>
    public override string ToString() => $"rule from {Source?.ToString() ?? "all"} lookup {Table}";
}
