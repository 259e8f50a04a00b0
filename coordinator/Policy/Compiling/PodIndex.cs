using Plugboard.Addresses;
using Plugboard.Coordinator.Policy.Objects;
using Plugboard.Linux;

namespace Plugboard.Coordinator.Policy.Compiling;

/// <summary>All pods, found by name, by namespace and by address.</summary>
/// <param name="nodeName">This node's name.</param>
internal sealed class PodIndex(string nodeName)
{
    private const int Many = 1000;

    private static readonly HashSet<ObjectName> none = [];

    private readonly Dictionary<ObjectName, PolicyPod> pods = [];
    private readonly Dictionary<ObjectName, CompiledPod> compiled = [];
    private readonly Dictionary<string, HashSet<ObjectName>> byNamespace = new(StringComparer.Ordinal);
    private readonly HashSet<ObjectName> local = [];
    private readonly Dictionary<IPAddr, ObjectName[]> claims = [];
    private readonly Dictionary<IPAddr, ObjectName> given = [];
    private readonly Dictionary<ObjectName, List<IPAddr>> givenTo = [];

    /// <summary>How many pods there are.</summary>
    public int Count => pods.Count;

    /// <summary>The pods of this node.</summary>
    public IReadOnlyCollection<ObjectName> Local => local;

    /// <summary>The compiled pods.</summary>
    public IReadOnlyCollection<CompiledPod> Compiled => compiled.Values;

    /// <summary>A compiled pod; null if it is not compiled.</summary>
    public CompiledPod? FindCompiled(ObjectName name) => compiled.GetValueOrDefault(name);

    /// <summary>Makes room for many pods at once: what grows by doubling has up to twice the room that it needs, and keeps it.</summary>
    public void EnsureRoom(int coming)
    {
        if (coming < Many)
            return;
        pods.EnsureCapacity(pods.Count + coming);
        compiled.EnsureCapacity(compiled.Count + coming);
        claims.EnsureCapacity(claims.Count + coming);
    }

    /// <summary>A pod; null if absent.</summary>
    public PolicyPod? Find(ObjectName name) => pods.GetValueOrDefault(name);

    /// <summary>The pods of a namespace.</summary>
    public IReadOnlyCollection<ObjectName> In(string home) => byNamespace.GetValueOrDefault(home) ?? none;

    /// <summary>The compiled pods of a namespace; of all if it is null.</summary>
    public IEnumerable<CompiledPod> CompiledIn(string? home) =>
        home is null ? compiled.Values : In(home).Select(name => compiled.GetValueOrDefault(name)).OfType<CompiledPod>();

    /// <summary>The pods that state one of a pod's addresses.</summary>
    public IEnumerable<ObjectName> ClaimantsOf(PolicyPod pod) => AddressesOf(pod).SelectMany(ClaimantsOf);

    private ObjectName[] ClaimantsOf(IPAddr address) => claims.GetValueOrDefault(address) ?? [];

    // Those that it states, and those that this node's plugins gave to it; none if they are not its own or not in use.
    private IReadOnlyList<IPAddr> AddressesOf(PolicyPod pod) =>
        pod.IsHostNetwork || pod.IsFinished ? []
        : pod.NodeName == nodeName && givenTo.TryGetValue(pod.Name, out var own) ? [.. pod.Addresses.Union(own)]
        : pod.Addresses;

    /// <summary>Gives an address to a pod, which may not be known yet; null takes it back. Returns the pods that this concerns.</summary>
    public IReadOnlyCollection<ObjectName> Give(IPAddr address, ObjectName? name)
    {
        var concerned = ClaimantsOf(address).ToHashSet();
        ObjectName? before = given.TryGetValue(address, out var last) ? last : null;
        // What they claim changes.
        var holders = new[] { before, name }.OfType<ObjectName>().Distinct().Select(Find).OfType<PolicyPod>().ToList();
        foreach (var pod in holders)
            Set(pod.Name, null);
        if (before is { } old && givenTo[old].Remove(address) && givenTo[old].Count == 0)
            givenTo.Remove(old);
        if (name is { } now)
        {
            given[address] = now;
            if (!givenTo.TryGetValue(now, out var list))
                givenTo[now] = list = [];
            list.Add(address);
        }
        else
        {
            given.Remove(address);
        }

        foreach (var pod in holders)
            Set(pod.Name, pod);
        concerned.UnionWith(holders.Select(static pod => pod.Name));
        concerned.UnionWith(ClaimantsOf(address));
        return concerned;
    }

    /// <summary>Replaces a pod; null removes it.</summary>
    public void Set(ObjectName name, PolicyPod? pod)
    {
        if (pods.Remove(name, out var old))
        {
            local.Remove(name);
            foreach (var address in AddressesOf(old))
                Unclaim(address, name);
        }

        if (pod is null)
        {
            if (byNamespace.TryGetValue(name.Namespace, out var left) && left.Remove(name) && left.Count == 0)
                byNamespace.Remove(name.Namespace);
            return;
        }

        pods[name] = pod;
        if (!byNamespace.TryGetValue(name.Namespace, out var inside))
            byNamespace[name.Namespace] = inside = [];
        inside.Add(name);
        var addresses = AddressesOf(pod);
        if (pod.NodeName == nodeName && addresses.Count > 0)
            local.Add(name);
        foreach (var address in addresses)
            claims[address] = [.. claims.GetValueOrDefault(address) ?? [], name];
    }

    private void Unclaim(IPAddr address, ObjectName name)
    {
        var left = Array.FindAll(claims[address], other => other != name);
        if (left.Length == 0)
            claims.Remove(address);
        else
            claims[address] = left;
    }

    /// <summary>Takes a compiled pod out; null if it was not compiled.</summary>
    public CompiledPod? Take(ObjectName name) => compiled.Remove(name, out var pod) ? pod : null;

    /// <summary>A pod with the addresses that are its own; null if it has none.</summary>
    public CompiledPod? Begin(ObjectName name)
    {
        if (Find(name) is not { } pod)
            return null;
        var own = AddressesOf(pod).Where(address => OwnerOf(address) == name).ToValueArray();
        return own.Count == 0 ? null : new CompiledPod(pod, own, pod.NodeName == nodeName);
    }

    // One that a plugin gave to a pod is no other pod's, also while that one is not known.
    private ObjectName OwnerOf(IPAddr address)
    {
        if (given.TryGetValue(address, out var holder))
            return holder;
        var claimants = claims[address];
        var owner = claimants[0];
        foreach (var other in claimants)
        {
            if (pods[other].OwnsBefore(pods[owner]))
                owner = other;
        }

        return owner;
    }

    /// <summary>True if an address is a compiled pod's of this node.</summary>
    public bool IsCompiled(ObjectName name, IPAddr address) =>
        compiled.TryGetValue(name, out var pod) && pod.IsLocal && pod.Addresses.Contains(address);

    /// <summary>Puts a compiled pod in.</summary>
    public void Put(CompiledPod pod) => compiled.Add(pod.Pod.Name, pod);
}
