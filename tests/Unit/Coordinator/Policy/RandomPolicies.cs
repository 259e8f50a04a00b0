using Plugboard.Addresses;
using Plugboard.Coordinator.Policy.Judging;
using Plugboard.Coordinator.Policy.Objects;
using Plugboard.Firewall.Ports;
using Plugboard.Linux;

namespace Plugboard.Tests.Unit.Coordinator.Policy;

/// <summary>Random objects from few names, labels, ports and addresses, so that they meet often, also where they should not.</summary>
internal sealed class RandomPolicies(int seed, bool hasClusterPolicies = false)
{
    private static readonly string[] homes = ["x", "y", "z"];
    private static readonly string[] names = ["a", "b", "c", "d"];
    private static readonly string[] keys = ["app", "tier"];
    private static readonly string[] values = ["1", "2", ""];
    private static readonly string[] portNames = ["web", "dns"];
    private static readonly PortProtocol[] protocols = [PortProtocol.Tcp, PortProtocol.Udp, PortProtocol.Sctp];
    private static readonly string[] clusterNames = ["k", "l", "m", "n"];
    private static readonly string[] nodeNames = ["n1", "n2", "n3"];
    private static readonly int[] priorities = [0, 1, 2];
    private static readonly RuleAction[] actions = Enum.GetValues<RuleAction>();
    private static readonly LabelOperator[] operators = Enum.GetValues<LabelOperator>();

#pragma warning disable CA5394 // A test repeats by its seed.
    private readonly Random random = new(seed);

    public Dictionary<ObjectName, PolicyPod> Pods { get; } = [];

    public Dictionary<string, PolicyNamespace> Namespaces { get; } = new(StringComparer.Ordinal);

    public Dictionary<ObjectName, NetworkPolicy> Policies { get; } = [];

    public Dictionary<string, ClusterPolicy> ClusterPolicies { get; } = new(StringComparer.Ordinal);

    public Dictionary<string, PolicyNode> Nodes { get; } = new(StringComparer.Ordinal);

    public PolicyObjects Objects => PolicyObjects.Of(Pods.Values, Namespaces.Values, Policies.Values, ClusterPolicies.Values, Nodes.Values);

    /// <summary>Changes, adds or removes an object.</summary>
    public void Step()
    {
        if (hasClusterPolicies && Chance(6))
            StepNode();
        var home = One(homes);
        var name = new ObjectName(home, One(names));
        if (hasClusterPolicies && Chance(3))
        {
            var cluster = One(clusterNames);
            if (Chance(4))
                ClusterPolicies.Remove(cluster);
            else
                ClusterPolicies[cluster] = ClusterPolicy(cluster);
            return;
        }

        switch (random.Next(10))
        {
            case 0:
                Pods.Remove(name);
                break;
            case 1 or 2 or 3:
                Pods[name] = Pod(name);
                break;
            case 4:
                Namespaces.Remove(home);
                break;
            case 5:
                Namespaces[home] = new PolicyNamespace(home, SomeLabels());
                break;
            case 6:
                Policies.Remove(name);
                break;
            default:
                Policies[name] = Policy(name);
                break;
        }
    }

    private void StepNode()
    {
        var node = One(nodeNames);
        if (Chance(4))
            Nodes.Remove(node);
        else
            Nodes[node] = new PolicyNode(node, SomeLabels(), Some(3, () => Address(Chance(3))).Distinct().ToValueArray());
    }

    public Connection Connection()
    {
        var is6 = Chance(3);
        return new Connection(Address(is6), Address(is6), random.Next(7) == 0 ? (byte)(is6 ? 58 : 1) : (byte)One(protocols), Port());
    }

    private PolicyPod Pod(ObjectName name) =>
        new()
        {
            Name = name,
            Labels = SomeLabels(),
            Addresses = random.Next(5) switch
            {
                0 => [],
                1 => [Address(is6: false)],
                2 => [Address(is6: true)],
                _ => [Address(is6: false), Address(is6: true)],
            },
            NodeName = Chance(2) ? "n1" : "n2",
            IsHostNetwork = Chance(10),
            IsFinished = Chance(10),
            IsLeaving = Chance(5),
            IsClosed = Chance(12),
            CreatedAt = DateTimeOffset.UnixEpoch.AddSeconds(random.Next(3)),
            Ports = Some(2, () => new NamedPort(One(portNames), One(protocols), Port())).Distinct().ToValueArray(),
        };

