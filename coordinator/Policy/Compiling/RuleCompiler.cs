using System.Globalization;
using Plugboard.Coordinator.Policy.Objects;

namespace Plugboard.Coordinator.Policy.Compiling;

/// <summary>Compiles the rules of policies in one direction: of each, the kinds of peers times the kinds of ports.</summary>
/// <param name="sets">The sets.</param>
/// <param name="direction">The direction.</param>
/// <param name="delta">Gets the sets that come.</param>
internal sealed class RuleCompiler(SetRegistry sets, PolicyDirection direction, DeltaRecorder delta)
{
    private static readonly bool[] families = [false, true];

    private readonly List<SetResource> needs = [];

    /// <summary>The sets that the compiled steps need.</summary>
    public IReadOnlyList<SetResource> Needs => needs;

    /// <summary>The steps of cluster policies of one tier, in the order in which they are asked.</summary>
    public IReadOnlyList<PolicyStep> Compile(IReadOnlyList<ClusterPolicy> policies)
    {
        var steps = new List<PolicyStep>();
        foreach (var policy in policies)
        {
            var rules = policy.Rules(direction);
            for (var i = 0; i < rules.Count; i++)
            {
                var name = string.Create(CultureInfo.InvariantCulture, $"{policy.Name} {i + 1}");
                steps.AddRange(Compile(rules[i].Matches).Distinct().Select(step => step with { Action = rules[i].Action, Rule = name }));
                // No packet goes further.
                if (steps.Count > 0 && steps[^1].IsForAll)
                    return steps;
            }
        }

        return steps;
    }

    /// <summary>The steps of a rule, each of which accepts.</summary>
    public IReadOnlyList<PolicyStep> Compile(PolicyRule rule)
    {
        var pods = rule.Peers.Select(static peer => peer.Pods).OfType<PodPeer>().Distinct().ToList();
        var nodes = rule.Peers.Select(static peer => peer.Nodes).OfType<LabelSelector>().Distinct().ToList();
        var blocks = Array.ConvertAll(
            families,
            is6 => AddressRanges.Of(rule.Peers.Select(static peer => peer.Block).OfType<IpBlock>(), is6)
        );
        var isOfAll = rule.Peers.Count == 0;
        // Sets that no step needs must not be made.
        if (!isOfAll && pods.Count + nodes.Count == 0 && !Array.Exists(blocks, static ranges => ranges.Count > 0))
            return [];
        // Behind a block of addresses, or on a node, there is no pod to ask what a name means.
        var asksPods = direction == PolicyDirection.Ingress || isOfAll || pods.Count > 0;
        var ports = CompilePorts(rule, asksPods);
        var steps = new List<PolicyStep>(isOfAll ? ports : []);
        foreach (var selector in pods.Select(peer => Need(sets.Selector(peer, delta))))
        {
            foreach (var is6 in families)
                steps.AddRange(In(ports, selector.Of(is6)));
        }

        var withoutNames =
            direction == PolicyDirection.Egress ? ports.FindAll(static port => port.Ports?.Kind != PolicySetKind.NamedPorts) : ports;
        if (withoutNames.Count > 0)
            steps.AddRange(
                nodes.Select(node => Need(sets.Nodes(node, delta))).SelectMany(node => node.Sets.SelectMany(set => In(withoutNames, set)))
            );
        foreach (var is6 in families)
        {
            if (blocks[is6 ? 1 : 0] is { Count: > 0 } ranges && withoutNames.Count > 0)
                steps.AddRange(In(withoutNames, Need(sets.Fixed(FixedSet.OfBlocks(ranges, is6), delta)).Set));
        }

        return steps;
    }

    private static IEnumerable<PolicyStep> In(IEnumerable<PolicyStep> ports, PolicySet peers) =>
        ports.Where(port => port.Is6 is not { } is6 || is6 == peers.Is6).Select(port => port with { Is6 = peers.Is6, Peers = peers });

    // Without ports, one step for any packet; else one for all numbers, and one for each name and family.
    private List<PolicyStep> CompilePorts(PolicyRule rule, bool asksPods)
    {
        if (rule.Ports.Count == 0)
            return [new PolicyStep()];
        var steps = new List<PolicyStep>();
        if (PortSpans.Of(rule.Ports) is { Count: > 0 } ranges)
            steps.Add(new PolicyStep { Ports = Need(sets.Fixed(FixedSet.OfPorts(ranges), delta)).Set });
        foreach (var port in rule.Ports.Where(port => asksPods && port.Name is not null).Distinct())
        {
            var named = Need(sets.Named(port.Name!, port.Protocol, direction == PolicyDirection.Ingress, delta));
            foreach (var is6 in families)
                steps.Add(new PolicyStep { Is6 = is6, Ports = named.Of(is6) });
        }

        return steps;
    }

    private T Need<T>(T resource)
        where T : SetResource
    {
        needs.Add(resource);
        return resource;
    }
}
