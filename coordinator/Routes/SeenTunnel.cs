using Plugboard.Addresses;
using Plugboard.Netlink.Route;

namespace Plugboard.Coordinator.Routes;

/// <summary>A tunnel's neighbours and FDB as last read, with the changes since.</summary>
internal sealed class SeenTunnel
{
    /// <summary>The permanent neighbours.</summary>
    public Dictionary<IPAddr, MacAddress> Neighbours { get; } = [];

    /// <summary>The permanent FDB entries.</summary>
    public Dictionary<MacAddress, FdbEntry> Fdb { get; } = [];

    /// <summary>FDB entries behind another one of the same hardware address: packets would be sent twice.</summary>
    public List<FdbEntry> Doubles { get; } = [];

    /// <summary>The coordinator made or replaced a neighbour.</summary>
    public void Note(Neighbour neighbour) => Neighbours[neighbour.Address] = neighbour.LinkAddress!.Value;

    /// <summary>The coordinator made or replaced an FDB entry.</summary>
    public void Note(FdbEntry entry) => Fdb[entry.LinkAddress] = entry;

    /// <summary>The coordinator removed an FDB entry.</summary>
    public void Forget(FdbEntry entry)
    {
        if (!Doubles.Remove(entry))
            Fdb.Remove(entry.LinkAddress);
    }

    /// <summary>Reads them for one link.</summary>
    public static SeenTunnel Read(RouteClient client, int index, bool isVxlan)
    {
        var seen = new SeenTunnel();
        foreach (var neighbour in client.Neighbours.List(index))
        {
            if (IsPermanent(neighbour.State) && neighbour.LinkAddress is { } mac)
                seen.Neighbours[neighbour.Address] = mac;
        }

        foreach (var entry in isVxlan ? client.Fdb.List(index) : [])
        {
            if (IsPermanent(entry.State) && entry.Destination is not null && !seen.Fdb.TryAdd(entry.LinkAddress, entry))
                seen.Doubles.Add(entry);
        }

        return seen;
    }

    /// <summary>True for an entry that was made by hand, permanent.</summary>
    public static bool IsPermanent(NeighbourState state) => (state & NeighbourState.Permanent) != 0;
}
