using Plugboard.Addresses;
using Plugboard.Coordinator.Policy.Objects;
using Plugboard.Firewall.Ports;

namespace Plugboard.Coordinator.Policy.Compiling;

/// <summary>Sets that rules need, as long as there are such rules.</summary>
internal abstract class SetResource
{
    /// <summary>How many chains need it.</summary>
    public int References { get; set; }

    /// <summary>The sets of it.</summary>
    public abstract IReadOnlyList<PolicySet> Sets { get; }
}

/// <summary>The addresses of the pods that a selector selects: one pair of sets for all rules with this selector.</summary>
/// <param name="peer">The selector.</param>
internal sealed class PeerSelector(PodPeer peer) : SetResource
{
    /// <summary>The selector.</summary>
    public PodPeer Peer { get; } = peer;

    /// <inheritdoc/>
    public override IReadOnlyList<PolicySet> Sets { get; } =
        PolicyNames.Pair("peers", PolicySetKind.Peers, peer.ToString(), peer.Describe());

    /// <summary>The set of a family.</summary>
    public PolicySet Of(bool is6) => Sets[is6 ? 1 : 0];
}

/// <summary>The addresses of the nodes that a selector selects: one pair of sets for all rules with this selector.</summary>
/// <param name="selector">The selector.</param>
internal sealed class NodeSelector(LabelSelector selector) : SetResource
{
    /// <summary>The selector.</summary>
    public LabelSelector Selector { get; } = selector;

    /// <summary>The addresses that are in the sets. Two nodes may state one.</summary>
    public IReadOnlySet<IPAddr> Addresses { get; set; } = new HashSet<IPAddr>();

    /// <inheritdoc/>
    public override IReadOnlyList<PolicySet> Sets { get; } =
        PolicyNames.Pair(
            "nodes",
            PolicySetKind.Peers,
            selector.ToString(),
            selector.Requirements.Count == 0 ? "all nodes" : $"nodes with {selector}"
        );

    /// <summary>The set of a family.</summary>
    public PolicySet Of(bool is6) => Sets[is6 ? 1 : 0];

    /// <summary>The elements of both sets.</summary>
    public IEnumerable<(PolicySet Set, PolicyElement Element, string Chain)> Elements => ElementsOf(Addresses);

    /// <summary>The elements of addresses.</summary>
    public IEnumerable<(PolicySet Set, PolicyElement Element, string Chain)> ElementsOf(IEnumerable<IPAddr> addresses) =>
        addresses.Select(address => (Of(address.Is6), PolicyElement.Of(address), ""));
}

/// <summary>The pods' addresses with what a port's name means in each.</summary>
/// <param name="name">The name.</param>
/// <param name="protocol">The protocol that the port must have.</param>
/// <param name="isLocal">Only pods of this node, for ingress: else all of the cluster.</param>
internal sealed class NamedPorts(string name, PortProtocol protocol, bool isLocal) : SetResource
{
    /// <summary>The name.</summary>
    public string Name { get; } = name;

    /// <summary>The protocol.</summary>
    public PortProtocol Protocol { get; } = protocol;

    /// <summary>Only pods of this node.</summary>
    public bool IsLocal { get; } = isLocal;

    /// <inheritdoc/>
    public override IReadOnlyList<PolicySet> Sets { get; } =
        PolicyNames.Pair(
            "named",
            PolicySetKind.NamedPorts,
            $"{name} {protocol} {isLocal}",
            $"port {name} ({protocol.ToString().ToLowerInvariant()}) of {(isLocal ? "this node's" : "all")} pods"
        );

    /// <summary>The set of a family.</summary>
    public PolicySet Of(bool is6) => Sets[is6 ? 1 : 0];
}

/// <summary>A set that depends on a policy alone: blocks of addresses, or numbers of ports.</summary>
/// <param name="set">The set.</param>
/// <param name="elements">Its elements.</param>
internal sealed class FixedSet(PolicySet set, IReadOnlyList<PolicyElement> elements) : SetResource
{
    /// <summary>The set.</summary>
    public PolicySet Set { get; } = set;

    /// <summary>Its elements.</summary>
    public IReadOnlyList<PolicyElement> Elements { get; } = elements;

    /// <inheritdoc/>
    public override IReadOnlyList<PolicySet> Sets { get; } = [set];

    /// <summary>Ranges of addresses of a family.</summary>
    public static FixedSet OfBlocks(IReadOnlyList<(IPAddr First, IPAddr Last)> ranges, bool is6)
    {
        var text = string.Join(", ", ranges.Select(static range => $"{range.First}-{range.Last}"));
        return new FixedSet(
            new PolicySet(PolicyNames.Of("blocks", text), PolicySetKind.Blocks, is6, PolicyNames.Comment(text)),
            [.. ranges.Select(static range => PolicyElement.Of(range.First, range.Last))]
        );
    }

    /// <summary>Ranges of ports.</summary>
    public static FixedSet OfPorts(IReadOnlyList<PolicyElement> ranges)
    {
        var text = string.Join(
            ", ",
            ranges.Select(static range =>
                $"{((PortProtocol)range.Protocol).ToString().ToLowerInvariant()} {range.Port}"
                + (range.LastPort == range.Port ? "" : $"-{range.LastPort}")
            )
        );
        return new FixedSet(
            new PolicySet(PolicyNames.Of("ports", text), PolicySetKind.Ports, Is6: null, PolicyNames.Comment(text)),
            ranges
        );
    }
}
