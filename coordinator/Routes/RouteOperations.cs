using Plugboard.Coordinator.Engine;
using Plugboard.Netlink.Route;

namespace Plugboard.Coordinator.Routes;

/// <summary>
/// The changes that make neighbours, forwarding entries and routes what they should be, in the order in which no packet is lost that need
/// not be.
/// </summary>
internal sealed class RouteOperations
{
    private readonly List<(Change Change, Action<RouteBatch> Queue, Action Done)> additions = [];
    private readonly List<(Change Change, Action<RouteBatch> Queue, Action Done)> removals = [];

    /// <summary>How many there are.</summary>
    public int Count => additions.Count + removals.Count;

    /// <summary>Something is made or replaced.</summary>
    /// <param name="change">What.</param>
    /// <param name="queue">Queues it for the kernel.</param>
    /// <param name="done">Notes that it was done.</param>
    public void Make(Change change, Action<RouteBatch> queue, Action done) => additions.Add((change, queue, done));

    /// <summary>Something is removed, after all is made.</summary>
    /// <param name="change">What.</param>
    /// <param name="queue">Queues it for the kernel.</param>
    /// <param name="done">Notes that it was done.</param>
    public void Remove(Change change, Action<RouteBatch> queue, Action done) => removals.Add((change, queue, done));

    /// <summary>All, in order.</summary>
    public IEnumerable<Change> Changes => additions.Concat(removals).Select(operation => operation.Change);

    /// <summary>Does all; gives what was done and what the kernel refused.</summary>
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
