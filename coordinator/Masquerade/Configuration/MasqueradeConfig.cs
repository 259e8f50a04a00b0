using Plugboard.Addresses;
using Plugboard.Linux;

namespace Plugboard.Coordinator.Masquerade.Configuration;

/// <summary>The content of ip-masq-agent's configuration file, checked, with this project's further keys.</summary>
internal sealed record MasqueradeConfig
{
    private static readonly ValueArray<IPPrefix> PrivateRanges = Parse("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16");

    // RFC 5735 and 6598, in the agent's order.
    private static readonly ValueArray<IPPrefix> OtherReservedRanges = Parse(
        "100.64.0.0/10",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "240.0.0.0/4"
    );

    /// <summary>Destinations of packets that keep their sender's address, in the file's order.</summary>
    public ValueArray<IPPrefix> NonMasqueradeCidrs { get; init; } = PrivateRanges;

    /// <summary>The limit for the number of <see cref="NonMasqueradeCidrs"/>.</summary>
    public int CidrLimit { get; init; } = 64;

    /// <summary>Link-local IPv4 destinations are masqueraded too.</summary>
    public bool MasqLinkLocal { get; init; }

    /// <summary>Link-local IPv6 destinations are masqueraded too.</summary>
    public bool MasqLinkLocalIPv6 { get; init; }

    /// <summary>How often the file is read without a change notification; more than zero.</summary>
    public TimeSpan ResyncInterval { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Only packets to these networks are masqueraded; null: to all that are not exempt.</summary>
    public ValueArray<IPPrefix>? MasqueradeCidrs { get; init; }

    /// <summary>Only packets that leave by these links are masqueraded; null: by any.</summary>
    public ValueArray<string>? OutputInterfaces { get; init; }

    /// <summary>The source addresses for links that do not use their own; at most one per link and family.</summary>
    public ValueArray<SnatAddress> SnatAddresses { get; init; } = [];

    /// <summary>The configuration without a file.</summary>
    /// <param name="allReserved"><c>--nomasq-all-reserved-ranges</c>.</param>
    public static MasqueradeConfig Default(bool allReserved) =>
        allReserved ? new() { NonMasqueradeCidrs = PrivateRanges.Concat(OtherReservedRanges).ToValueArray() } : new();

    private static ValueArray<IPPrefix> Parse(params string[] prefixes) => prefixes.Select(text => IPPrefix.Parse(text)).ToValueArray();
}

/// <summary>The source address of packets that leave by a link.</summary>
/// <param name="Link">The link's name.</param>
/// <param name="Address">The address; it must lead back to this node.</param>
internal sealed record SnatAddress(string Link, IPAddr Address);
