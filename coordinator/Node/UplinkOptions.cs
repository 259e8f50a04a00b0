using Plugboard.Addresses;
using Plugboard.Linux;

namespace Plugboard.Coordinator.Node;

/// <summary>The options for the choice of the uplink: flanneld's, with the same names.</summary>
internal sealed record UplinkOptions
{
    /// <summary>--iface: names or addresses; the first usable one counts.</summary>
    public IReadOnlyList<string> Interfaces { get; init; } = [];

    /// <summary>--iface-regex: tried after those, first against all addresses, then against all names.</summary>
    public IReadOnlyList<InterfacePattern> InterfacePatterns { get; init; } = [];

    /// <summary>--iface-can-reach: the link and the source address of the route to this address.</summary>
    public IPAddr? CanReach { get; init; }

    /// <summary>--public-ip: advertised instead of the link's own address. An address of this node also selects the uplink.</summary>
    public IPAddr? PublicIP { get; init; }

    /// <summary>--public-ipv6: advertised instead of the link's own address. An address of this node also selects the uplink.</summary>
    public IPAddr? PublicIPv6 { get; init; }

    /// <summary>No flag names a link or an address: what the source has for this node counts.</summary>
    public bool IsFree => Interfaces.Count == 0 && InterfacePatterns.Count == 0 && CanReach is null && !Public.Any();

    /// <summary>The public addresses, if given.</summary>
    public IEnumerable<IPAddr> Public => ((IPAddr?[])[PublicIP, PublicIPv6]).OfType<IPAddr>();

    /// <summary>The advertised addresses: the public ones if given, else the link's own.</summary>
    public ValueArray<IPAddr> PublicAddresses(ValueArray<IPPrefix> own) =>
        own.Select(address => (address.Is6 ? PublicIPv6 : PublicIP) ?? address.Address).ToValueArray();
}
