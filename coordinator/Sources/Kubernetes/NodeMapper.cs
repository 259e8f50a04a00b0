using Plugboard.Addresses;
using Plugboard.Coordinator.Cluster;
using Plugboard.Linux;

namespace Plugboard.Coordinator.Sources.Kubernetes;

/// <summary>Makes of a Node what the engine knows. Pure.</summary>
internal sealed class NodeMapper(KubernetesOptions options)
{
    private const int LongestShown = 64;

    /// <summary>The node; null if it takes no part. This node always does: its pod networks are read from its Node.</summary>
    public ClusterNode? Find(NodeObject node)
    {
        if (node.Name.Length == 0)
            return null;
        var isManaged = node.Annotation(AnnotationNames.Managed) == "true";
        // An annotation that is missing says nothing; another value than "true" says that the node leaves.
        if (!isManaged && options.Peers == PeersMode.Annotations && node.Name != options.NodeName)
            return node.Annotation(AnnotationNames.Managed) is null
                ? new ClusterNode
                {
                    Name = node.Name,
                    Uid = node.Uid,
                    IsSilent = true,
                }
                : null;
        return new ClusterNode
        {
            Name = node.Name,
            Uid = node.Uid,
            CreatedAt = node.CreatedAt,
            PodCidrs = node.PodCidrs,
            Addresses =
                options.Peers == PeersMode.Addresses ? node.Addresses : Both(node, AnnotationNames.PublicIP, AnnotationNames.PublicIPv6),
            BackendType = isManaged ? Known(node.Annotation(AnnotationNames.BackendType)) : "",
            Vtep4 = isManaged ? BackendData.Find(node.Annotation(AnnotationNames.BackendData)) : null,
            Vtep6 = isManaged ? BackendData.Find(node.Annotation(AnnotationNames.BackendV6Data)) : null,
            WishedAddresses = node.Name == options.NodeName ? Both(node, AnnotationNames.NodePublicIP, AnnotationNames.NodePublicIPv6) : [],
            Notes = NotesOf(node),
        };
    }

    // What is mistyped counts as absent, which must be reported.
    private ValueArray<string> NotesOf(NodeObject node)
    {
        (string Name, bool Is6)[] read =
            node.Name == options.NodeName ? [(AnnotationNames.NodePublicIP, false), (AnnotationNames.NodePublicIPv6, true)]
            : options.Peers == PeersMode.Addresses ? []
            : [(AnnotationNames.PublicIP, false), (AnnotationNames.PublicIPv6, true)];
        List<string>? notes = null;
        foreach (var text in node.InvalidPodCidrs)
            (notes ??= []).Add($"node {node.Name}: its podCIDR {Complaints.Quote(text, LongestShown)} is not a network, and has no effect");
        foreach (var (name, is6) in read)
        {
            if (node.Annotation(name) is { } text && !(IPAddr.TryParse(text, out var address) && address.Is6 == is6))
                (notes ??= []).Add(
                    $"node {node.Name}: annotation {name} \"{(text.Length <= LongestShown ? text : $"{text[..LongestShown]}…")}\" is "
                        + $"not an {(is6 ? "IPv6" : "IPv4")} address, and has no effect"
                );
        }

        if (node.Name != options.NodeName && node.Annotation(AnnotationNames.Managed) == "true")
        {
            foreach (var name in (ReadOnlySpan<string>)[AnnotationNames.BackendData, AnnotationNames.BackendV6Data])
            {
                if (BackendData.FindFault(node.Annotation(name)) is { } fault)
                    (notes ??= []).Add($"node {node.Name}: annotation {name} has no effect: {fault}");
            }
        }

        return notes is null ? [] : notes.ToValueArray();
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
    private static string Known(string? type) =>
        type switch
        {
            null => "",
            "vxlan" => "vxlan",
            "host-gw" => "host-gw",
            "ipip" => "ipip",
            _ => type,
        };
}
