using Plugboard.Addresses;
using Plugboard.Linux;

namespace Plugboard.Coordinator.Cluster;

/// <summary>A node of the cluster as a source tells of it; nothing in it is to be trusted yet.</summary>
internal sealed record ClusterNode
{
    /// <summary>Its name, different from all others': the Node's in Kubernetes, the lease's key in etcd, the name in a static file.</summary>
    public required string Name { get; init; }

    /// <summary>What stays when it is made again under its name; empty where the source knows none.</summary>
    public string Uid { get; init; } = "";

    /// <summary>When it joined: of two with one pod network the older keeps it. Null: unknown, younger than all that are known.</summary>
    public DateTimeOffset? CreatedAt { get; init; }

    /// <summary>The networks of its pods, at most one per family; none: not assigned yet.</summary>
    public ValueArray<IPPrefix> PodCidrs { get; init; } = [];

    /// <summary>Where other nodes reach it, at most one per family.</summary>
    public ValueArray<IPAddr> Addresses { get; init; } = [];

    /// <summary>The backend it says it uses, flannel's word (<c>vxlan</c>, <c>host-gw</c>, <c>ipip</c>); empty: it says nothing.</summary>
    public string BackendType { get; init; } = "";

    /// <summary>Where its IPv4 tunnel ends; null: it has none or does not say.</summary>
    public VtepData? Vtep4 { get; init; }

    /// <summary>Where its IPv6 tunnel ends; null: it has none or does not say.</summary>
    public VtepData? Vtep6 { get; init; }

    /// <summary>Of this node's own: the addresses, at most one per family, whose link the operator wishes to be the one to the other nodes; none: no wish.</summary>
    public ValueArray<IPAddr> WishedAddresses { get; init; } = [];

    /// <summary>Its pod network of a family; null: none.</summary>
    public IPPrefix? PodCidr(bool is6)
    {
        foreach (var cidr in PodCidrs.AsSpan())
        {
            if (cidr.Is6 == is6)
                return cidr;
        }

        return null;
    }

    /// <summary>Its address of a family; null: none.</summary>
    public IPAddr? Address(bool is6)
    {
        foreach (var address in Addresses.AsSpan())
        {
            if (address.Is6 == is6)
                return address;
        }

        return null;
    }

    /// <summary>Where its tunnel of a family ends; null: it has none or does not say.</summary>
    public VtepData? Vtep(bool is6) => is6 ? Vtep6 : Vtep4;
}
