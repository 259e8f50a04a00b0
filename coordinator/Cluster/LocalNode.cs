using Plugboard.Addresses;
using Plugboard.Linux;

namespace Plugboard.Coordinator.Cluster;

/// <summary>This node: what the source says of it and what its own network is.</summary>
internal sealed record LocalNode
{
    /// <summary>Its name in the cluster.</summary>
    public required string Name { get; init; }

    /// <summary>What its tunnels' hardware addresses are made from: its name, so that they stay when it is installed anew.</summary>
    public string Identity { get; init; } = "";

    /// <summary>The networks of its pods; none: not assigned yet.</summary>
    public ValueArray<IPPrefix> PodCidrs { get; init; } = [];

    /// <summary>The link by which it reaches the others; null: there is none now.</summary>
    public UplinkLink? Uplink { get; init; }

    /// <summary>Its addresses on that link, at most one per family.</summary>
    public ValueArray<IPPrefix> Addresses { get; init; } = [];

    /// <summary>Where its IPv4 tunnel ends as the others know it; null: they know nothing yet.</summary>
    public VtepData? Vtep4 { get; init; }

    /// <summary>Where its IPv6 tunnel ends as the others know it; null: they know nothing yet.</summary>
    public VtepData? Vtep6 { get; init; }

    /// <summary>Its pod network of a family; null: none.</summary>
    public IPPrefix? PodCidr(bool is6) => FirstOf(PodCidrs, is6);

    /// <summary>Its address of a family with its network's length; null: none.</summary>
    public IPPrefix? Address(bool is6) => FirstOf(Addresses, is6);

    private static IPPrefix? FirstOf(ValueArray<IPPrefix> prefixes, bool is6)
    {
        foreach (var prefix in prefixes.AsSpan())
        {
            if (prefix.Is6 == is6)
                return prefix;
        }

        return null;
    }
}
