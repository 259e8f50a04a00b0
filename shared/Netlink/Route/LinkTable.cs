using System.Text;
using Plugboard.Linux;
using Plugboard.Netlink.Route.Links;
using Plugboard.Netlink.Route.Uapi;
using static Plugboard.Netlink.Route.Uapi.RtnetlinkH;
using static Plugboard.Netlink.Uapi.NetlinkH;

namespace Plugboard.Netlink.Route;

/// <summary>The links of a network namespace. Every refusal is a <see cref="NetlinkException"/>. Source: rtnetlink(7).</summary>
public sealed class LinkTable
{
    private readonly NetlinkSocket socket;

    internal LinkTable(NetlinkSocket socket) => this.socket = socket;

    /// <summary>The link of a name, or of an alternative name; null if absent, also for an impossible name.</summary>
    public Link? Find(string name)
    {
        var length = Encoding.UTF8.GetByteCount(name);
        if (length == 0 || length >= IfH.ALTIFNAMSIZ)
            return null;
        // Only an alternative name can be longer, and only its own attribute can hold it.
        var isLong = length >= IfH.IFNAMSIZ;
        var request = socket.NewRequest();
        using (request.Message(RTM_GETLINK, NLM_F_REQUEST))
        {
            request.WriteStruct(default(IfInfoMsg));
            request.WriteString(isLong ? IfLinkH.IFLA_ALT_IFNAME : IfLinkH.IFLA_IFNAME, name);
            // Without this the kernel would sum up the unused IPv6 counters of all processors.
            request.WriteUInt32(IfLinkH.IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
        }

        try
        {
            return socket.Find(request, () => name, Errno.ENODEV, LinkReader.Read);
        }
        catch (NetlinkException e) when (isLong && e.Errno == Errno.EINVAL)
        {
            // A kernel before 5.5 has no alternative names.
            return null;
        }
    }

    /// <summary>The link of a name.</summary>
    /// <exception cref="NetlinkException">ENODEV: no such link.</exception>
    public Link Get(string name) => Find(name) ?? throw Absent(name);

    /// <summary>The link of an index; null if absent.</summary>
    public Link? Find(int index) => Find(index, RTEXT_FILTER_SKIP_STATS);

    /// <summary>As <see cref="Find(int)"/>, with <see cref="Link.VirtualFunctions"/>, which the driver is asked for.</summary>
    public Link? FindWithFunctions(int index) => Find(index, RTEXT_FILTER_SKIP_STATS | RTEXT_FILTER_VF);

    private Link? Find(int index, uint extensions)
    {
        // The kernel takes an index below 1 for a request without one and refuses it (EINVAL).
        if (index <= 0)
            return null;
        var request = socket.NewRequest();
        using (request.Message(RTM_GETLINK, NLM_F_REQUEST))
        {
            request.WriteStruct(new IfInfoMsg { ifi_index = index });
            request.WriteUInt32(IfLinkH.IFLA_EXT_MASK, extensions);
        }

        return socket.Find(request, () => Subject(index), Errno.ENODEV, LinkReader.Read);
    }

    /// <summary>
    /// The link at a veth's other end in another namespace; null if that link is gone or the namespace is: also one of which only the
    /// kernel's work of taking it apart is left. Source: IFLA_TARGET_NETNSID (Linux 4.17); net/core/rtnetlink.c, rtnl_get_net_ns_capable.
    /// </summary>
    /// <param name="end">The end in this namespace, with the number of the other's.</param>
    public Link? FindPeer(Link end)
    {
        if (end.LinkNetNsId is not (>= 0 and var number) || end.PeerIndex <= 0)
            return null;
        var request = socket.NewRequest();
        using (request.Message(RTM_GETLINK, NLM_F_REQUEST))
        {
            request.WriteStruct(new IfInfoMsg { ifi_index = end.PeerIndex });
            request.WriteUInt32(IfLinkH.IFLA_TARGET_NETNSID, (uint)number);
            request.WriteUInt32(IfLinkH.IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
        }

        try
        {
            return socket.Find(request, () => $"the other end of {end.Name}", Errno.ENODEV, LinkReader.Read);
        }
        catch (NetlinkException e) when (e.Errno == Errno.EINVAL)
        {
            return null;
        }
    }

    /// <summary>The link of an index.</summary>
    /// <exception cref="NetlinkException">ENODEV: no such link.</exception>
    public Link Get(int index) => Find(index) ?? throw Absent(Subject(index));

    /// <summary>All links.</summary>
    public IReadOnlyList<Link> List() => Dump(masterIndex: 0);

    /// <summary>The ports of a bridge; the kernel picks them (Linux 4.6).</summary>
    /// <param name="masterIndex">The bridge's index.</param>
    public IReadOnlyList<Link> ListByMaster(int masterIndex) => Dump(masterIndex);

    private IReadOnlyList<Link> Dump(int masterIndex)
    {
        var request = socket.NewRequest();
        using (request.Message(RTM_GETLINK, NLM_F_REQUEST | NLM_F_DUMP))
        {
            request.WriteStruct(default(IfInfoMsg));
            request.WriteUInt32(IfLinkH.IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
            if (masterIndex != 0)
                request.WriteUInt32(IfLinkH.IFLA_MASTER, (uint)masterIndex);
        }

        return socket.Dump(request, () => masterIndex == 0 ? "links" : $"ports of {Subject(masterIndex)}", LinkReader.Read);
    }

    /// <summary>Creates a link; fails if the name is taken.</summary>
    /// <exception cref="NetlinkException">EEXIST: the name (or the veth peer's) is taken; EOPNOTSUPP: the kernel does not have the kind;
    /// ERANGE: the name is too long.</exception>
    public void Add(LinkSpec spec)
    {
        var request = socket.NewRequest();
        using (request.Message(RTM_NEWLINK, NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL))
            spec.Write(request);
        socket.Execute(request, () => spec.Name);
        GC.KeepAlive(spec);
    }

    /// <summary>Changes a link in one request.</summary>
    /// <exception cref="NetlinkException">ENODEV: no such link; or the driver's error.</exception>
    public void Set(int index, LinkChange change)
    {
        var request = socket.NewRequest();
        // RTM_NEWLINK without NLM_F_CREATE is what RTM_SETLINK is, and the one of the two that ip-link(8) has always used.
        using (request.Message(RTM_NEWLINK, NLM_F_REQUEST | NLM_F_ACK))
            change.Write(request, index);
        socket.Execute(request, () => Subject(index));
        GC.KeepAlive(change);
    }

    /// <summary>Changes the link of a name, in one request; spares asking for its index.</summary>
    /// <exception cref="NetlinkException">ENODEV: no such link; or the driver's error.</exception>
    public void Set(string name, LinkChange change)
    {
        var request = socket.NewRequest();
        using (request.Message(RTM_NEWLINK, NLM_F_REQUEST | NLM_F_ACK))
        {
            change.Write(request, 0);
            request.WriteString(IfLinkH.IFLA_IFNAME, name);
        }

        socket.Execute(request, () => name);
        GC.KeepAlive(change);
    }

    /// <summary>Removes an alternative name; false if the link has it no longer (Linux 5.5).</summary>
    /// <exception cref="NetlinkException">ENODEV: no such link.</exception>
    public bool DeleteAlternativeName(int index, string name)
    {
        var request = socket.NewRequest();
        using (request.Message(RTM_DELLINKPROP, NLM_F_REQUEST | NLM_F_ACK))
        {
            request.WriteStruct(new IfInfoMsg { ifi_index = index });
            using var properties = request.Nested(IfLinkH.IFLA_PROP_LIST);
            request.WriteString(IfLinkH.IFLA_ALT_IFNAME, name);
        }

        return socket.ExecuteUnlessAbsent(request, () => $"alternative name {name} of {Subject(index)}", Errno.ENOENT);
    }

    /// <summary>Changes a bridge port.</summary>
    /// <exception cref="NetlinkException">ENODEV: no such link; EINVAL or EOPNOTSUPP: it is not a port of a bridge.</exception>
    public void SetPort(int index, BridgePortChange change)
    {
        var request = socket.NewRequest();
        using (request.Message(RTM_SETLINK, NLM_F_REQUEST | NLM_F_ACK))
        {
            request.WriteStruct(new IfInfoMsg { ifi_family = SocketH.AF_BRIDGE, ifi_index = index });
            using var port = request.Nested(IfLinkH.IFLA_PROTINFO);
            change.Write(request);
        }

        socket.Execute(request, () => Subject(index));
    }

    /// <summary>Removes a link, and with one end of a veth pair the other; false if it was gone already (ENODEV).</summary>
    /// <exception cref="NetlinkException">EOPNOTSUPP: it cannot be removed, as hardware and loopback.</exception>
    public bool Delete(int index)
    {
        if (index <= 0)
            return false;
        var request = socket.NewRequest();
        using (request.Message(RTM_DELLINK, NLM_F_REQUEST | NLM_F_ACK))
            request.WriteStruct(new IfInfoMsg { ifi_index = index });
        return socket.ExecuteUnlessAbsent(request, () => Subject(index), Errno.ENODEV);
    }

    /// <summary>Removes the link of a name; otherwise as <see cref="Delete(int)"/>.</summary>
    /// <exception cref="NetlinkException">EOPNOTSUPP: it cannot be removed, as hardware and loopback.</exception>
    public bool Delete(string name)
    {
        var request = socket.NewRequest();
        using (request.Message(RTM_DELLINK, NLM_F_REQUEST | NLM_F_ACK))
        {
            request.WriteStruct(default(IfInfoMsg));
            request.WriteString(IfLinkH.IFLA_IFNAME, name);
        }

        return socket.ExecuteUnlessAbsent(request, () => name, Errno.ENODEV);
    }

    /// <summary>
    /// True if the kernel has the kind of link, such as <c>ifb</c>: it loads its module, and refuses a link without queues (EINVAL), so
    /// that none is made.
    /// </summary>
    public bool Knows(string kind)
    {
        var request = socket.NewRequest();
        using (request.Message(RTM_NEWLINK, NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL))
        {
            request.WriteStruct(default(IfInfoMsg));
            request.WriteUInt32(IfLinkH.IFLA_NUM_TX_QUEUES, 0);
            using var info = request.Nested(IfLinkH.IFLA_LINKINFO);
            request.WriteString(IfLinkH.IFLA_INFO_KIND, kind);
        }

        return socket.TryExecute(request) is not { Errno: Errno.EOPNOTSUPP };
    }

    // Without a culture: the first use of one costs a cold process about 0.1 ms.
    internal static string Subject(int index) => "link " + index.ToString();

    private static NetlinkException Absent(string subject) => new(nameof(RTM_GETLINK), subject, new NetlinkError(Errno.ENODEV, null, null));
}
