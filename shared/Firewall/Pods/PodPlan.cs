using Plugboard.Firewall.Nftables;

namespace Plugboard.Firewall.Pods;

/// <summary>All that one pod has in the kernel, and which parts of the node it stands on. Pure data.</summary>
internal sealed record PodPlan
{
    /// <summary>The plan of a pod without nftables.</summary>
    public static PodPlan Empty { get; } = new() { Tables = [], Elements = [] };

    /// <summary>True if the kernel's nftables have something of the pod.</summary>
    public bool IsInKernel => Elements.Count > 0 || OwnChain is not null;

    /// <summary>The tables it stands on.</summary>
    public required IReadOnlyList<NodeTable> Tables { get; init; }

    /// <summary>The pod's elements.</summary>
    public required IReadOnlyList<PlannedElement> Elements { get; init; }

    /// <summary>Elements that are the node's and stay: made with the pod's where they are missing.</summary>
    public IReadOnlyList<(Set Set, SetElement Element)> NodeElements { get; init; } = [];

    /// <summary>Rules of chains that are the pod's own.</summary>
    public IReadOnlyList<Rule> OwnRules { get; init; } = [];

    /// <summary>The chain of the pod's own rules; null: it has none.</summary>
    public Chain? OwnChain { get; init; }
}
