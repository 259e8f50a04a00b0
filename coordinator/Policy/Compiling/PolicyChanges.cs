using Plugboard.Addresses;
using Plugboard.Coordinator.Policy.Objects;

namespace Plugboard.Coordinator.Policy.Compiling;

/// <summary>Objects that came, changed or went: these with null.</summary>
internal sealed record PolicyChanges
{
    /// <summary>The pods by name.</summary>
    public Dictionary<ObjectName, PolicyPod?> Pods { get; } = [];

    /// <summary>The namespaces by name.</summary>
    public Dictionary<string, PolicyNamespace?> Namespaces { get; } = new(StringComparer.Ordinal);

    /// <summary>The policies by name.</summary>
    public Dictionary<ObjectName, NetworkPolicy?> Policies { get; } = [];

    /// <summary>The cluster policies by name.</summary>
    public Dictionary<string, ClusterPolicy?> ClusterPolicies { get; } = new(StringComparer.Ordinal);

    /// <summary>The nodes by name.</summary>
    public Dictionary<string, PolicyNode?> Nodes { get; } = new(StringComparer.Ordinal);

    /// <summary>Addresses that a plugin of this node gave to a pod, whatever the objects say; null: it is taken back.</summary>
    public Dictionary<IPAddr, ObjectName?> Given { get; init; } = [];

    /// <summary>Nothing changed.</summary>
    public bool IsEmpty => Pods.Count + Namespaces.Count + Policies.Count + ClusterPolicies.Count + Nodes.Count + Given.Count == 0;

    /// <summary>What makes one state of the objects into another.</summary>
    public static PolicyChanges Between(PolicyObjects before, PolicyObjects after)
    {
        var changes = new PolicyChanges();
        Compare(before.Pods, after.Pods, changes.Pods);
        Compare(before.Namespaces, after.Namespaces, changes.Namespaces);
        Compare(before.Policies, after.Policies, changes.Policies);
        Compare(before.ClusterPolicies, after.ClusterPolicies, changes.ClusterPolicies);
        Compare(before.Nodes, after.Nodes, changes.Nodes);
        return changes;
    }

    private static void Compare<TKey, TValue>(
        IReadOnlyDictionary<TKey, TValue> before,
        IReadOnlyDictionary<TKey, TValue> after,
        Dictionary<TKey, TValue?> changes
    )
        where TKey : notnull
        where TValue : class
    {
        foreach (var (key, value) in after)
        {
            if (!before.TryGetValue(key, out var old) || !old.Equals(value))
                changes[key] = value;
        }

        foreach (var key in before.Keys)
        {
            if (!after.ContainsKey(key))
                changes[key] = null;
        }
    }
}
