using Plugboard.Addresses;
using Plugboard.Linux;

namespace Plugboard.Coordinator.Node;

/// <summary>How the link is chosen by which this node reaches the others: flanneld's options of the same names.</summary>
internal sealed record UplinkOptions
{
    /// <summary>--iface: names or addresses; the first that is there counts.</summary>
    public IReadOnlyList<string> Interfaces { get; init; } = [];

    /// <summary>--iface-regex: tried after those, first against all addresses, then against all names.</summary>
    public IReadOnlyList<InterfacePattern> InterfacePatterns { get; init; } = [];

    /// <summary>--iface-can-reach: the link by which this address is reached.</summary>
    public IPAddr? CanReach { get; init; }

    /// <summary>--public-ip: told to the others instead of the link's own.</summary>
    public IPAddr? PublicIP { get; init; }

    /// <summary>--public-ipv6: told to the others instead of the link's own.</summary>
    public IPAddr? PublicIPv6 { get; init; }

    /// <summary>What the others are told: the public addresses in place of the link's own where they are given.</summary>
    public ValueArray<IPAddr> PublicAddresses(ValueArray<IPPrefix> own) =>
        own.Select(address => (address.Is6 ? PublicIPv6 : PublicIP) ?? address.Address).ToValueArray();
}
