using Plugboard.Addresses;
using Plugboard.Coordinator.Policy.Objects;
using Plugboard.Firewall.Starting;
using Plugboard.Linux;

namespace Plugboard.Coordinator.Policy.Starting;

/// <summary>The objects of policy with the addresses that plugins reported, as the rules have them; for people who ask. Pure.</summary>
internal static class ReportedPods
{
    /// <summary>Gives each reported address to its pod, and to no other.</summary>
    /// <param name="objects">The objects.</param>
    /// <param name="nodeName">This node: a record is obeyed for its pods only.</param>
    /// <param name="starts">The records of this node.</param>
    public static PolicyObjects Apply(PolicyObjects objects, string nodeName, IReadOnlyList<PodStart> starts)
    {
        if (starts.Count == 0)
            return objects;
        var owners = new Dictionary<IPAddr, ObjectName>();
        // Of two pods with one address, the one that was attached last has it.
        foreach (var start in starts.OrderBy(static start => start.Since))
        {
            foreach (var address in start.Addresses)
                owners[address] = new ObjectName(start.Namespace, start.Name);
        }

        return objects with
        {
            Pods = objects.Pods.ToDictionary(static pod => pod.Key, pod => Give(pod.Value)),
        };

        PolicyPod Give(PolicyPod pod)
        {
            if (pod.IsHostNetwork)
                return pod;
            var kept = pod.Addresses.Where(address => !owners.TryGetValue(address, out var owner) || owner == pod.Name);
            var given = owners.Where(owner => pod.NodeName == nodeName && owner.Value == pod.Name).Select(static owner => owner.Key);
            return pod with { Addresses = kept.Union(given).ToValueArray() };
        }
    }
}
