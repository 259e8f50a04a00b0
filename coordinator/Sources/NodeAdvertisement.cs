using Plugboard.Addresses;
using Plugboard.Coordinator.Cluster;
using Plugboard.Linux;

namespace Plugboard.Coordinator.Sources;

/// <summary>This node's data for the other nodes.</summary>
internal sealed record NodeAdvertisement
{
    /// <summary>flannel's word: <c>vxlan</c>, <c>host-gw</c>, <c>ipip</c>.</summary>
    public required string BackendType { get; init; }

    /// <summary>Its addresses, at most one per family.</summary>
    public ValueArray<IPAddr> Addresses { get; init; } = [];

    /// <summary>The end of its IPv4 tunnel; null: none.</summary>
    public VtepData? Vtep4 { get; init; }

    /// <summary>The end of its IPv6 tunnel; null: none.</summary>
    public VtepData? Vtep6 { get; init; }
}
