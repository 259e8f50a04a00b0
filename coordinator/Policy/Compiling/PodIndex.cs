using Plugboard.Addresses;
using Plugboard.Coordinator.Policy.Objects;
using Plugboard.Linux;

namespace Plugboard.Coordinator.Policy.Compiling;

/// <summary>All pods, found by name, by namespace and by address.</summary>
/// <param name="nodeName">This node's name.</param>
internal sealed class PodIndex(string nodeName)
{
    private static readonly HashSet<ObjectName> none = [];

    private readonly Dictionary<ObjectName, PolicyPod> pods = [];
    private readonly Dictionary<ObjectName, CompiledPod> compiled = [];
    private readonly Dictionary<string, HashSet<ObjectName>> byNamespace = new(StringComparer.Ordinal);
    private readonly HashSet<ObjectName> local = [];
    private readonly Dictionary<IPAddr, ObjectName[]> claims = [];

    /// <summary>How many pods there are.</summary>
    public int Count => pods.Count;

    /// <summary>The pods of this node.</summary>
    public IReadOnlyCollection<ObjectName> Local => local;

    /// <summary>The compiled pods.</summary>
    public IReadOnlyCollection<CompiledPod> Compiled => compiled.Values;

    /// <summary>A pod; null if absent.</summary>
    public PolicyPod? Find(ObjectName name) => pods.GetValueOrDefault(name);

    /// <summary>The pods of a namespace.</summary>
    public IReadOnlyCollection<ObjectName> In(string home) => byNamespace.GetValueOrDefault(home) ?? none;

    /// <summary>The compiled pods of a namespace; of all if it is null.</summary>
    public IEnumerable<CompiledPod> CompiledIn(string? home) =>
        home is null ? compiled.Values : In(home).Select(name => compiled.GetValueOrDefault(name)).OfType<CompiledPod>();

    /// <summary>The pods that state one of a pod's addresses.</summary>
    public IEnumerable<ObjectName> ClaimantsOf(PolicyPod pod) =>
        pod.IsOnNetwork ? pod.Addresses.SelectMany(address => claims.GetValueOrDefault(address) ?? []) : [];

    /// <summary>Replaces a pod; null removes it.</summary>
    public void Set(ObjectName name, PolicyPod? pod)
    {
        if (pods.Remove(name, out var old))
        {
            local.Remove(name);
            foreach (var address in old.IsOnNetwork ? old.Addresses : [])
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
        if (!pod.IsOnNetwork)
            return;
        if (pod.NodeName == nodeName)
            local.Add(name);
        foreach (var address in pod.Addresses)
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
        if (Find(name) is not { IsOnNetwork: true } pod)
            return null;
        var own = pod.Addresses.Where(address => OwnerOf(address) == name).ToValueArray();
        return own.Count == 0 ? null : new CompiledPod(pod, own, pod.NodeName == nodeName);
    }

    private ObjectName OwnerOf(IPAddr address)
    {
        var claimants = claims[address];
        var owner = claimants[0];
        foreach (var other in claimants)
        {
            if (pods[other].OwnsBefore(pods[owner]))
                owner = other;
        }

        return owner;
    }

    /// <summary>Puts a compiled pod in.</summary>
    public void Put(CompiledPod pod) => compiled.Add(pod.Pod.Name, pod);
}
