namespace Plugboard.Coordinator.Policy.Compiling;

/// <summary>The compiled rules as a whole.</summary>
internal sealed class PolicyTable
{
    /// <summary>The sets, each with its elements and the chains that these lead to; empty for a set that is not a map.</summary>
    public Dictionary<PolicySet, Dictionary<PolicyElement, string>> Sets { get; } = [];

    /// <summary>The chains by name.</summary>
    public SortedDictionary<string, PolicyChain> Chains { get; } = new(StringComparer.Ordinal);

    /// <summary>Makes a change.</summary>
    public void Apply(PolicyDelta delta)
    {
        foreach (var set in delta.NewSets)
            Sets.Add(set, []);
        foreach (var chain in delta.NewChains)
            Chains.Add(chain.Name, chain);
        foreach (var (set, elements) in delta.Elements)
        {
            foreach (var (element, _, after) in elements)
            {
                if (after is null)
                    Sets[set].Remove(element);
                else
                    Sets[set][element] = after;
            }
        }

        foreach (var chain in delta.GoneChains)
            Chains.Remove(chain.Name);
        foreach (var set in delta.GoneSets)
            Sets.Remove(set);
    }
}

/// <summary>How the compiled rules changed.</summary>
internal sealed record PolicyDelta
{
    /// <summary>Sets that came, empty at first.</summary>
    public IReadOnlyList<PolicySet> NewSets { get; init; } = [];

    /// <summary>Sets that go, with their elements.</summary>
    public IReadOnlyList<PolicySet> GoneSets { get; init; } = [];

    /// <summary>Chains that came; those that are jumped to first.</summary>
    public IReadOnlyList<PolicyChain> NewChains { get; init; } = [];

    /// <summary>Chains that go; those that jump first.</summary>
    public IReadOnlyList<PolicyChain> GoneChains { get; init; } = [];

    /// <summary>The elements of sets that came, went or lead elsewhere; no set that goes is among them.</summary>
    public IReadOnlyList<(PolicySet Set, IReadOnlyList<ElementChange> Elements)> Elements { get; init; } = [];

    /// <summary>Nothing changed.</summary>
    public bool IsEmpty => (NewSets.Count, GoneSets.Count, NewChains.Count, GoneChains.Count, Elements.Count) == (0, 0, 0, 0, 0);
}

/// <summary>A changed element.</summary>
/// <param name="Element">The element.</param>
/// <param name="Before">The chain that it led to; empty in a set; null: it was absent.</param>
/// <param name="After">The same for now.</param>
internal readonly record struct ElementChange(PolicyElement Element, string? Before, string? After);
