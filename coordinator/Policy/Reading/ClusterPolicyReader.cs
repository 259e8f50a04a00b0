using System.Globalization;
using Plugboard.Addresses;
using Plugboard.Coordinator.Policy.Objects;
using Plugboard.Documents;
using Plugboard.Firewall.Ports;
using Plugboard.Linux;

namespace Plugboard.Coordinator.Policy.Reading;

/// <summary>
/// Reads a ClusterNetworkPolicy of policy.networking.k8s.io, v1alpha2 or v1beta1. What its spec may not have is refused, and what is not
/// enforced here: peers by <c>domainNames</c>. Pure.
/// </summary>
/// <param name="limits">What it may have at most.</param>
internal sealed class ClusterPolicyReader(PolicyLimits limits)
{
    private const int HighestPriority = 1000;
    private const int LongestRuleName = 100;

    private static readonly string[] specKeys = ["tier", "priority", "subject", "ingress", "egress"];
    private static readonly string[] podKeys = ["namespaceSelector", "podSelector"];
    private static readonly string[] subjectKeys = ["namespaces", "pods"];
    private static readonly string[] ingressKeys = ["from", "action", "name", "protocols"];
    private static readonly string[] egressKeys = ["to", "action", "name", "protocols"];
    private static readonly string[] ingressPeerKeys = ["namespaces", "pods"];
    private static readonly string[] egressPeerKeys = ["namespaces", "pods", "nodes", "networks"];
    private const string UnenforcedPeerKey = "domainNames";
    private static readonly string[] protocolKeys = ["tcp", "udp", "sctp", "destinationNamedPort"];
    private static readonly string[] protocolFields = ["destinationPort"];
    private static readonly string[] portKeys = ["number", "range"];
    private static readonly string[] rangeKeys = ["start", "end"];
    private static readonly string[] versions = ["policy.networking.k8s.io/v1alpha2", "policy.networking.k8s.io/v1beta1"];
    private static readonly PortProtocol[] protocols = [PortProtocol.Tcp, PortProtocol.Udp, PortProtocol.Sctp];

    private readonly ObjectFields fields = new(limits);

    /// <summary>The policy.</summary>
    /// <exception cref="DocumentException">It is invalid, or has what is not enforced: with the line and the reason.</exception>
    public ClusterPolicy Read(DocumentNode document)
    {
        var name = ReadName(document);
        // The API says what it serves by the path; other groups have kinds of this name.
        if (document.Find("apiVersion") is { } version && !versions.Contains(version.AsText(), StringComparer.Ordinal))
            throw version.Refused($"{version.Quoted} is not {string.Join(" or ", versions)}");
        var spec = document.Find("spec") ?? throw document.Error($"cluster policy {name} has no spec");
        spec.AsMap().RequireKnown(specKeys, isExact: true);
        return new ClusterPolicy
        {
            Name = name,
            Tier = ReadTier(spec),
            Priority = ReadPriority(spec),
            Subject = ReadSubject(spec),
            Ingress = ReadRules(spec, PolicyDirection.Ingress),
            Egress = ReadRules(spec, PolicyDirection.Egress),
        };
    }

    private static string ReadName(DocumentNode document) =>
        ObjectFields.ReadName(document.Find("metadata") ?? throw document.Error("the policy has no metadata"));

    private static PolicyTier ReadTier(DocumentNode spec)
    {
        var node = spec.Find("tier") ?? throw spec.Error("the spec has no tier: Admin or Baseline");
        return ReadWord<PolicyTier>(node);
    }

    private static T ReadWord<T>(DocumentNode node)
        where T : struct, Enum
    {
        var names = Enum.GetNames<T>();
        var place = Array.IndexOf(names, node.AsText());
        return place >= 0
            ? Enum.GetValues<T>()[place]
            : throw node.Refused($"{node.Quoted} is not {string.Join(" or ", names)}{Spelling.Hint(node.Text, names)}");
    }

    private static int ReadPriority(DocumentNode spec)
    {
        var node = spec.Find("priority") ?? throw spec.Error("the spec has no priority");
        return node.AsInteger(0, HighestPriority);
    }

    private PodPeer ReadSubject(DocumentNode spec)
    {
        var node = spec.Find("subject") ?? throw spec.Error("the spec has no subject; for all pods write subject: {namespaces: {}}");
        node.AsMap().RequireKnown(subjectKeys, isExact: true);
        return ReadPods(OnlyOf(node, subjectKeys));
    }

