using Plugboard.Coordinator.Policy.Objects;
using Plugboard.Coordinator.Policy.Reading;
using Plugboard.Coordinator.Sources.Kubernetes;
using Plugboard.Documents;

namespace Plugboard.Coordinator.Policy.Api;

/// <summary>
/// Reads the API's Pods, Namespaces, Nodes and policies as the files' reader does, and of their bytes only what it needs. What is refused
/// is refused as a whole: a policy isolates the pods that it selects and allows nothing, a pod is closed, no selector selects a namespace
/// or a node. Pure.
/// </summary>
/// <param name="limits">What they may have at most.</param>
/// <param name="readsAnnotation">See <see cref="PodReader"/>.</param>
internal sealed class PolicyObjectReader(PolicyLimits limits, bool readsAnnotation)
{
    private readonly PodReader pods = new(limits, readsAnnotation);
    private readonly PolicyNodeReader nodes = new(limits);
    private readonly NetworkPolicyReader policies = new(limits);
    private readonly ClusterPolicyReader clusterPolicies = new(limits);

    /// <summary>A Pod.</summary>
    /// <exception cref="ApiException">It has no valid name, which no API server has stored.</exception>
    public ApiObject<ObjectName, PolicyPod> ReadPod(ReadOnlySpan<byte> json) =>
        Read(json, WantedFields.OfPod, ObjectFields.ReadNamespacedName, pods.Read, pods.FindClosed);

    /// <summary>A Namespace.</summary>
    /// <exception cref="ApiException">It has no valid name.</exception>
    public ApiObject<string, PolicyNamespace> ReadNamespace(ReadOnlySpan<byte> json) =>
        Read(json, WantedFields.OfNamespace, ObjectFields.ReadName, pods.ReadNamespace, pods.FindIsolated);

    /// <summary>A Node.</summary>
    /// <exception cref="ApiException">It has no valid name.</exception>
    public ApiObject<string, PolicyNode> ReadNode(ReadOnlySpan<byte> json) =>
        Read(json, WantedFields.OfNode, ObjectFields.ReadName, nodes.Read, static _ => null);

    /// <summary>A NetworkPolicy.</summary>
    /// <exception cref="ApiException">It has no valid name.</exception>
    public ApiObject<ObjectName, NetworkPolicy> ReadPolicy(ReadOnlySpan<byte> json) =>
        Read(json, WantedFields.OfPolicy, ObjectFields.ReadNamespacedName, policies.Read, policies.ReadClosed);

    /// <summary>A ClusterNetworkPolicy.</summary>
    /// <exception cref="ApiException">It has no valid name.</exception>
    public ApiObject<string, ClusterPolicy> ReadClusterPolicy(ReadOnlySpan<byte> json) =>
        Read(json, WantedFields.OfPolicy, ObjectFields.ReadName, clusterPolicies.Read, clusterPolicies.ReadClosed);

    private static ApiObject<TKey, TValue> Read<TKey, TValue>(
        ReadOnlySpan<byte> json,
        DocumentFields wanted,
        Func<DocumentNode, TKey> readName,
        Func<DocumentNode, TValue> read,
        Func<DocumentNode, TValue?> close
    )
        where TValue : class
    {
        DocumentNode node;
        TKey name;
        var uid = "";
        try
        {
            node = JsonDocumentReader.Read(json, wanted);
            var head = node.Find("metadata") ?? throw node.Error("it has no metadata");
            name = readName(head);
            uid = head.Find("uid")?.Text ?? "";
        }
        catch (DocumentException e)
        {
            throw new ApiException($"the Kubernetes API sent an invalid object: {e.What}", e);
        }

        try
        {
            return new(name, read(node), Refusal: null, uid);
        }
        catch (DocumentException e)
        {
            return new(name, close(node), e.What, uid);
        }
    }
}
