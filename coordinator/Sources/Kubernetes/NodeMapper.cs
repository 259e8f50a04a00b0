using Plugboard.Addresses;
using Plugboard.Coordinator.Cluster;
using Plugboard.Linux;

namespace Plugboard.Coordinator.Sources.Kubernetes;

/// <summary>Makes of a Node what the engine knows. Pure.</summary>
internal sealed class NodeMapper(KubernetesOptions options)
{
    /// <summary>The node; null where it takes no part. This node always does: its pod networks are read from its Node.</summary>
    public ClusterNode? Find(NodeObject node)
    {
        if (node.Name.Length == 0)
            return null;
        var isManaged = node.Annotation(AnnotationNames.Managed) == "true";
        if (!isManaged && options.Peers == PeersMode.Annotations && node.Name != options.NodeName)
            return null;
        return new ClusterNode
        {
            Name = node.Name,
            Uid = node.Uid,
            CreatedAt = node.CreatedAt,
            PodCidrs = node.PodCidrs,
            Addresses = options.Peers == PeersMode.Addresses ? node.Addresses : Both(node, AnnotationNames.PublicIP, AnnotationNames.PublicIPv6),
            BackendType = isManaged ? Known(node.Annotation(AnnotationNames.BackendType)) : "",
            Vtep4 = isManaged ? BackendData.Find(node.Annotation(AnnotationNames.BackendData)) : null,
            Vtep6 = isManaged ? BackendData.Find(node.Annotation(AnnotationNames.BackendV6Data)) : null,
            WishedAddresses = node.Name == options.NodeName ? Both(node, AnnotationNames.NodePublicIP, AnnotationNames.NodePublicIPv6) : [],
        };
    }

    private static ValueArray<IPAddr> Both(NodeObject node, string name4, string name6)
    {
        var found = new List<IPAddr>(2);
        if (IPAddr.TryParse(node.Annotation(name4), out var address4) && address4.Is4)
            found.Add(address4);
        if (IPAddr.TryParse(node.Annotation(name6), out var address6) && address6.Is6)
            found.Add(address6);
        return found.ToValueArray();
    }

    // Five thousand nodes share one text.
    private static string Known(string? type) => type switch
    {
        null => "",
        "vxlan" => "vxlan",
        "host-gw" => "host-gw",
        "ipip" => "ipip",
        _ => type,
    };
}
