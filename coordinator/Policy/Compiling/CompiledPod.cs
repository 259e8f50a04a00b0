using Plugboard.Addresses;
using Plugboard.Coordinator.Policy.Objects;
using Plugboard.Linux;

namespace Plugboard.Coordinator.Policy.Compiling;

/// <summary>A pod on the pod network, and the sets that it is in. Its elements are made from this when they are needed.</summary>
/// <param name="pod">The pod.</param>
/// <param name="addresses">Those of its addresses that no other pod has now.</param>
/// <param name="isLocal">It is on this node.</param>
internal sealed class CompiledPod(PolicyPod pod, ValueArray<IPAddr> addresses, bool isLocal)
{
    /// <summary>The pod.</summary>
    public PolicyPod Pod { get; } = pod;

    /// <summary>Its own addresses.</summary>
    public ValueArray<IPAddr> Addresses { get; } = addresses;

    /// <summary>It is on this node.</summary>
    public bool IsLocal { get; } = isLocal;

    /// <summary>The selectors that select it.</summary>
    public List<PeerSelector> Peers { get; } = [];

    /// <summary>The ports of it that rules name.</summary>
    public List<NamedPorts> Named { get; } = [];

    /// <summary>What judges the connections that it opens; null: it is not isolated for egress.</summary>
    public ProfileChain? Egress { get; set; }

    /// <summary>What judges those that are opened to it; null: it is not isolated for ingress.</summary>
    public ProfileChain? Ingress { get; set; }

    /// <summary>All of its elements, with the chains that they lead to.</summary>
    public IEnumerable<(PolicySet Set, PolicyElement Element, string Chain)> Elements()
    {
        foreach (var selector in Peers)
        {
            foreach (var element in ElementsOf(selector))
                yield return element;
        }

        foreach (var ports in Named)
        {
            foreach (var element in ElementsOf(ports))
                yield return element;
        }

        foreach (var address in Addresses)
        {
            if (IsLocal)
                yield return (PolicySet.Ready(address.Is6), PolicyElement.Of(address), "");
            if (Egress is { } egress)
                yield return (PolicySet.Egress(address.Is6), PolicyElement.Of(address), egress.Chain.Name);
            if (Ingress is { } ingress)
                yield return (PolicySet.Ingress(address.Is6), PolicyElement.Of(address), ingress.Chain.Name);
            if (Egress is not null || Ingress is not null)
                yield return (PolicySet.Own(address.Is6), PolicyElement.Of(address, address), "");
        }
    }

    /// <summary>Its elements in the sets of a selector.</summary>
    public IEnumerable<(PolicySet Set, PolicyElement Element, string Chain)> ElementsOf(PeerSelector selector) =>
        Addresses.Select(address => (selector.Of(address.Is6), PolicyElement.Of(address), ""));

    /// <summary>Its elements in the sets of a port's name.</summary>
    public IEnumerable<(PolicySet Set, PolicyElement Element, string Chain)> ElementsOf(NamedPorts ports) =>
        from port in Pod.Ports
        where port.Name == ports.Name && port.Protocol == ports.Protocol
        from address in Addresses
        select (ports.Of(address.Is6), PolicyElement.Of(address, (byte)port.Protocol, port.Port), "");

    /// <summary>True if it belongs into the sets of a port's name.</summary>
    public bool Has(NamedPorts ports) =>
        (IsLocal || !ports.IsLocal) && Pod.Ports.Any(port => port.Name == ports.Name && port.Protocol == ports.Protocol);
}
