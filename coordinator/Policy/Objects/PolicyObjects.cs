namespace Plugboard.Coordinator.Policy.Objects;

/// <summary>All objects that policy depends on, at one moment.</summary>
internal sealed record PolicyObjects
{
    /// <summary>The pods by name.</summary>
    public required IReadOnlyDictionary<ObjectName, PolicyPod> Pods { get; init; }

    /// <summary>The namespaces by name.</summary>
    public required IReadOnlyDictionary<string, PolicyNamespace> Namespaces { get; init; }

    /// <summary>The policies by name.</summary>
    public required IReadOnlyDictionary<ObjectName, NetworkPolicy> Policies { get; init; }

    /// <summary>The cluster policies by name.</summary>
    public IReadOnlyDictionary<string, ClusterPolicy> ClusterPolicies { get; init; } = new Dictionary<string, ClusterPolicy>();

    /// <summary>The nodes by name; none while no cluster policy asks for them.</summary>
    public IReadOnlyDictionary<string, PolicyNode> Nodes { get; init; } = new Dictionary<string, PolicyNode>();

    /// <summary>No object at all.</summary>
    public static PolicyObjects Empty { get; } = Of([], [], []);

    /// <summary>Of lists with different names each.</summary>
    public static PolicyObjects Of(
        IEnumerable<PolicyPod> pods,
        IEnumerable<PolicyNamespace> namespaces,
        IEnumerable<NetworkPolicy> policies,
        IEnumerable<ClusterPolicy>? clusterPolicies = null,
        IEnumerable<PolicyNode>? nodes = null
    ) =>
        new()
        {
            Pods = pods.ToDictionary(static pod => pod.Name),
            Namespaces = namespaces.ToDictionary(static home => home.Name, StringComparer.Ordinal),
            Policies = policies.ToDictionary(static policy => policy.Name),
            ClusterPolicies = (clusterPolicies ?? []).ToDictionary(static policy => policy.Name, StringComparer.Ordinal),
            Nodes = (nodes ?? []).ToDictionary(static node => node.Name, StringComparer.Ordinal),
        };
}
