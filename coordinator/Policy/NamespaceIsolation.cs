using Plugboard.Coordinator.Policy.Compiling;
using Plugboard.Coordinator.Policy.Objects;

namespace Plugboard.Coordinator.Policy;

/// <summary>
/// <c>--policy-namespace-annotation</c>: a namespace with the annotation of before NetworkPolicy v1 has one policy more. Pure.
/// </summary>
internal static class NamespaceIsolation
{
    /// <summary>Adds the policies of changed namespaces to the changes.</summary>
    public static void Add(bool isOn, PolicyChanges changes)
    {
        if (!isOn)
            return;
        foreach (var (name, home) in changes.Namespaces)
        {
            var policy = NetworkPolicy.OfAnnotation(name);
            changes.Policies[policy.Name] = home is { IsIsolated: true } ? policy : null;
        }
    }

    /// <summary>The policies of annotated namespaces beside others.</summary>
    public static IReadOnlyDictionary<ObjectName, NetworkPolicy> With(
        IReadOnlyDictionary<ObjectName, NetworkPolicy> policies,
        IEnumerable<PolicyNamespace> namespaces
    )
    {
        var isolated = namespaces
            .Where(static home => home.IsIsolated)
            .Select(static home => NetworkPolicy.OfAnnotation(home.Name))
            .ToList();
        return isolated.Count == 0 ? policies : policies.Values.Concat(isolated).ToDictionary(static policy => policy.Name);
    }

    /// <summary>What the operator is reminded of.</summary>
    public static IEnumerable<string> FindWarnings(bool isOn, IEnumerable<PolicyNamespace> namespaces) =>
        isOn && namespaces.Any(static home => home.IsIsolated)
            ?
            [
                $"namespaces are isolated by the annotation {PolicyNamespace.IsolationAnnotation}, which NetworkPolicy v1 ignores: "
                    + "replace it "
                    + "by a policy with podSelector: {} and policyTypes: [Ingress]",
            ]
            : [];
}
