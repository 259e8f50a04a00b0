using Plugboard.Addresses;
using Plugboard.Netlink.Route;

namespace Plugboard.Coordinator.Routes;

/// <summary>What was last read of a tunnel's neighbours and fdb database, with what was changed since.</summary>
internal sealed class SeenTunnel
{
    /// <summary>The permanent neighbours.</summary>
    public Dictionary<IPAddr, MacAddress> Neighbours { get; } = [];

    /// <summary>The permanent fdb entries.</summary>
    public Dictionary<MacAddress, FdbEntry> Fdb { get; } = [];

    /// <summary>Forwarding entries behind another of the same hardware address: packets would go out twice.</summary>
    public List<FdbEntry> Doubles { get; } = [];

    /// <summary>Reads those of one link.</summary>
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

    /// <summary>True for what somebody wrote by hand, for ever.</summary>
    public static bool IsPermanent(NeighbourState state) => (state & NeighbourState.Permanent) != 0;
}
