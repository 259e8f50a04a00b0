using Plugboard.Coordinator.Engine;
using Plugboard.Netlink.Route;

namespace Plugboard.Coordinator.Routes;

/// <summary>Compares a tunnel's neighbours and fdb database with what they should be.</summary>
/// <param name="tunnel">The tunnel's name.</param>
/// <param name="index">Its link's index; 0: it is yet to be made.</param>
/// <param name="seen">What is there; what is done is noted in it.</param>
internal sealed class TunnelDifference(string tunnel, int index, SeenTunnel seen)
{
    /// <summary>Asks for what is missing, other or too much.</summary>
    public void Compare(RoutePlan plan, bool mayPrune, RouteOperations operations)
    {
        var neighbours = plan.Neighbours.Where(neighbour => neighbour.Link == tunnel).ToList();
        var fdb = plan.Fdb.Where(entry => entry.Link == tunnel).ToList();
        foreach (var neighbour in neighbours)
            Ensure(neighbour, operations);
        foreach (var entry in fdb)
            Ensure(entry, operations);
        if (!mayPrune)
            return;
        var addresses = neighbours.Select(neighbour => neighbour.Address).ToHashSet();
        foreach (var (address, mac) in seen.Neighbours.Where(pair => !addresses.Contains(pair.Key)))
        {
            var change = new Change(ChangeVerb.Delete, "neighbour", new DesiredNeighbour(tunnel, address, mac).ToString());
            operations.Remove(change, batch => batch.DeleteNeighbour(index, address), () => seen.Neighbours.Remove(address));
        }

        var macs = fdb.Select(entry => entry.Mac).ToHashSet();
        foreach (var entry in seen.Fdb.Values.Where(entry => !macs.Contains(entry.LinkAddress)))
            Remove(entry, operations, () => seen.Fdb.Remove(entry.LinkAddress));
        foreach (var entry in seen.Doubles)
            Remove(entry, operations, () => seen.Doubles.Remove(entry));
    }

    private void Ensure(DesiredNeighbour desired, RouteOperations operations)
    {
        var isKnown = seen.Neighbours.TryGetValue(desired.Address, out var mac);
        if (isKnown && mac == desired.Mac)
            return;
        var neighbour = new Neighbour(index, desired.Address, desired.Mac, NeighbourState.Permanent) { Protocol = RouteProtocol.Plugboard };
        operations.Make(
            new Change(isKnown ? ChangeVerb.Replace : ChangeVerb.Add, "neighbour", desired.ToString()),
            batch => batch.Replace(neighbour with { LinkIndex = index }),
            () => seen.Neighbours[desired.Address] = desired.Mac
        );
    }

    private void Ensure(DesiredFdbEntry desired, RouteOperations operations)
    {
        var present = seen.Fdb.GetValueOrDefault(desired.Mac);
        if (present is not null && present.Destination == desired.Dst && present is { Port: 0, Vni: 0, OutInterface: 0 })
            return;
        var entry = new FdbEntry(index, desired.Mac, desired.Dst);
        operations.Make(
            new Change(present is null ? ChangeVerb.Add : ChangeVerb.Replace, "fdb", desired.ToString()),
            batch => batch.Replace(entry),
            () => seen.Fdb[desired.Mac] = entry
        );
    }

    private void Remove(FdbEntry entry, RouteOperations operations, Action done)
    {
        var text = new DesiredFdbEntry(tunnel, entry.LinkAddress, entry.Destination!.Value).ToString();
        operations.Remove(new Change(ChangeVerb.Delete, "fdb", text), batch => batch.Delete(entry), done);
    }
}
