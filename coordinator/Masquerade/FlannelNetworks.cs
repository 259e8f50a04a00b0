using Plugboard.Addresses;
using Plugboard.Coordinator.Cluster;

namespace Plugboard.Coordinator.Masquerade;

/// <summary>The networks that flannel's rules are about, of one family.</summary>
/// <param name="Cluster">All pods.</param>
/// <param name="Own">This node's pods.</param>
internal sealed record FlannelNetworks(IPPrefix Cluster, IPPrefix Own)
{
    /// <summary>The mark of what kube-proxy masquerades.</summary>
    public const uint KubeProxyMark = 0x4000;

    /// <summary>Multicast of the family.</summary>
    public IPPrefix Multicast => IPPrefix.Parse(Cluster.Is6 ? "ff00::/8" : "224.0.0.0/4");

    /// <summary>Of the families whose networks both are known.</summary>
    public static IEnumerable<FlannelNetworks> Of(ClusterView view)
    {
        foreach (var is6 in (bool[])[false, true])
        {
            if (view.Network.Enables(is6) && view.Network.NetworkOf(is6) is { } cluster && view.Self.PodCidr(is6) is { } own)
                yield return new FlannelNetworks(cluster.Network, own.Network);
        }
    }

    /// <summary>
    /// Why a family that is in use has no rules, a sentence each; that the nodes were not read yet is told by the engine.
    /// </summary>
    public static IEnumerable<string> NotReadyReasons(ClusterView view)
    {
        foreach (var is6 in (bool[])[false, true])
        {
            var family = is6 ? "IPv6" : "IPv4";
            if (!view.Network.Enables(is6))
                continue;
            if (view.Network.NetworkOf(is6) is null)
                yield return $"flannel's masquerading needs the cluster's {family} network: net-conf.json lacks "
                    + $"{(is6 ? "IPv6Network" : "Network")}";
            else if (view.IsComplete && view.Self.PodCidr(is6) is null)
                yield return $"flannel's masquerading needs this node's {family} pod network, which is not assigned yet";
        }
    }
}
