using Plugboard.Addresses;
using Plugboard.Coordinator.Policy.Bridging;
using Plugboard.Coordinator.Policy.Objects;
using Plugboard.Linux;

namespace Plugboard.Coordinator.Policy.Compiling;

/// <summary>
/// Compiles the policies for the pods of one node, and of later changes only what they touch: a pod the sets that may have it, a policy the
/// pods that it selects, a namespace its pods. Policies that select no pod of this node are not compiled. Pure; for one thread.
/// </summary>
internal sealed class PolicyCompiler
{
    private readonly PodIndex pods;
    private readonly Dictionary<string, PolicyNamespace> namespaces = new(StringComparer.Ordinal);
    private readonly Dictionary<string, PolicyNode> nodes = new(StringComparer.Ordinal);
    private readonly Dictionary<string, SortedDictionary<ObjectName, NetworkPolicy>> policies = new(StringComparer.Ordinal);
    private readonly ClusterPolicies clusterPolicies = new();
    private readonly SetRegistry sets;
    private readonly ChainRegistry chains;

    /// <summary>A compiler without objects.</summary>
    /// <param name="nodeName">This node's name.</param>
    public PolicyCompiler(string nodeName)
    {
        pods = new PodIndex(nodeName);
        sets = new SetRegistry(pods, namespaces, nodes);
        chains = new ChainRegistry(sets);
    }

    /// <summary>What there is now, for people and metrics.</summary>
    public PolicyFigures Figures =>
        new()
        {
            Pods = pods.Count,
            LocalPods = pods.Local.Count,
            Policies = policies.Values.Sum(static inside => inside.Count),
            ClusterPolicies = clusterPolicies.Count,
            Nodes = nodes.Count,
            PolicyChains = chains.Rules.Count,
            Profiles = chains.Profiles.Count,
            Sets = PolicySet.Fixed.Count + sets.All.Sum(static resource => resource.Sets.Count),
            Selectors = sets.SelectorCount,
        };

    /// <summary>This node's pods with policies, by name.</summary>
    public ValueArray<IsolatedPod> Isolated =>
        pods
            .Local.Order(ObjectName.Order)
            .Select(pods.FindCompiled)
            .OfType<CompiledPod>()
            .Where(static pod => pod.Egress is not null || pod.Ingress is not null)
            .Select(static pod => new IsolatedPod(pod.Pod.Name, pod.Addresses, pod.Egress is not null, pod.Ingress is not null))
            .ToValueArray();

    /// <summary>Takes changed objects; returns what that changes of the compiled rules.</summary>
    public PolicyDelta Apply(PolicyChanges changes)
    {
        var dirty = new HashSet<ObjectName>();
        pods.EnsureRoom(changes.Pods.Count);
        foreach (var (name, pod) in changes.Pods)
            Take(name, pod, dirty);
        foreach (var (address, name) in changes.Given)
            dirty.UnionWith(pods.Give(address, name));
        foreach (var (name, home) in changes.Namespaces)
            Take(name, home, dirty);
        foreach (var (name, policy) in changes.Policies)
            Take(name, policy, dirty);
        foreach (var (name, policy) in changes.ClusterPolicies)
            Take(name, policy, dirty);
        var delta = new DeltaRecorder();
        if (changes.Nodes.Count > 0)
            Take(changes.Nodes, delta);
        return Compile(dirty, delta);
    }

    /// <summary>True if one more element of a set may forbid a connection.</summary>
    public bool CanForbid(PolicySet set) => chains.CanForbid(set);

    /// <summary>True if an address is that of a pod of this node, with its policies among the compiled rules.</summary>
    public bool IsCompiled(ObjectName name, IPAddr address) =>
        pods.IsCompiled(name, address)
        // Which cluster policies are for it may depend on its namespace.
        && (clusterPolicies.Count == 0 || namespaces.ContainsKey(name.Namespace));

    private void Take(ObjectName name, PolicyPod? pod, HashSet<ObjectName> dirty)
    {
        var old = pods.Find(name);
        if (old is null ? pod is null : old.Equals(pod))
            return;
        dirty.Add(name);
        // An address may go from one pod to another.
        if (old is not null)
            dirty.UnionWith(pods.ClaimantsOf(old));
        pods.Set(name, pod);
        if (pod is not null)
            dirty.UnionWith(pods.ClaimantsOf(pod));
    }

    private void Take(string name, PolicyNamespace? home, HashSet<ObjectName> dirty)
    {
        if (namespaces.GetValueOrDefault(name) == home)
            return;
        if (home is null)
            namespaces.Remove(name);
        else
            namespaces[name] = home;
        dirty.UnionWith(pods.In(name));
    }

