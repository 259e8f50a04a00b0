using Plugboard.Addresses;
using Plugboard.Coordinator.Cluster;
using Plugboard.Linux;

namespace Plugboard.Coordinator.Sources.Kubernetes;

/// <summary>Keeps the last valid value of mistyped annotations in force. The log names Node, annotation and value once.</summary>
/// <param name="names">The annotations' names.</param>
/// <param name="nodeName">This node's name.</param>
/// <param name="log">Gets the lines.</param>
internal sealed class LastGoodAnnotations(AnnotationNames names, string nodeName, Action<string> log)
{
    // flannel's, today's and those that were. Another word is another backend unless the node said one of these before.
    private static readonly string[] backends =
    [
        "vxlan",
        "host-gw",
        "ipip",
        "wireguard",
        "udp",
        "ipsec",
        "alloc",
        "extension",
        "tencent-vpc",
        "ali-vpc",
        "aws-vpc",
        "gce",
    ];

    private const string Stays = "its last valid value stays in force";

    private readonly Complaints complaints = new(log);

    /// <summary>The node with its last valid values.</summary>
    /// <param name="node">The API's Node.</param>
    /// <param name="found">The node parsed from it; null: it takes no part.</param>
    /// <param name="before">The node known before; null: none.</param>
    public ClusterNode? Mend(NodeObject node, ClusterNode? found, ClusterNode? before)
    {
        if (before is not null && before.Uid != node.Uid)
            before = null;
        if (found is null)
        {
            if (Says(node, AnnotationNames.Managed) is not { } managed)
                return null;
            Complain(node, AnnotationNames.Managed, managed, $"neither true nor false: {(before is null ? "it takes no part" : Stays)}");
            return before;
        }

        if (
            before is not null
            && found.BackendType.Length > 0
            && !backends.Contains(found.BackendType, StringComparer.Ordinal)
            && backends.Contains(before.BackendType, StringComparer.Ordinal)
            && Complain(node, AnnotationNames.BackendType, found.BackendType, $"not a backend of flannel's: {Stays}")
        )
            found = found with { BackendType = before.BackendType };
        // flannel's word for a family that the node has not.
        if (found.Addresses.Any(static address => address.IsUnspecified))
            found = found with { Addresses = found.Addresses.Where(static address => !address.IsUnspecified).ToValueArray() };
        return node.Name == nodeName ? KeepWishes(node, found, before) : found;
    }

    private static string? Says(NodeObject node, string name) =>
        node.Annotation(name) is { } value && value is not ("true" or "false") ? value : null;

    // A wish that cannot be read is no wish for another link.
    private ClusterNode KeepWishes(NodeObject node, ClusterNode found, ClusterNode? before)
    {
        var wishes = found.WishedAddresses.ToList();
        foreach (var (name, is6) in new[] { (AnnotationNames.NodePublicIP, false), (AnnotationNames.NodePublicIPv6, true) })
        {
            if (IsMistyped(node, name, is6) && before is not null)
                wishes.AddRange(before.WishedAddresses.Where(wish => wish.Is6 == is6));
        }

        return wishes.Count == found.WishedAddresses.Count
            ? found
            : found with
            {
                WishedAddresses = wishes.OrderBy(static wish => wish.Is6).ToValueArray(),
            };
    }

    // True for what is there and no address of its family.
    private bool IsMistyped(NodeObject node, string name, bool is6) =>
        node.Annotation(name) is { } value
        && !(IPAddr.TryParse(value, out var address) && address.Is6 == is6)
        && Complain(node, name, value, $"not an {(is6 ? "IPv6" : "IPv4")} address: {Stays}");

    private bool Complain(NodeObject node, string name, string value, string what)
    {
        const int LongEnough = 64;
        complaints.Add($"node {node.Name}: its annotation {names.Prefix}{name} is {Complaints.Quote(value, LongEnough)}, which is {what}");
        return true;
    }
}