    private NetworkPolicy Policy(ObjectName name)
    {
        var (ingress, egress) = random.Next(3) switch
        {
            0 => (true, false),
            1 => (false, true),
            _ => (true, true),
        };
        return new NetworkPolicy
        {
            Name = name,
            PodSelector = Selector(),
            Ingress = ingress ? Rules(name.Namespace) : null,
            Egress = egress ? Rules(name.Namespace) : null,
        };
    }

    private ClusterPolicy ClusterPolicy(string name) =>
        new()
        {
            Name = name,
            Tier = Chance(2) ? PolicyTier.Admin : PolicyTier.Baseline,
            Priority = One(priorities),
            Subject = new PodPeer(null, Selector(), Selector()),
            Ingress = ClusterRules(ClusterPeer),
            Egress = ClusterRules(() => Chance(4) ? new PolicyPeer { Nodes = Selector() } : ClusterPeer()),
        };

    private ValueArray<ClusterRule> ClusterRules(Func<PolicyPeer> peer) =>
        Some(
                3,
                () =>
                    Chance(8)
                        ? ClusterRule.DenyAll("")
                        : new ClusterRule("", One(actions), new PolicyRule([peer(), .. Some(1, peer)], Some(2, PolicyPort).ToValueArray()))
            )
            .ToValueArray();

    private PolicyPeer ClusterPeer() =>
        Chance(3)
            ? new PolicyPeer { Block = new IpBlock(Block().Cidr, []) }
            : new PolicyPeer { Pods = new PodPeer(null, Selector(), Selector()) };

    private ValueArray<PolicyRule> Rules(string home) =>
        Some(2, () => new PolicyRule(Some(2, () => Peer(home)).ToValueArray(), Some(2, PolicyPort).ToValueArray())).ToValueArray();

    private PolicyPeer Peer(string home)
    {
        if (Chance(12))
            return new PolicyPeer();
        if (Chance(3))
            return new PolicyPeer { Block = Block() };
        return new PolicyPeer
        {
            Pods = Chance(2) ? new PodPeer(home, LabelSelector.Everything, Selector()) : new PodPeer(null, Selector(), Selector()),
        };
    }

    private IpBlock Block()
    {
        var is6 = Chance(3);
        var whole = is6 ? 128 : 32;
        var cidr = new IPPrefix(Address(is6), whole - random.Next(5)).Network;
        var parts = Some(2, () => new IPPrefix(Address(is6), Math.Min(whole, cidr.Length + 1 + random.Next(3))).Network);
        return new IpBlock(cidr, parts.Where(part => part.Length > cidr.Length && cidr.Contains(part.Address)).ToValueArray());
    }

    private PolicyPort PolicyPort()
    {
        var protocol = One(protocols);
        var port = Port();
        return random.Next(4) switch
        {
            0 => new PolicyPort(protocol, One(portNames), 0, 0),
            1 => new PolicyPort(protocol, null, 0, ushort.MaxValue),
            2 => new PolicyPort(protocol, null, port, (ushort)(port + random.Next(3))),
            _ => new PolicyPort(protocol, null, port, port),
        };
    }

    private LabelSelector Selector() =>
        LabelSelector.Of(
            Some(
                2,
                () =>
                {
                    var what = One(operators);
                    return what is LabelOperator.In or LabelOperator.NotIn
                        ? LabelRequirement.Of(One(keys), what, Chance(2) ? [One(values)] : [One(values), One(values)])
                        : LabelRequirement.Of(One(keys), what);
                }
            )
        );

    private Labels SomeLabels() => Labels.Of(Some(2, () => new Label(One(keys), One(values))));

    private IPAddr Address(bool is6) => is6 ? IPAddr.Parse($"fd00::{random.Next(1, 15):x}") : IPAddr.Parse($"10.0.0.{random.Next(1, 15)}");

    private ushort Port() => (ushort)random.Next(80, 84);

    private bool Chance(int of) => random.Next(of) == 0;

    private T One<T>(T[] of) => of[random.Next(of.Length)];

    private List<T> Some<T>(int most, Func<T> make) => [.. Enumerable.Range(0, random.Next(most + 1)).Select(_ => make())];
#pragma warning restore CA5394
}
