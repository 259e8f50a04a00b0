namespace Plugboard.Coordinator.Policy.Compiling;

/// <summary>Notes what one change of the objects does to the compiled rules.</summary>
internal sealed class DeltaRecorder
{
    private readonly Dictionary<PolicySet, Dictionary<PolicyElement, ElementChange>> elements = [];
    private readonly List<PolicySet> newSets = [];
    private readonly List<PolicySet> goneSets = [];
    private readonly List<PolicyChain> newChains = [];
    private readonly List<PolicyChain> goneChains = [];

    /// <summary>A set came.</summary>
    public void Add(PolicySet set) => newSets.Add(set);

    /// <summary>A set went, with its elements.</summary>
    public void Remove(PolicySet set)
    {
        elements.Remove(set);
        goneSets.Add(set);
    }

    /// <summary>A chain came.</summary>
    public void Add(PolicyChain chain) => newChains.Add(chain);

    /// <summary>A chain went.</summary>
    public void Remove(PolicyChain chain) => goneChains.Add(chain);

    /// <summary>An element came. Of a change that moves it from one pod to another, what goes is noted first.</summary>
    public void Add((PolicySet Set, PolicyElement Element, string Chain) added)
    {
        var changes = ChangesOf(added.Set);
        changes[added.Element] = changes.TryGetValue(added.Element, out var known)
            ? known with
            {
                After = added.Chain,
            }
            : new ElementChange(added.Element, null, added.Chain);
    }

    /// <summary>An element went.</summary>
    public void Remove((PolicySet Set, PolicyElement Element, string Chain) removed)
    {
        var changes = ChangesOf(removed.Set);
        changes[removed.Element] = changes.TryGetValue(removed.Element, out var known)
            ? known with
            {
                After = null,
            }
            : new ElementChange(removed.Element, removed.Chain, null);
    }

    private Dictionary<PolicyElement, ElementChange> ChangesOf(PolicySet set)
    {
        if (!elements.TryGetValue(set, out var changes))
            elements[set] = changes = [];
        return changes;
    }

    /// <summary>All of it.</summary>
    public PolicyDelta Build()
    {
        var changed = new List<(PolicySet Set, IReadOnlyList<ElementChange> Elements)>();
        foreach (var (set, changes) in elements)
        {
            var real = changes.Values.Where(static change => change.Before != change.After).ToList();
            if (real.Count > 0)
                changed.Add((set, real));
        }

        return new PolicyDelta
        {
            NewSets = newSets,
            GoneSets = goneSets,
            NewChains = newChains,
            GoneChains = goneChains,
            Elements = changed,
        };
    }
}
