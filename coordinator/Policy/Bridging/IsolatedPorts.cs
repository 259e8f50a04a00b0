using Plugboard.Coordinator.Policy.Starting;
using Plugboard.Firewall.Starting;
using Plugboard.Linux;

namespace Plugboard.Coordinator.Policy.Bridging;

/// <summary>The ports of isolated pods, sorted. Pure.</summary>
/// <param name="Egress">Of pods isolated for egress.</param>
/// <param name="Ingress">Of pods isolated for ingress.</param>
internal sealed record IsolatedPorts(ValueArray<string> Egress, ValueArray<string> Ingress)
{
    /// <summary>No pod on a bridge is isolated.</summary>
    public bool IsNone => Egress.Count == 0 && Ingress.Count == 0;

    /// <summary>
    /// Finds them. A pod that this build's plugins reported has the port with its alias. Which port a pod without a report has is not
    /// known: each veth on a bridge with the pod's network may be it, unless it is a reported pod's.
    /// </summary>
    /// <param name="pods">The isolated pods.</param>
    /// <param name="starts">The reports.</param>
    /// <param name="ports">All ports of bridges.</param>
    public static IsolatedPorts Find(IEnumerable<IsolatedPod> pods, IReadOnlyList<PodStart> starts, IReadOnlyList<PodPort> ports)
    {
        var reported = starts.ToLookup(StartedPods.NameOf, static start => StartedPods.AliasOf(start.Owner));
        var aliases = starts.Select(static start => StartedPods.AliasOf(start.Owner)).OfType<string>().ToHashSet(StringComparer.Ordinal);
        var (egress, ingress) = (new SortedSet<string>(StringComparer.Ordinal), new SortedSet<string>(StringComparer.Ordinal));
        foreach (var pod in pods)
        {
            var own = reported[pod.Name].ToList();
            var isKnown = own.Count > 0 && !own.Contains(null);
            foreach (var port in ports.Where(port => isKnown ? own.Contains(port.Alias) : MayBeOf(pod, port, aliases)))
            {
                if (pod.IsEgress)
                    egress.Add(port.Name);
                if (pod.IsIngress)
                    ingress.Add(port.Name);
            }
        }

        return new IsolatedPorts(egress.ToValueArray(), ingress.ToValueArray());
    }

    private static bool MayBeOf(IsolatedPod pod, PodPort port, HashSet<string> aliases) =>
        port.IsVeth
        && !aliases.Contains(port.Alias)
        && port.Networks.Any(network => pod.Addresses.Any(address => network.Network.Contains(address)));
}
