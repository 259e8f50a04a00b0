using Plugboard.Documents;
using Plugboard.Linux;

namespace Plugboard.Coordinator.Policy.Reading;

/// <summary>
/// The keys of objects outside of a policy's spec. Kubernetes adds some now and then, so an unknown one is passed over, unless it is one
/// that is read here with a typing error: a policy in another namespace, or a pod without labels, would open pods. Pure.
/// </summary>
internal static class ObjectKeys
{
    private static readonly string[] ofObject = ["apiVersion", "kind", "metadata", "spec", "status"];
    private static readonly string[] ofList = ["apiVersion", "kind", "metadata", "items"];

    // Those that are like one that is read, so that they are not taken for its typing error.
    private static readonly string[] ofMetadata =
    [
        "name",
        "namespace",
        "labels",
        "annotations",
        "generateName",
        "creationTimestamp",
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
    ];
    private static readonly string[] ofPodSpec =
    [
        "nodeName",
        "nodeSelector",
        "hostname",
        "hostNetwork",
        "hostPID",
        "hostIPC",
        "hostUsers",
        "hostAliases",
        "hostnameOverride",
        "containers",
        "initContainers",
        "ephemeralContainers",
    ];
    private static readonly string[] ofNodeStatus = ["addresses"];
    private static readonly string[] ofPodStatus = ["phase", "podIP", "podIPs", "hostIP", "hostIPs", "nominatedNodeName"];

    /// <summary>Refuses what an object cannot have beside its spec: a key of the spec that is not indented.</summary>
    /// <exception cref="DocumentException">With the line, and the key that was meant.</exception>
    public static void Require(DocumentNode document)
    {
        document.RequireKnown(ofObject, isExact: true);
        RefuseMistyped(document.Find("metadata"), ofMetadata);
    }

    /// <summary>The same of a Pod, and of those parts of it that say whose an address is.</summary>
    /// <exception cref="DocumentException">With the line, and the key that was meant.</exception>
    public static void RequireOfPod(DocumentNode document)
    {
        Require(document);
        RefuseMistyped(document.Find("spec"), ofPodSpec);
        RefuseMistyped(document.Find("status"), ofPodStatus);
    }

    /// <summary>The same of a Node.</summary>
    /// <exception cref="DocumentException">With the line, and the key that was meant.</exception>
    public static void RequireOfNode(DocumentNode document)
    {
        Require(document);
        RefuseMistyped(document.Find("status"), ofNodeStatus);
    }

    /// <summary>The objects of a list.</summary>
    /// <exception cref="DocumentException">It has no items, or a key that a list has not.</exception>
    public static IReadOnlyList<DocumentNode> ItemsOf(DocumentNode list)
    {
        list.RequireKnown(ofList, isExact: true);
        return list.Find("items")?.AsList() ?? throw list.Error("the list has no items; for no objects write items: []");
    }

    private static void RefuseMistyped(DocumentNode? map, string[] known)
    {
        foreach (var item in map?.AsMap().Items ?? [])
        {
            if (!known.Contains(item.Name, StringComparer.Ordinal) && Spelling.FindNearest(item.Name, known) is not null)
                throw item.Error($"unknown key {DocumentNode.Quote(item.Name)}{Spelling.Hint(item.Name, known)}");
        }
    }
}
