using Plugboard.Addresses;
using Plugboard.Coordinator.Cluster;
using Plugboard.Linux;

namespace Plugboard.Coordinator.Sources;

/// <summary>What the other nodes are to know of this one.</summary>
internal sealed record NodeAdvertisement
{
    /// <summary>flannel's word: <c>vxlan</c>, <c>host-gw</c>, <c>ipip</c>.</summary>
    public required string BackendType { get; init; }

    /// <summary>Where this node is reached, at most one per family.</summary>
    public ValueArray<IPAddr> Addresses { get; init; } = [];

    /// <summary>Where its IPv4 tunnel ends; null: none.</summary>
    public VtepData? Vtep4 { get; init; }

    /// <summary>Where its IPv6 tunnel ends; null: none.</summary>
    public VtepData? Vtep6 { get; init; }
}
