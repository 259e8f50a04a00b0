namespace Plugboard.Coordinator.Policy.Objects;

/// <summary>What network policy needs of a Namespace.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Labels">Its labels, with <see cref="NameLabel"/>.</param>
internal sealed record PolicyNamespace(string Name, Labels Labels)
{
    /// <summary>The label with the namespace's name, which the API server sets (Kubernetes 1.21).</summary>
    public const string NameLabel = "kubernetes.io/metadata.name";

    /// <summary>The annotation that isolated a namespace's pods before NetworkPolicy v1 (Kubernetes 1.7), which ignores it.</summary>
    public const string IsolationAnnotation = "net.beta.kubernetes.io/network-policy";

    /// <summary>Its pods are isolated for ingress by the annotation.</summary>
    public bool IsIsolated { get; init; }
}
