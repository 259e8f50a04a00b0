using Plugboard.Coordinator.Policy.Reading;
using Plugboard.Coordinator.Sources.Kubernetes;

namespace Plugboard.Coordinator.Policy.Api;

/// <summary>A kind of objects that policy needs, in words. Pure.</summary>
/// <param name="Name">In metrics.</param>
/// <param name="Plural">The API's word.</param>
/// <param name="Path">Where all of them are.</param>
/// <param name="Otherwise">What is in force of a refused one without a valid version.</param>
internal sealed record PolicyKind(string Name, string Plural, string Path, string Otherwise)
{
    /// <summary>A list from which much is made that is not kept.</summary>
    public const int Large = 1000;

    /// <summary>The refused objects that are named; the rest is counted.</summary>
    public const int MostNamed = 10;

    /// <summary>Pods.</summary>
    public static PolicyKind Pods { get; } =
        new("pods", "pods", "/api/v1/pods", "nothing may reach it or leave it, and no selector selects it");

    /// <summary>Namespaces.</summary>
    public static PolicyKind Namespaces { get; } =
        new(
            "namespaces",
            "namespaces",
            "/api/v1/namespaces",
            "no namespaceSelector selects it, or if only its annotation is invalid, its pods are isolated"
        );

    /// <summary>Nodes.</summary>
    public static PolicyKind Nodes { get; } = new("nodes", "nodes", "/api/v1/nodes", "no peer by nodes selects it");

    /// <summary>NetworkPolicies.</summary>
    public static PolicyKind Policies { get; } =
        new(
            "policies",
            "networkpolicies",
            "/apis/networking.k8s.io/v1/networkpolicies",
            "it isolates the pods that it selects and allows nothing"
        );

    /// <summary>ClusterNetworkPolicies.</summary>
    public static PolicyKind ClusterPolicies { get; } =
        new(
            "cluster-policies",
            "clusternetworkpolicies",
            "/apis/policy.networking.k8s.io/v1beta1/clusternetworkpolicies",
            "its Accept rules that cannot be read match nothing, other such rules deny everything, and the rules that can be read count"
        )
        {
            OlderPaths = ["/apis/policy.networking.k8s.io/v1alpha2/clusternetworkpolicies"],
        };

    /// <summary>As <see cref="ResourceKind.OlderPaths"/>; a kind with such need not be served at all.</summary>
    public IReadOnlyList<string> OlderPaths { get; init; } = [];

    /// <summary>A refused object, a sentence.</summary>
    public string Describe(string name, Refusal refusal) =>
        $"{Plural} {name} is refused: {refusal.Why}; {(refusal.IsLastGood ? "its last valid version stays in force" : Otherwise)}";

    /// <summary>How it is asked for.</summary>
    public ResourceKind ToResource(PolicyLimits limits) =>
        new(
            Plural,
            Path,
            Plural switch
            {
                "pods" => limits.Pods,
                "namespaces" => limits.Namespaces,
                "nodes" => limits.Nodes,
                _ => limits.Policies,
            }
        )
        {
            OlderPaths = OlderPaths,
        };
}
