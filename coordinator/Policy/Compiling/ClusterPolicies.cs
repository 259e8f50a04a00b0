using Plugboard.Coordinator.Policy.Objects;

namespace Plugboard.Coordinator.Policy.Compiling;

/// <summary>The cluster policies, in the order in which they are asked.</summary>
internal sealed class ClusterPolicies
{
    private readonly Dictionary<string, ClusterPolicy> byName = new(StringComparer.Ordinal);
    private readonly SortedSet<ClusterPolicy> ordered = new(ClusterPolicy.Order);

    /// <summary>How many there are.</summary>
    public int Count => byName.Count;

    /// <summary>A policy; null if absent.</summary>
    public ClusterPolicy? Find(string name) => byName.GetValueOrDefault(name);

    /// <summary>Replaces a policy; null removes it.</summary>
    public void Set(string name, ClusterPolicy? policy)
    {
        if (byName.Remove(name, out var old))
            ordered.Remove(old);
        if (policy is null)
            return;
        byName[name] = policy;
        ordered.Add(policy);
    }

    /// <summary>Those with rules for a pod.</summary>
    /// <param name="pod">The pod.</param>
    /// <param name="home">Its namespace; null: it is not known yet.</param>
    /// <param name="kind">The tier, and the direction of the rules.</param>
    public List<ClusterPolicy> Selecting(PolicyPod pod, PolicyNamespace? home, (PolicyTier Tier, PolicyDirection Direction) kind) =>
        ordered.Count == 0
            ? []
            : [.. ordered.Where(policy => policy.Tier == kind.Tier && policy.Rules(kind.Direction).Count > 0 && policy.Selects(pod, home))];
}

/// <summary>What judges a pod in one direction.</summary>
/// <param name="Admin">The cluster policies that are asked first, in order.</param>
/// <param name="Isolating">The policies that isolate it, by name.</param>
/// <param name="Baseline">The cluster policies that are asked if no policy isolates it, in order.</param>
internal sealed record JudgingPolicies(
    IReadOnlyList<ClusterPolicy> Admin,
    IReadOnlyList<NetworkPolicy> Isolating,
    IReadOnlyList<ClusterPolicy> Baseline
)
{
    /// <summary>Nothing does.</summary>
    public bool IsNone => Admin.Count + Isolating.Count + Baseline.Count == 0;

    /// <summary>What no rule decides is allowed.</summary>
    public bool IsOpen => Isolating.Count == 0;

    /// <summary>For people: <c>policy x/a</c>, <c>3 policies and 2 cluster policies</c>.</summary>
    public string Describe()
    {
        var policies = Isolating.Count == 1 ? $"policy {Isolating[0].Name}" : $"{Isolating.Count} policies";
        var cluster = Admin.Concat(Baseline).ToList();
        if (cluster.Count == 0)
            return policies;
        var others = cluster.Count == 1 ? $"cluster policy {cluster[0].Name}" : $"{cluster.Count} cluster policies";
        return Isolating.Count == 0 ? others : $"{policies} and {others}";
    }
}
