using Plugboard.Addresses;
using Plugboard.Coordinator.Policy.Objects;
using Plugboard.Documents;
using Plugboard.Linux;

namespace Plugboard.Coordinator.Policy.Judging;

/// <summary>
/// Says for one connection whether the policies allow it, and which do. Written to be read beside the API's definition, not to be fast: it
/// looks at every object. The compiled rules must say the same. Pure.
/// </summary>
/// <param name="objects">All objects of the cluster.</param>
/// <param name="nodes">The addresses of nodes, with the node's name; traffic between a pod and its own node is never judged.</param>
internal sealed class PolicyOracle(PolicyObjects objects, IReadOnlyDictionary<IPAddr, string>? nodes = null)
{
    /// <summary>The verdict.</summary>
    public PolicyVerdict Judge(Connection connection)
    {
        var (source, destination) = (FindPod(connection.Source), FindPod(connection.Destination));
        if (source is not null && source == destination)
            return Exempt("source and destination are one pod", source, destination);
        if (source is not null && IsNodeOf(source, connection.Destination))
            return Exempt("a pod may always reach its own node", source, destination);
        if (destination is not null && IsNodeOf(destination, connection.Source))
            return Exempt("a node may always reach its own pods", source, destination);
        return new PolicyVerdict(
            Judge(PolicyDirection.Egress, source, destination, connection),
            Judge(PolicyDirection.Ingress, destination, source, connection)
        );
    }

    /// <summary>The policies that isolate a pod in a direction, by name.</summary>
    public ValueArray<ObjectName> FindIsolating(PolicyPod pod, PolicyDirection direction) =>
        Isolating(pod, direction).Select(static policy => policy.Name).ToValueArray();

    /// <summary>The pod that an address belongs to; null: no pod on the pod network has it.</summary>
    public PolicyPod? FindPod(IPAddr address)
    {
        PolicyPod? owner = null;
        foreach (var pod in objects.Pods.Values)
        {
            if (pod.IsOnNetwork && pod.Addresses.Contains(address) && (owner is null || pod.OwnsBefore(owner)))
                owner = pod;
        }

        return owner;
    }

    private bool IsNodeOf(PolicyPod pod, IPAddr address) => nodes is not null && nodes.GetValueOrDefault(address) == pod.NodeName;

    private static PolicyVerdict Exempt(string why, PolicyPod? source, PolicyPod? destination) =>
        new(new DirectionVerdict { Subject = source, Exemption = why }, new DirectionVerdict { Subject = destination, Exemption = why });

    private DirectionVerdict Judge(PolicyDirection direction, PolicyPod? subject, PolicyPod? peer, Connection connection)
    {
        if (subject is null)
            return new DirectionVerdict();
        var ends = (subject, peer);
        var first = JudgeTier(PolicyTier.Admin, direction, ends, connection);
        if (first is { Action: not RuleAction.Pass })
            return new DirectionVerdict { Subject = subject, Admin = first };
        var isolating = Isolating(subject, direction).ToList();
        return new DirectionVerdict
        {
            Subject = subject,
            Admin = first,
            Isolating = isolating.Select(static policy => policy.Name).ToValueArray(),
            Allowing = isolating
                .Where(policy => policy.Rules(direction)!.Value.Any(rule => Matches(rule, direction, ends, connection)))
                .Select(static policy => policy.Name)
                .ToValueArray(),
            // NetworkPolicy always answers for pods that it isolates.
            Baseline = isolating.Count > 0 ? null : JudgeTier(PolicyTier.Baseline, direction, ends, connection),
        };
    }

    // The first rule of the first policy that matches answers for its tier.
    private ClusterVerdict? JudgeTier(
        PolicyTier tier,
        PolicyDirection direction,
        (PolicyPod Subject, PolicyPod? Peer) ends,
        Connection connection
    )
    {
        foreach (var policy in Selecting(ends.Subject, tier, direction))
        {
            var rules = policy.Rules(direction);
            for (var i = 0; i < rules.Count; i++)
            {
                if (Matches(rules[i].Matches, direction, ends, connection))
                    return new ClusterVerdict(policy, rules[i].Action, NameOf(rules[i], i));
            }
        }

        return null;
    }

    private static string NameOf(ClusterRule rule, int index) =>
        rule.Name.Length > 0
            ? $"rule {DocumentNode.Quote(rule.Name)}"
            : string.Create(System.Globalization.CultureInfo.InvariantCulture, $"rule {index + 1}");

    /// <summary>The cluster policies of a tier with rules for a pod in a direction, in the order in which they are asked.</summary>
    public IEnumerable<ClusterPolicy> Selecting(PolicyPod pod, PolicyTier tier, PolicyDirection direction) =>
        objects
            .ClusterPolicies.Values.Where(policy =>
                policy.Tier == tier && policy.Rules(direction).Count > 0 && policy.Selects(pod, HomeOf(pod))
            )
            .Order(ClusterPolicy.Order);

    private PolicyNamespace? HomeOf(PolicyPod pod) => objects.Namespaces.GetValueOrDefault(pod.Name.Namespace);

    private IEnumerable<NetworkPolicy> Isolating(PolicyPod pod, PolicyDirection direction) =>
        pod.IsClosed
            ? [NetworkPolicy.OfClosedPod(pod.Name.Namespace)]
            : objects
                .Policies.Values.Where(policy =>
                    policy.Name.Namespace == pod.Name.Namespace
                    && policy.Rules(direction) is not null
                    && policy.PodSelector.Matches(pod.Labels)
                )
                .OrderBy(static policy => policy.Name, ObjectName.Order);

    private bool Matches(PolicyRule rule, PolicyDirection direction, (PolicyPod Subject, PolicyPod? Peer) ends, Connection connection)
    {
        var peers = rule.Peers.Count == 0 ? [null] : rule.Peers.Select(static peer => (PolicyPeer?)peer).ToList();
        var ports = rule.Ports.Count == 0 ? [null] : rule.Ports.Select(static port => (PolicyPort?)port).ToList();
        var other = direction == PolicyDirection.Ingress ? connection.Source : connection.Destination;
        var destination = direction == PolicyDirection.Ingress ? ends.Subject : ends.Peer;
        return peers.Exists(peer =>
            (peer is null || IsPeer(peer, ends.Peer, other))
            && ports.Exists(port => port is not { } given || IsPort(given, IsOutside(peer, direction) ? null : destination, connection))
        );
    }

    // Behind a block of addresses, or on a node, there is no pod to ask what a name means.
    private static bool IsOutside(PolicyPeer? peer, PolicyDirection direction) =>
        direction == PolicyDirection.Egress && peer is { Block: not null } or { Nodes: not null };

    private bool IsPeer(PolicyPeer peer, PolicyPod? pod, IPAddr address) =>
        peer.Block is { } block ? block.Contains(address)
        : peer.Nodes is { } selector ? objects.Nodes.Values.Any(node => node.Addresses.Contains(address) && selector.Matches(node.Labels))
        : pod is not null && peer.Pods is { } pods && pods.Matches(pod, HomeOf(pod));

    private static bool IsPort(PolicyPort port, PolicyPod? destination, Connection connection)
    {
        if ((byte)port.Protocol != connection.Protocol)
            return false;
        return port.Name is { } name
            ? destination is not null && destination.Ports.Contains(new NamedPort(name, port.Protocol, connection.Port))
            : connection.Port >= port.First && connection.Port <= port.Last;
    }
}
