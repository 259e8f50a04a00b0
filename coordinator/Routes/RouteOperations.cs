using Plugboard.Coordinator.Engine;
using Plugboard.Netlink.Route;

namespace Plugboard.Coordinator.Routes;

/// <summary>Changes of neighbours, FDB entries and routes, in an order that loses no packet unnecessarily.</summary>
internal sealed class RouteOperations
{
    private readonly List<(Change Change, Action<RouteBatch> Queue, Action Done)> additions = [];
    private readonly List<(Change Change, Action<RouteBatch> Queue, Action Done)> removals = [];

    /// <summary>Their number.</summary>
    public int Count => additions.Count + removals.Count;

    /// <summary>Adds a change that makes or replaces an object.</summary>
    /// <param name="change">The change.</param>
    /// <param name="queue">Queues it for the kernel.</param>
    /// <param name="done">Notes that it was made.</param>
    public void Make(Change change, Action<RouteBatch> queue, Action done) => additions.Add((change, queue, done));

    /// <summary>Adds a change that removes an object, after all others are made.</summary>
    /// <param name="change">The change.</param>
    /// <param name="queue">Queues it for the kernel.</param>
    /// <param name="done">Notes that it was made.</param>
    public void Remove(Change change, Action<RouteBatch> queue, Action done) => removals.Add((change, queue, done));

    /// <summary>All, in order.</summary>
    public IEnumerable<Change> Changes => additions.Concat(removals).Select(operation => operation.Change);

    /// <summary>Makes all changes; returns those that were made and the kernel's refusals.</summary>
    public SyncOutcome Execute(RouteClient client)
    {
        if (Count == 0)
            return SyncOutcome.Steady;
        var batch = new RouteBatch();
        var all = additions.Concat(removals).ToList();
        foreach (var (_, queue, _) in all)
            queue(batch);
        var refusals = client.TryExecute(batch).ToDictionary(refusal => refusal.Place);
        var changes = new List<Change>(all.Count);
        var problems = new List<string>();
        for (var i = 0; i < all.Count; i++)
        {
            if (refusals.TryGetValue(i, out var refusal))
            {
                problems.Add($"{all[i].Change}: {refusal.ToException().Message}");
                continue;
            }

            all[i].Done();
            changes.Add(all[i].Change);
        }

        return new SyncOutcome(changes, problems);
    }
}
