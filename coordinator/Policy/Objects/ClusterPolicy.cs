using Plugboard.Linux;

namespace Plugboard.Coordinator.Policy.Objects;

/// <summary>
/// A ClusterNetworkPolicy. Its rules are in order: of a tier's policies the first rule that matches a connection answers. Source:
/// policy.networking.k8s.io/v1alpha2, v1beta1.
/// </summary>
internal sealed record ClusterPolicy
{
    /// <summary>Its name; it has no namespace.</summary>
    public required string Name { get; init; }

    /// <summary>Before or after NetworkPolicy.</summary>
    public required PolicyTier Tier { get; init; }

    /// <summary>From 0 to 1,000; within its tier the lower one is asked first.</summary>
    public required int Priority { get; init; }

    /// <summary>The pods that it is for, in any namespace.</summary>
    public required PodPeer Subject { get; init; }

    /// <summary>The rules for what arrives; empty: it says nothing of that direction.</summary>
    public ValueArray<ClusterRule> Ingress { get; init; } = [];

    /// <summary>The same for what pods send.</summary>
    public ValueArray<ClusterRule> Egress { get; init; } = [];

    /// <summary>
    /// The order in which the policies of one tier are asked: by priority, and of equal ones by name, the order of bytes. The API leaves
    /// the latter open.
    /// </summary>
    public static IComparer<ClusterPolicy> Order { get; } = Comparer<ClusterPolicy>.Create(Compare);

    private static int Compare(ClusterPolicy one, ClusterPolicy other) =>
        one.Priority != other.Priority ? one.Priority.CompareTo(other.Priority) : string.CompareOrdinal(one.Name, other.Name);

    /// <summary>True if it is for a pod.</summary>
    /// <param name="pod">The pod.</param>
    /// <param name="home">Its namespace; null: it is not known yet, or cannot be read, and has but the label of its name: a policy for all
    /// namespaces must not miss it.</param>
    public bool Selects(PolicyPod pod, PolicyNamespace? home) =>
        Subject.Matches(
            pod,
            home ?? new PolicyNamespace(pod.Name.Namespace, Labels.None.WithDefault(PolicyNamespace.NameLabel, pod.Name.Namespace))
        );

    /// <summary>True if a rule of it has peers by nodes.</summary>
    public bool AsksForNodes => Egress.Any(static rule => rule.AsksForNodes);

    /// <summary>
    /// What it is worth where Nodes may not be read, as the API says of what cannot be read: an Accept rule by nodes matches nothing,
    /// another such rule denies everything.
    /// </summary>
    public ClusterPolicy WithoutNodes() =>
        this with
        {
            Egress = Egress
                .Where(static rule => !rule.AsksForNodes || rule.Action != RuleAction.Accept)
                .Select(static rule => rule.AsksForNodes ? ClusterRule.DenyAll(rule.Name) : rule)
                .ToValueArray(),
        };

    /// <summary>The rules of a direction.</summary>
    public ValueArray<ClusterRule> Rules(PolicyDirection direction) => direction == PolicyDirection.Ingress ? Ingress : Egress;
}

/// <summary>Where the policies of a cluster stand beside NetworkPolicy.</summary>
internal enum PolicyTier
{
    /// <summary>They are asked first: NetworkPolicy cannot overrule them.</summary>
    Admin,

    /// <summary>They are asked last: only for pods that no NetworkPolicy isolates in that direction.</summary>
    Baseline,
}

/// <summary>A rule of a cluster policy.</summary>
/// <param name="Name">For people; empty: it has none.</param>
/// <param name="Action">What becomes of a connection that it matches.</param>
/// <param name="Matches">The peers and ports, as NetworkPolicy has them; no peers: every connection.</param>
internal sealed record ClusterRule(string Name, RuleAction Action, PolicyRule Matches)
{
    /// <summary>True if it has peers by nodes.</summary>
    public bool AsksForNodes => Matches.Peers.Any(static peer => peer.Nodes is not null);

    /// <summary>One that denies everything.</summary>
    public static ClusterRule DenyAll(string name) => new(name, RuleAction.Deny, new PolicyRule([], []));
}

/// <summary>What becomes of a connection that a rule matches.</summary>
internal enum RuleAction
{
    /// <summary>It is allowed in this direction; no one else is asked.</summary>
    Accept,

    /// <summary>It is refused; no one else is asked.</summary>
    Deny,

    /// <summary>The rest of the tier is passed over.</summary>
    Pass,
}