    private void Take(ObjectName name, NetworkPolicy? policy, HashSet<ObjectName> dirty)
    {
        if (!policies.TryGetValue(name.Namespace, out var inside))
            policies[name.Namespace] = inside = new SortedDictionary<ObjectName, NetworkPolicy>(ObjectName.Order);
        var old = inside.GetValueOrDefault(name);
        if (old != policy)
        {
            chains.Forget(name);
            foreach (var pod in pods.In(name.Namespace))
            {
                if (pods.Local.Contains(pod) && IsSelected(pods.Find(pod)!, old, policy))
                    dirty.Add(pod);
            }
        }

        if (policy is not null)
            inside[name] = policy;
        else
            inside.Remove(name);
        if (inside.Count == 0)
            policies.Remove(name.Namespace);
    }

    private void Take(string name, ClusterPolicy? policy, HashSet<ObjectName> dirty)
    {
        var old = clusterPolicies.Find(name);
        if (old == policy)
            return;
        chains.ForgetTiers();
        clusterPolicies.Set(name, policy);
        foreach (var local in pods.Local)
        {
            var (pod, home) = (pods.Find(local)!, namespaces.GetValueOrDefault(local.Namespace));
            if (old?.Selects(pod, home) == true || policy?.Selects(pod, home) == true)
                dirty.Add(local);
        }
    }

    // Whichever pods are theirs, rules ask for nodes by their addresses alone.
    private void Take(Dictionary<string, PolicyNode?> changes, DeltaRecorder delta)
    {
        foreach (var (name, node) in changes)
        {
            if (node is null)
                nodes.Remove(name);
            else
                nodes[name] = node;
        }

        sets.RefreshNodes(delta);
    }

    private static bool IsSelected(PolicyPod pod, NetworkPolicy? old, NetworkPolicy? policy) =>
        (old is not null && old.PodSelector.Matches(pod.Labels)) || (policy is not null && policy.PodSelector.Matches(pod.Labels));

    private PolicyDelta Compile(HashSet<ObjectName> dirty, DeltaRecorder delta)
    {
        var before = dirty.Select(pods.Take).OfType<CompiledPod>().ToList();
        foreach (var element in before.SelectMany(static pod => pod.Elements()))
            delta.Remove(element);
        var after = dirty.Select(pods.Begin).OfType<CompiledPod>().ToList();
        // Sets that come get the pods that are compiled; the others find these sets afterwards.
        foreach (var pod in after.Where(static pod => pod.IsLocal))
        {
            pod.Egress = chains.Acquire(Judging(pod.Pod, PolicyDirection.Egress), PolicyDirection.Egress, delta);
            pod.Ingress = chains.Acquire(Judging(pod.Pod, PolicyDirection.Ingress), PolicyDirection.Ingress, delta);
        }

        foreach (var pod in after)
        {
            sets.Fill(pod);
            foreach (var element in pod.Elements())
                delta.Add(element);
            pods.Put(pod);
        }

        foreach (var profile in before.SelectMany(static pod => new[] { pod.Egress, pod.Ingress }).OfType<ProfileChain>())
            chains.Release(profile, delta);
        return delta.Build();
    }

    private JudgingPolicies Judging(PolicyPod pod, PolicyDirection direction)
    {
        var isolating = Isolating(pod, direction);
        var home = namespaces.GetValueOrDefault(pod.Name.Namespace);
        return new JudgingPolicies(
            clusterPolicies.Selecting(pod, home, (PolicyTier.Admin, direction)),
            isolating,
            isolating.Count > 0 ? [] : clusterPolicies.Selecting(pod, home, (PolicyTier.Baseline, direction))
        );
    }

    private List<NetworkPolicy> Isolating(PolicyPod pod, PolicyDirection direction) =>
        pod.IsClosed ? [NetworkPolicy.OfClosedPod(pod.Name.Namespace)]
        : policies.TryGetValue(pod.Name.Namespace, out var inside)
            ? inside.Values.Where(policy => policy.Rules(direction) is not null && policy.PodSelector.Matches(pod.Labels)).ToList()
        : [];

    /// <summary>All of the compiled rules.</summary>
    public PolicyTable ToTable()
    {
        var table = new PolicyTable();
        foreach (var set in PolicySet.Fixed.Concat(sets.All.SelectMany(static resource => resource.Sets)))
            table.Sets.Add(set, []);
        foreach (var other in sets.All.OfType<FixedSet>())
        {
            foreach (var element in other.Elements)
                table.Sets[other.Set].Add(element, "");
        }

        var ofNodes = sets.All.OfType<NodeSelector>().SelectMany(static selector => selector.Elements);
        foreach (var (set, element, chain) in pods.Compiled.SelectMany(static pod => pod.Elements()).Concat(ofNodes))
            table.Sets[set].Add(element, chain);
        foreach (var rule in chains.Rules)
            table.Chains.Add(rule.Chain.Name, rule.Chain);
        foreach (var profile in chains.Profiles)
            table.Chains.Add(profile.Chain.Name, profile.Chain);
        return table;
    }
}
