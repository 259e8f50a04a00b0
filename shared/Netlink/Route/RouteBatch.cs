using Plugboard.Addresses;
using Plugboard.Linux;
using Plugboard.Netlink.Route.Links;
using Plugboard.Netlink.Route.Traffic;
using static Plugboard.Netlink.Route.Uapi.RtnetlinkH;
using static Plugboard.Netlink.Uapi.NetlinkH;

namespace Plugboard.Netlink.Route;

/// <summary>
/// Changes to be sent together, by <see cref="RouteClient.TryExecute"/>. Unlike nftables' it is no transaction: the kernel does one after
/// the other, and a refused one stops none. Each is what the table's method of the same name does. Source: rtnetlink(7);
/// net/netlink/af_netlink.c, netlink_rcv_skb.
/// </summary>
public sealed class RouteBatch
{
    private readonly List<Change> changes = [];

    /// <summary>How many changes it holds.</summary>
    public int Count => changes.Count;

    internal NetlinkWriter Requests { get; } = new();

    /// <summary>Adds a route.</summary>
    public void Add(RouteSpec route, RouteAddMode mode = RouteAddMode.Create)
    {
        RouteTable.WriteNew(Requests, route, mode);
        changes.Add(new Change(nameof(RTM_NEWROUTE), route.ToString));
    }

    /// <summary>Removes a route.</summary>
    public void Delete(RouteSpec route)
    {
        RouteTable.WriteDelete(Requests, route);
        changes.Add(new Change(nameof(RTM_DELROUTE), route.ToString, Errno.ESRCH));
    }

    /// <summary>Adds a neighbour or replaces what is known of it.</summary>
    public void Replace(Neighbour neighbour)
    {
        NeighbourTable.WriteNew(Requests, neighbour, NLM_F_REPLACE);
        changes.Add(new Change(nameof(RTM_NEWNEIGH), () => NeighbourTable.Subject(neighbour.LinkIndex, neighbour.Address)));
    }

    /// <summary>Removes a neighbour.</summary>
    public void DeleteNeighbour(int index, IPAddr address)
    {
        NeighbourTable.WriteDelete(Requests, index, address);
        changes.Add(new Change(nameof(RTM_DELNEIGH), () => NeighbourTable.Subject(index, address), Errno.ENOENT));
    }

    /// <summary>Adds a forwarding entry, or replaces the destination the address has.</summary>
    public void Replace(FdbEntry entry)
    {
        FdbTable.WriteNew(Requests, entry, NLM_F_REPLACE);
        changes.Add(new Change(nameof(RTM_NEWNEIGH), entry.Subject));
    }

    /// <summary>Removes a forwarding entry.</summary>
    public void Delete(FdbEntry entry)
    {
        FdbTable.WriteDelete(Requests, entry);
        changes.Add(new Change(nameof(RTM_DELNEIGH), entry.Subject, Errno.ENOENT));
    }

    /// <summary>Changes a link.</summary>
    public void Set(int index, LinkChange change)
    {
        using (Requests.Message(RTM_NEWLINK, NLM_F_REQUEST | NLM_F_ACK))
            change.Write(Requests, index);
        changes.Add(new Change(nameof(RTM_NEWLINK), () => LinkTable.Subject(index)));
    }

    /// <summary>Adds a qdisc.</summary>
    public void Add(Qdisc qdisc)
    {
        QdiscTable.WriteNew(Requests, qdisc, NLM_F_EXCL);
        changes.Add(new Change(nameof(RTM_NEWQDISC), () => QdiscTable.Subject(qdisc.LinkIndex, qdisc.Parent)));
    }

    /// <summary>Removes the qdisc at a place of a link, with its classes and filters.</summary>
    public void DeleteQdisc(int linkIndex, TrafficHandle parent)
    {
        QdiscTable.WriteDelete(Requests, linkIndex, parent);
        changes.Add(new Change(nameof(RTM_DELQDISC), () => QdiscTable.Subject(linkIndex, parent), Errno.ENOENT));
    }

    /// <summary>Adds a class.</summary>
    public void Add(TrafficClass added)
    {
        ClassTable.WriteNew(Requests, added);
        changes.Add(new Change(nameof(RTM_NEWTCLASS), () => $"class {added.Handle} of {LinkTable.Subject(added.LinkIndex)}"));
    }

    /// <summary>Adds a filter.</summary>
    public void Add(Filter filter)
    {
        FilterTable.WriteNew(Requests, filter);
        changes.Add(new Change(nameof(RTM_NEWTFILTER), () => FilterTable.Subject(filter.LinkIndex, filter.Parent)));
    }

    /// <summary>Clears the buffer for a new batch.</summary>
    public void Clear()
    {
        Requests.Clear();
        changes.Clear();
    }

    // Null if the error says that the object is gone already.
    internal RouteRefusal? Describe(int place, NetlinkError error)
    {
        var change = changes[place];
        return error.Errno == change.Absent ? null : new RouteRefusal(place, change.Call, change.Subject(), error);
    }

    private sealed record Change(string Call, Func<string> Subject, Errno Absent = Errno.None);
}

/// <summary>A change of a batch that the kernel refused; the other changes are unaffected.</summary>
/// <param name="Place">Its index in the batch, from 0.</param>
/// <param name="Call">The message's name, such as <c>RTM_NEWROUTE</c>.</param>
/// <param name="Subject">The object.</param>
/// <param name="Error">The kernel's error.</param>
public sealed record RouteRefusal(int Place, string Call, string Subject, NetlinkError Error)
{
    /// <summary>Converts it to an exception.</summary>
    public NetlinkException ToException() => new(Call, Subject, Error);
}
