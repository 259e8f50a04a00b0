using Plugboard.Coordinator.Reconciling;

namespace Plugboard.Coordinator.Routes;

/// <summary>
/// The changes that make neighbours, FDB entries and routes what they should be, in the order in which no packet is lost that need not be:
/// all additions, then all removals. Data only; <see cref="RoutingApplier"/> executes it.
/// </summary>
internal sealed class RoutingDifference
{
    private readonly List<RoutingChange> additions = [];
    private readonly List<RoutingChange> removals = [];

    /// <summary>How many there are.</summary>
    public int Count => additions.Count + removals.Count;

    /// <summary>All, in order.</summary>
    public IEnumerable<RoutingChange> All => additions.Concat(removals);

    /// <summary>All for people, in order.</summary>
    public IEnumerable<Change> Changes => All.Select(static each => each.Text);

    /// <summary>Something is made or replaced.</summary>
    public void Make(RoutingChange change) => additions.Add(change);

    /// <summary>Something is removed, after all is made.</summary>
    public void Remove(RoutingChange change) => removals.Add(change);
}
