using Plugboard.Addresses;
using Plugboard.Coordinator.Cluster;
using Plugboard.Linux;

namespace Plugboard.Coordinator.Node;

/// <summary>The input for the choice of the uplink.</summary>
internal sealed record UplinkQuestion
{
    /// <summary>The flags.</summary>
    public UplinkOptions Options { get; init; } = new();

    /// <summary>The addresses that flannel's annotations <c>node-public-ip</c> and <c>node-public-ipv6</c> ask for.</summary>
    public ValueArray<IPAddr> Wished { get; init; } = [];

    /// <summary>The addresses at which, by the source, other nodes reach this node.</summary>
    public ValueArray<IPAddr> Told { get; init; } = [];

    /// <summary>This node's pod networks: what has an address there is not the uplink.</summary>
    public ValueArray<IPPrefix> OwnPods { get; init; } = [];

    /// <summary>The families that pods have here; both: all of them are needed, none: any will do.</summary>
    public (bool IPv4, bool IPv6) Needed { get; init; }

    /// <summary>Addresses of other nodes.</summary>
    public IReadOnlyList<IPAddr> Others { get; init; } = [];

    /// <summary>What was chosen before; null: nothing in this run.</summary>
    public Uplink? Before { get; init; }
}