    // Exactly one: what is newer than the served version is seen as none.
    private static DocumentNode OnlyOf(DocumentNode node, string[] keys)
    {
        DocumentNode? found = null;
        foreach (var key in keys)
        {
            if (node.Find(key) is not { } value)
                continue;
            if (found is not null)
                throw node.Refused($"has {found.Name} and {value.Name}; only one is possible");
            found = value;
        }

        return found ?? throw node.Refused($"needs {string.Join(" or ", keys)}");
    }

    private PodPeer ReadPods(DocumentNode node)
    {
        if (!node.Name.Equals("pods", StringComparison.OrdinalIgnoreCase))
            return new PodPeer(null, fields.ReadSelector(node), LabelSelector.Everything);
        node.AsMap().RequireKnown(podKeys, isExact: true);
        var pods = node.Find("podSelector") ?? throw node.Refused("has no podSelector; for all pods write podSelector: {}");
        var namespaces = node.Find("namespaceSelector");
        return new PodPeer(
            null,
            namespaces is null ? LabelSelector.Everything : fields.ReadSelector(namespaces),
            fields.ReadSelector(pods)
        );
    }

    private static string KeyOf(PolicyDirection direction) => direction == PolicyDirection.Ingress ? "ingress" : "egress";

    private ValueArray<ClusterRule> ReadRules(DocumentNode spec, PolicyDirection direction)
    {
        if (spec.Find(KeyOf(direction)) is not { } node)
            return [];
        ObjectFields.RequireAtMost(node.AsList(), node, limits.List);
        var rules = node.Items.Select(rule => ReadRule(rule, direction)).ToValueArray();
        RequireFewPairs(rules, node);
        return rules;
    }

    private void RequireFewPairs(IEnumerable<ClusterRule> rules, DocumentNode node)
    {
        var pairs = rules.Sum(static rule =>
            Math.Max(1, rule.Matches.Peers.Count) * (1 + rule.Matches.Ports.Count(static port => port.Name is not null))
        );
        if (pairs > limits.Pairs)
            throw node.Refused(
                string.Create(CultureInfo.InvariantCulture, $"has {pairs} pairs of peers and named ports: {limits.Pairs} is the limit")
            );
    }

    private ClusterRule ReadRule(DocumentNode node, PolicyDirection direction)
    {
        var keys = direction == PolicyDirection.Ingress ? ingressKeys : egressKeys;
        node.AsMap().RequireKnown(keys, isExact: true);
        var action = ReadAction(node);
        var name = node.Find("name");
        if (name is not null && name.AsText().Length > LongestRuleName)
            throw name.Refused(string.Create(CultureInfo.InvariantCulture, $"has more than {LongestRuleName} letters"));
        var peers = node.Find(keys[0]) ?? throw node.Refused($"has no {keys[0]}; for all pods write {keys[0]}: [{{namespaces: {{}}}}]");
        var ports = node.Find("protocols");
        var matches = new PolicyRule(
            ReadList(peers).SelectMany(peer => ReadPeers(peer, direction)).ToValueArray(),
            ports is null ? [] : ReadList(ports).SelectMany(ReadProtocol).ToValueArray()
        );
        if (matches.Ports.Any(static port => port.Name is not null) && matches.Peers.Any(static peer => peer.Pods is null))
            throw node.Refused("has networks or nodes and a destinationNamedPort: only pods' ports have names; write two rules");
        return new ClusterRule(name?.Text ?? "", action, matches);
    }

    private static RuleAction ReadAction(DocumentNode rule) =>
        ReadWord<RuleAction>(rule.Find("action") ?? throw rule.Refused("has no action: Accept, Deny or Pass"));

    // An empty list is not the same as none.
    private IReadOnlyList<DocumentNode> ReadList(DocumentNode node)
    {
        ObjectFields.RequireAtMost(node.AsList(), node, limits.List);
        return node.Items.Count > 0 ? node.Items : throw node.Refused("is an empty list");
    }

    private IEnumerable<PolicyPeer> ReadPeers(DocumentNode node, PolicyDirection direction)
    {
        if (direction == PolicyDirection.Egress && node.AsMap().Find(UnenforcedPeerKey) is { } peer)
            throw peer.Refused("is a kind of peer that is not enforced here");
        var keys = direction == PolicyDirection.Ingress ? ingressPeerKeys : egressPeerKeys;
        node.AsMap().RequireKnown(keys, isExact: true);
        var only = OnlyOf(node, keys);
        return only.Name.ToUpperInvariant() switch
        {
            "NETWORKS" => ReadList(only).Select(static network => new PolicyPeer { Block = ReadNetwork(network) }),
            "NODES" => [new PolicyPeer { Nodes = fields.ReadSelector(only) }],
            _ => [new PolicyPeer { Pods = ReadPods(only) }],
        };
    }

