using Plugboard.Addresses;
using Plugboard.Coordinator.Reconciling;
using Plugboard.Netlink.Route;

namespace Plugboard.Coordinator.Routes;

/// <summary>Compares a tunnel's actual neighbours and FDB with the desired ones.</summary>
/// <param name="tunnel">The tunnel's name.</param>
/// <param name="index">Its link's index; 0: not made yet.</param>
/// <param name="seen">The actual state.</param>
internal sealed class TunnelDifference(string tunnel, int index, SeenTunnel seen)
{
    /// <summary>Adds what is missing, different or superfluous.</summary>
    public void Compare(RoutePlan plan, bool mayPrune, RoutingDifference difference)
    {
        var neighbours = plan.Neighbours.Where(neighbour => neighbour.Link == tunnel).ToList();
        var fdb = plan.Fdb.Where(entry => entry.Link == tunnel).ToList();
        foreach (var neighbour in neighbours)
            Ensure(neighbour, difference);
        foreach (var entry in fdb)
            Ensure(entry, difference);
        if (!mayPrune)
            return;
        var addresses = neighbours.Select(neighbour => neighbour.Address).ToHashSet();
        foreach (var (address, mac) in seen.Neighbours.Where(pair => !addresses.Contains(pair.Key)))
            Remove(address, mac, difference);

        var macs = fdb.Select(entry => entry.Mac).ToHashSet();
        foreach (var entry in seen.Fdb.Values.Where(entry => !macs.Contains(entry.LinkAddress)))
            Remove(entry, difference);
        foreach (var entry in seen.Doubles)
            Remove(entry, difference);
    }

    /// <summary>The same for a part of them, when all were as they should be before.</summary>
    /// <param name="before">What the part had.</param>
    /// <param name="plan">What it must have now.</param>
    /// <param name="mayPrune">Whether anything may be removed.</param>
    /// <param name="difference">Gets the changes.</param>
    public void ComparePart(RoutePlan before, RoutePlan plan, bool mayPrune, RoutingDifference difference)
    {
        Compare(plan, mayPrune: false, difference);
        if (!mayPrune)
            return;
        var addresses = plan.Neighbours.Where(neighbour => neighbour.Link == tunnel).Select(neighbour => neighbour.Address).ToHashSet();
        foreach (var address in before.Neighbours.Where(had => had.Link == tunnel).Select(had => had.Address))
        {
            if (!addresses.Contains(address) && seen.Neighbours.TryGetValue(address, out var mac))
                Remove(address, mac, difference);
        }

        var macs = plan.Fdb.Where(entry => entry.Link == tunnel).Select(entry => entry.Mac).ToHashSet();
        foreach (var mac in before.Fdb.Where(had => had.Link == tunnel).Select(had => had.Mac))
        {
            if (!macs.Contains(mac) && seen.Fdb.TryGetValue(mac, out var entry))
                Remove(entry, difference);
        }
    }

    private void Ensure(DesiredNeighbour desired, RoutingDifference difference)
    {
        var isKnown = seen.Neighbours.TryGetValue(desired.Address, out var mac);
        if (isKnown && mac == desired.Mac)
            return;
        var neighbour = new Neighbour(index, desired.Address, desired.Mac, NeighbourState.Permanent) { Protocol = RouteProtocol.Plugboard };
        var change = new Change(isKnown ? ChangeVerb.Replace : ChangeVerb.Add, "neighbour", desired.ToString());
        difference.Make(new ReplaceNeighbour(change, tunnel, neighbour));
    }

    private void Ensure(DesiredFdbEntry desired, RoutingDifference difference)
    {
        var present = seen.Fdb.GetValueOrDefault(desired.Mac);
        if (present is not null && present.Destination == desired.Dst && present is { Port: 0, Vni: 0, OutInterface: 0 })
            return;
        var entry = new FdbEntry(index, desired.Mac, desired.Dst);
        var change = new Change(present is null ? ChangeVerb.Add : ChangeVerb.Replace, "fdb", desired.ToString());
        difference.Make(new ReplaceFdbEntry(change, tunnel, entry));
    }

    private void Remove(IPAddr address, MacAddress mac, RoutingDifference difference)
    {
        var change = new Change(ChangeVerb.Delete, "neighbour", new DesiredNeighbour(tunnel, address, mac).ToString());
        difference.Remove(new DeleteNeighbour(change, tunnel, index, address));
    }

    private void Remove(FdbEntry entry, RoutingDifference difference)
    {
        var text = new DesiredFdbEntry(tunnel, entry.LinkAddress, entry.Destination!.Value).ToString();
        difference.Remove(new DeleteFdbEntry(new Change(ChangeVerb.Delete, "fdb", text), tunnel, entry));
    }
}
