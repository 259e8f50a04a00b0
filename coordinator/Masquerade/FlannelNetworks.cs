using Plugboard.Addresses;
using Plugboard.Coordinator.Cluster;

namespace Plugboard.Coordinator.Masquerade;

/// <summary>The networks of flannel's rules, of one family.</summary>
/// <param name="Cluster">All pods.</param>
/// <param name="Own">This node's pods.</param>
internal sealed record FlannelNetworks(IPPrefix Cluster, IPPrefix Own)
{
    /// <summary>The mark of packets that kube-proxy masquerades.</summary>
    public const uint KubeProxyMark = 0x4000;

    /// <summary>Multicast of the family.</summary>
    public IPPrefix Multicast => IPPrefix.Parse(Cluster.Is6 ? "ff00::/8" : "224.0.0.0/4");

    /// <summary>The families for which both networks are known.</summary>
    public static IEnumerable<FlannelNetworks> Of(ClusterView view)
    {
        foreach (var is6 in (bool[])[false, true])
        {
            if (view.Network.Enables(is6) && view.Network.NetworkOf(is6) is { } cluster && view.Self.PodCidr(is6) is { } own)
                yield return new FlannelNetworks(cluster.Network, own.Network);
        }
    }

    /// <summary>Why an enabled family has no rules, a sentence each. The engine reports an unread list of nodes.</summary>
    public static IEnumerable<string> NotReadyReasons(ClusterView view)
    {
        foreach (var is6 in (bool[])[false, true])
        {
            var family = is6 ? "IPv6" : "IPv4";
            if (!view.Network.Enables(is6))
                continue;
            if (view.Network.NetworkOf(is6) is null)
                yield return $"flannel's masquerading needs the cluster's {family} network: missing in net-conf.json: "
                    + $"{(is6 ? "IPv6Network" : "Network")}";
            else if (view.IsComplete && view.Self.PodCidr(is6) is null)
                yield return $"flannel's masquerading needs this node's {family} pod network, which is not assigned yet";
        }
    }
}