    // Host bits may be set: the API allows it.
    private static IpBlock ReadNetwork(DocumentNode node) =>
        IPPrefix.TryParse(node.AsText(), out var prefix)
            ? new IpBlock(prefix.Network, [])
            : throw node.Refused($"{node.Quoted} is not a network");

    private static IEnumerable<PolicyPort> ReadProtocol(DocumentNode node)
    {
        node.AsMap().RequireKnown(protocolKeys, isExact: true);
        var only = OnlyOf(node, protocolKeys);
        var place = Array.FindIndex(protocolKeys, key => key.Equals(only.Name, StringComparison.OrdinalIgnoreCase));
        // A name is of any protocol.
        if (place == protocols.Length)
        {
            var name = NetworkPolicyReader.ReadPortName(only);
            return protocols.Select(protocol => new PolicyPort(protocol, name, 0, 0));
        }

        only.AsMap().RequireKnown(protocolFields, isExact: true);
        var port = only.Find("destinationPort") ?? throw only.Refused("has no destinationPort; for all ports write the range 1 to 65535");
        port.AsMap().RequireKnown(portKeys, isExact: true);
        var which = OnlyOf(port, portKeys);
        if (which.Name.Equals("number", StringComparison.OrdinalIgnoreCase))
        {
            var number = (ushort)which.AsInteger(1, ushort.MaxValue);
            return [new PolicyPort(protocols[place], null, number, number)];
        }

        which.AsMap().RequireKnown(rangeKeys, isExact: true);
        var start = which.Find("start") ?? throw which.Refused("has no start");
        var end = which.Find("end") ?? throw which.Refused("has no end");
        var first = start.AsInteger(1, ushort.MaxValue);
        return [new PolicyPort(protocols[place], null, (ushort)first, (ushort)end.AsInteger(first + 1, ushort.MaxValue))];
    }

    /// <summary>
    /// What a refused policy is worth, as the API says: an Accept rule that cannot be read matches nothing, a Deny or Pass rule that cannot
    /// be read denies everything. If tier, priority or subject cannot be read, or the spec has an unknown field, its Deny rules alone are
    /// in force: before all others, and for all pods if it is the subject.
    /// </summary>
    /// <exception cref="DocumentException">It has no valid name.</exception>
    public ClusterPolicy ReadClosed(DocumentNode document)
    {
        var name = ReadName(document);
        var spec = document.Find("spec") ?? new DocumentNode { Kind = DocumentKind.Map, Line = document.Line };
        var isWhole = true;
        var policy = new ClusterPolicy
        {
            Name = name,
            Tier = Else(() => ReadTier(spec), PolicyTier.Admin, ref isWhole),
            Priority = Else(() => ReadPriority(spec), 0, ref isWhole),
            Subject = Else(() => ReadSubject(spec), new PodPeer(null, LabelSelector.Everything, LabelSelector.Everything), ref isWhole),
        };
        _ = Else(
            () =>
            {
                spec.AsMap().RequireKnown(specKeys, isExact: true);
                return true;
            },
            false,
            ref isWhole
        );
        return policy with
        {
            Ingress = ReadClosedRules(spec, PolicyDirection.Ingress, isWhole),
            Egress = ReadClosedRules(spec, PolicyDirection.Egress, isWhole),
        };
    }

    private ValueArray<ClusterRule> ReadClosedRules(DocumentNode spec, PolicyDirection direction, bool isWhole)
    {
        if (spec.Find(KeyOf(direction)) is not { } node)
            return [];
        try
        {
            ObjectFields.RequireAtMost(node.AsList(), node, limits.List);
            var rules = node
                .Items.Select(rule => ReadClosedRule(rule, direction))
                .OfType<ClusterRule>()
                .Where(rule => isWhole || rule.Action == RuleAction.Deny)
                .ToValueArray();
            RequireFewPairs(rules, node);
            return rules;
        }
        catch (DocumentException)
        {
            return [ClusterRule.DenyAll("")];
        }
    }

    private ClusterRule? ReadClosedRule(DocumentNode node, PolicyDirection direction)
    {
        try
        {
            return ReadRule(node, direction);
        }
        catch (DocumentException)
        {
            var isWhole = true;
            return Else(() => ReadAction(node), RuleAction.Deny, ref isWhole) == RuleAction.Accept ? null : ClusterRule.DenyAll("");
        }
    }

    private static T Else<T>(Func<T> read, T otherwise, ref bool isWhole)
    {
        try
        {
            return read();
        }
        catch (DocumentException)
        {
            isWhole = false;
            return otherwise;
        }
    }
}
