using Plugboard.Coordinator.Node;
using Plugboard.Coordinator.Reconciling;
using Plugboard.Netlink.Route;

namespace Plugboard.Coordinator.Routes;

/// <summary>
/// Executes a <see cref="RoutingDifference"/> in one batch, and notes what the kernel accepted in what was last read of it.
/// </summary>
/// <param name="client">The node's network.</param>
/// <param name="network">What was last read of the routes.</param>
/// <param name="tunnels">What was last read of the tunnels, by name.</param>
internal sealed class RoutingApplier(RouteClient client, NodeNetwork network, IReadOnlyDictionary<string, SeenTunnel> tunnels)
{
    /// <summary>Executes all; returns what was done and what the kernel refused.</summary>
    public SyncOutcome Apply(RoutingDifference difference)
    {
        if (difference.Count == 0)
            return SyncOutcome.Steady;
        var batch = new RouteBatch();
        foreach (var change in difference.All)
            Queue(batch, change);
        var refusals = client.TryExecute(batch).ToDictionary(static refusal => refusal.Place);
        var changes = new List<Change>(difference.Count);
        var problems = new List<string>();
        foreach (var (place, change) in difference.All.Index())
        {
            if (refusals.TryGetValue(place, out var refusal))
            {
                problems.Add($"{change.Text}: {refusal.ToException().Message}");
                continue;
            }

            Note(change);
            changes.Add(change.Text);
        }

        return new SyncOutcome(changes, problems);
    }

    private static void Queue(RouteBatch batch, RoutingChange change)
    {
        switch (change)
        {
            case ReplaceRoute route:
                batch.Add(route.Spec, RouteAddMode.Replace);
                break;
            case DeleteRoute route:
                batch.Delete(route.Route.ToSpec());
                break;
            case ReplaceNeighbour neighbour:
                batch.Replace(neighbour.Neighbour);
                break;
            case DeleteNeighbour neighbour:
                batch.DeleteNeighbour(neighbour.Link, neighbour.Address);
                break;
            case ReplaceFdbEntry fdb:
                batch.Replace(fdb.Entry);
                break;
            case DeleteFdbEntry fdb:
                batch.Delete(fdb.Entry);
                break;
        }
    }

    /// <summary>Notes a change that the kernel accepted.</summary>
    public void Note(RoutingChange change)
    {
        switch (change)
        {
            case ReplaceRoute route:
                network.Note(AsReported(route.Spec));
                break;
            case DeleteRoute route:
                network.Forget(route.Route);
                break;
            case ReplaceNeighbour neighbour:
                Seen(neighbour.Tunnel)?.Note(neighbour.Neighbour);
                break;
            case DeleteNeighbour neighbour:
                Seen(neighbour.Tunnel)?.Neighbours.Remove(neighbour.Address);
                break;
            case ReplaceFdbEntry fdb:
                Seen(fdb.Tunnel)?.Note(fdb.Entry);
                break;
            case DeleteFdbEntry fdb:
                Seen(fdb.Tunnel)?.Forget(fdb.Entry);
                break;
        }
    }

    private SeenTunnel? Seen(string tunnel) => tunnels.GetValueOrDefault(tunnel);

    // The route as the kernel reports it.
    private static Route AsReported(RouteSpec spec) =>
        new()
        {
            Dst = spec.Dst,
            Gateway = spec.Gateway,
            OutInterface = spec.OutInterface,
            Priority = spec.Priority,
            Table = Route.MainTable,
            Scope = RouteScope.Universe,
            Protocol = spec.Protocol,
            Type = spec.Type,
            Mtu = spec.Mtu,
            OnLink = spec.OnLink,
        };
}
