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
    /// known: each veth on a bridge with the pod's network may be it, unless it is a reported pod's. If no bridge has that network (the
    /// gateway is elsewhere, or an interface of a VLAN on the bridge), it is each on a bridge without a network.
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
            foreach (var port in isKnown ? ports.Where(port => own.Contains(port.Alias)) : Candidates(pod, ports, aliases))
            {
                if (pod.IsEgress)
                    egress.Add(port.Name);
                if (pod.IsIngress)
                    ingress.Add(port.Name);
            }
        }

        return new IsolatedPorts(egress.ToValueArray(), ingress.ToValueArray());
    }

    private static IEnumerable<PodPort> Candidates(IsolatedPod pod, IReadOnlyList<PodPort> ports, HashSet<string> aliases)
    {
        var near = ports
            .Where(port => port.Networks.Any(network => pod.Addresses.Any(address => network.Network.Contains(address))))
            .ToList();
        return (
            near.Count > 0 ? near : ports.Where(static port => !port.Networks.Any(static network => network.Address.IsGlobalUnicast))
        ).Where(port => port.IsVeth && !aliases.Contains(port.Alias));
    }
}
