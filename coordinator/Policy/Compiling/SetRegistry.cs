using Plugboard.Addresses;
using Plugboard.Coordinator.Policy.Objects;
using Plugboard.Firewall.Ports;

namespace Plugboard.Coordinator.Policy.Compiling;

/// <summary>
/// The sets that rules need, each once. A selector is found by a label that its pods must have, so a pod costs the selectors that may
/// select it, not all of them.
/// </summary>
/// <param name="pods">The pods that are compiled already; the sets that come get their elements.</param>
/// <param name="namespaces">The namespaces.</param>
/// <param name="nodes">The nodes.</param>
internal sealed class SetRegistry(
    PodIndex pods,
    IReadOnlyDictionary<string, PolicyNamespace> namespaces,
    IReadOnlyDictionary<string, PolicyNode> nodes
)
{
    private readonly Dictionary<PodPeer, PeerSelector> selectors = [];
    private readonly Dictionary<Anchor, List<PeerSelector>> anchored = [];
    private readonly Dictionary<LabelSelector, NodeSelector> nodeSelectors = [];
    private readonly Dictionary<(string Name, PortProtocol Protocol, bool IsLocal), NamedPorts> named = [];
    private readonly Dictionary<string, FixedSet> others = new(StringComparer.Ordinal);

    /// <summary>How many selectors there are.</summary>
    public int SelectorCount => selectors.Count + nodeSelectors.Count;

    /// <summary>All sets of rules.</summary>
    public IEnumerable<SetResource> All =>
        ((IEnumerable<SetResource>)selectors.Values).Concat(nodeSelectors.Values).Concat(named.Values).Concat(others.Values);

    /// <summary>The sets of a selector.</summary>
    public PeerSelector Selector(PodPeer peer, DeltaRecorder delta)
    {
        if (selectors.TryGetValue(peer, out var known))
            return known;
        var selector = new PeerSelector(peer);
        selectors.Add(peer, selector);
        foreach (var anchor in Anchor.Of(peer))
        {
            if (!anchored.TryGetValue(anchor, out var list))
                anchored[anchor] = list = [];
            list.Add(selector);
        }

        AddSets(selector, delta);
        foreach (var pod in pods.CompiledIn(peer.Namespace))
        {
            if (!peer.Matches(pod.Pod, HomeOf(pod)))
                continue;
            pod.Peers.Add(selector);
            AddElements(pod.ElementsOf(selector), delta);
        }

        return selector;
    }

    /// <summary>The sets of a selector of nodes.</summary>
    public NodeSelector Nodes(LabelSelector wanted, DeltaRecorder delta)
    {
        if (nodeSelectors.TryGetValue(wanted, out var known))
            return known;
        var selector = new NodeSelector(wanted) { Addresses = AddressesOf(wanted) };
        nodeSelectors.Add(wanted, selector);
        AddSets(selector, delta);
        AddElements(selector.Elements, delta);
        return selector;
    }

    /// <summary>Nodes came, changed or went.</summary>
    public void RefreshNodes(DeltaRecorder delta)
    {
        foreach (var selector in nodeSelectors.Values)
        {
            var (before, after) = (selector.Addresses, AddressesOf(selector.Selector));
            selector.Addresses = after;
            foreach (var element in selector.ElementsOf(before.Except(after)))
                delta.Remove(element);
            AddElements(selector.ElementsOf(after.Except(before)), delta);
        }
    }

    private HashSet<IPAddr> AddressesOf(LabelSelector selector) =>
        nodes.Values.Where(node => selector.Matches(node.Labels)).SelectMany(static node => node.Addresses).ToHashSet();

    /// <summary>The sets of a port's name.</summary>
    public NamedPorts Named(string name, PortProtocol protocol, bool isLocal, DeltaRecorder delta)
    {
        if (named.TryGetValue((name, protocol, isLocal), out var known))
            return known;
        var ports = new NamedPorts(name, protocol, isLocal);
        named.Add((name, protocol, isLocal), ports);
        AddSets(ports, delta);
        foreach (var pod in pods.Compiled)
        {
            if (!pod.Has(ports))
                continue;
            pod.Named.Add(ports);
            AddElements(pod.ElementsOf(ports), delta);
        }

        return ports;
    }

    /// <summary>A set that depends on a policy alone.</summary>
    public FixedSet Fixed(FixedSet wanted, DeltaRecorder delta)
    {
        if (others.TryGetValue(wanted.Set.Name, out var known))
            return known;
        others.Add(wanted.Set.Name, wanted);
        AddSets(wanted, delta);
        AddElements(wanted.Elements.Select(element => (wanted.Set, element, "")), delta);
        return wanted;
    }

    private static void AddSets(SetResource resource, DeltaRecorder delta)
    {
        foreach (var set in resource.Sets)
            delta.Add(set);
    }

    private static void AddElements(IEnumerable<(PolicySet Set, PolicyElement Element, string Chain)> elements, DeltaRecorder delta)
    {
        foreach (var element in elements)
            delta.Add(element);
    }

    private PolicyNamespace? HomeOf(CompiledPod pod) => namespaces.GetValueOrDefault(pod.Pod.Name.Namespace);

    /// <summary>Finds the sets that a pod belongs into.</summary>
    public void Fill(CompiledPod pod)
    {
        foreach (var anchor in Anchor.Of(pod.Pod))
        {
            if (anchored.TryGetValue(anchor, out var list))
                pod.Peers.AddRange(list.Where(selector => selector.Peer.Matches(pod.Pod, HomeOf(pod))));
        }

        foreach (var (name, protocol) in pod.Pod.Ports.Select(static port => (port.Name, port.Protocol)).Distinct())
        {
            if (pod.IsLocal && named.TryGetValue((name, protocol, true), out var own))
                pod.Named.Add(own);
            if (named.TryGetValue((name, protocol, false), out var all))
                pod.Named.Add(all);
        }
    }

    /// <summary>Gives back what a chain needed; sets that no chain needs go.</summary>
    public void Release(SetResource resource, DeltaRecorder delta)
    {
        if (--resource.References > 0)
            return;
        foreach (var set in resource.Sets)
            delta.Remove(set);
        switch (resource)
        {
            case PeerSelector selector:
                selectors.Remove(selector.Peer);
                foreach (var anchor in Anchor.Of(selector.Peer))
                {
                    if (anchored[anchor].Remove(selector) && anchored[anchor].Count == 0)
                        anchored.Remove(anchor);
                }

                foreach (var pod in pods.CompiledIn(selector.Peer.Namespace))
                    pod.Peers.Remove(selector);
                break;
            case NodeSelector selector:
                nodeSelectors.Remove(selector.Selector);
                break;
            case NamedPorts ports:
                named.Remove((ports.Name, ports.Protocol, ports.IsLocal));
                foreach (var pod in pods.Compiled)
                    pod.Named.Remove(ports);
                break;
            case FixedSet other:
                others.Remove(other.Set.Name);
                break;
        }
    }

    // Where a selector is looked for: under a label that all its pods have, in its namespace; "" is any.
    private readonly record struct Anchor(string Namespace, string Key, string Value)
    {
        // A value of a label cannot be this.
        private const string AnyValue = "*";

        public static IEnumerable<Anchor> Of(PodPeer peer)
        {
            var home = peer.Namespace ?? "";
            if (peer.Pods.Requirements.FirstOrDefault(static each => each.Operator == LabelOperator.In) is { } one)
                return one.Values.Select(value => new Anchor(home, one.Key, value));
            return peer.Pods.Requirements.FirstOrDefault(static each => each.Operator == LabelOperator.Exists) is { } present
                ? [new Anchor(home, present.Key, AnyValue)]
                : [new Anchor(home, "", AnyValue)];
        }

        public static IEnumerable<Anchor> Of(PolicyPod pod)
        {
            foreach (var home in new[] { pod.Name.Namespace, "" })
            {
                yield return new Anchor(home, "", AnyValue);
                foreach (var (key, value) in pod.Labels.All)
                {
                    yield return new Anchor(home, key, value);
                    yield return new Anchor(home, key, AnyValue);
                }
            }
        }
    }
}
