using Plugboard.Addresses;

namespace Plugboard.Coordinator.Configuration;

/// <summary>The cluster's network, as flannel's net-conf.json says it.</summary>
internal sealed record NetConf
{
    /// <summary>EnableIPv4, true when not said.</summary>
    public bool EnableIPv4 { get; init; } = true;

    /// <summary>
    /// Whether EnableIPv4 is set. If not, a node whose pods have only IPv6, in a cluster without a Network, has no IPv4 (<see
    /// cref="For"/>).
    /// </summary>
    public bool SaysIPv4 { get; init; }

    /// <summary>EnableIPv6, false when not said.</summary>
    public bool EnableIPv6 { get; init; }

    /// <summary>EnableNFTables: selects one of flannel's two traffic managers; read and reported, without effect here.</summary>
    public bool EnableNFTables { get; init; }

    /// <summary>Network: what all nodes' IPv4 pod networks lie in; null: not said.</summary>
    public IPPrefix? Network { get; init; }

    /// <summary>IPv6Network: what all nodes' IPv6 pod networks lie in; null: not said.</summary>
    public IPPrefix? IPv6Network { get; init; }

    /// <summary>How a node's IPv4 network is chosen, where it is (etcd).</summary>
    public SubnetRange Subnets { get; init; } = new();

    /// <summary>How a node's IPv6 network is chosen, where it is (etcd).</summary>
    public SubnetRange IPv6Subnets { get; init; } = new();

    /// <summary>How packets go from node to node.</summary>
    public BackendConf Backend { get; init; } = new();

    /// <summary>A stand-in for a configuration that is missing: nothing is removed because of it.</summary>
    public bool IsAssumed { get; init; }

    /// <summary>
    /// As it is for a node with these pod networks: flanneld's default for EnableIPv4 asks for an IPv4 address that a node of IPv6 alone
    /// has not.
    /// </summary>
    public NetConf For(IReadOnlyCollection<IPPrefix> podCidrs) =>
        EnableIPv4 && !SaysIPv4 && EnableIPv6 && Network is null && podCidrs.Count > 0 && podCidrs.All(cidr => cidr.Is6)
            ? this with
            {
                EnableIPv4 = false,
            }
            : this;

    /// <summary>True if a family is in use.</summary>
    public bool Enables(bool is6) => is6 ? EnableIPv6 : EnableIPv4;

    /// <summary>What all nodes' pod networks of a family lie in; null: not said.</summary>
    public IPPrefix? NetworkOf(bool is6) => is6 ? IPv6Network : Network;
}
