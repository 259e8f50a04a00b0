using Plugboard.Linux;
using Plugboard.Linux.Namespaces;
using Plugboard.Netlink.Conntrack.Uapi;
using static Plugboard.Netlink.Conntrack.Uapi.NfnetlinkConntrackH;
using static Plugboard.Netlink.Uapi.NetlinkH;

namespace Plugboard.Netlink.Conntrack;

/// <summary>
/// The flows that the kernel tracks in one network namespace, through one socket that stays in it. Not for two threads at once. Each
/// deletion names its flow: the kernel takes a delete request without a tuple for "all", and none is ever sent. Source:
/// net/netfilter/nf_conntrack_netlink.c; include/uapi/linux/netfilter/nfnetlink_conntrack.h.
/// </summary>
public sealed class ConntrackClient : IDisposable
{
    private readonly NetlinkSocket socket;

    internal ConntrackClient(NetlinkSocket socket) => this.socket = socket;

    /// <summary>Opens a client in the calling thread's namespace.</summary>
    /// <exception cref="ErrnoException">EPROTONOSUPPORT where the kernel has no netfilter netlink.</exception>
    public static ConntrackClient Open() => new(NetlinkSocket.Open(NetlinkProtocol.Netfilter, new ConntrackDialect()));

    /// <summary>Opens a client in a namespace, on a thread of its own that enters it.</summary>
    /// <exception cref="ErrnoException">The namespace cannot be entered (EPERM), or the kernel has no netfilter netlink.</exception>
    public static ConntrackClient Open(NetworkNamespace ns) => NamespaceThread.Run(ns, Open);

    /// <summary>
    /// The flows of a filter. Since Linux 5.8 the kernel picks them by protocol, ports and IPv4 addresses; each is asked for again here.
    /// </summary>
    /// <exception cref="NetlinkException">EINVAL or EOPNOTSUPP where the kernel has no conntrack netlink (CONFIG_NF_CT_NETLINK),
    /// EPERM.</exception>
    public IReadOnlyList<Flow> List(FlowFilter filter) => Dump(filter, filter.Matches);

    internal IReadOnlyList<Flow> Dump(FlowFilter filter, Predicate<Flow> predicate)
    {
        var request = socket.NewRequest();
        using (request.Message(ConntrackDialect.Type(IPCTNL_MSG_CT_GET), NLM_F_REQUEST | NLM_F_DUMP))
        {
            request.WriteStruct(new NfGenMsg { nfgen_family = Family(filter.Is6), version = NFNETLINK_V0 });
            FlowFilterWriter.Write(request, filter);
        }

        return socket.Dump(request, () => "flows", message => FlowReader.Read(message) is { } flow && predicate(flow) ? flow : null);
    }

    /// <summary>Deletes a flow: its next packet starts a new one, with a new translation. False if it was gone already.</summary>
    /// <exception cref="NetlinkException">EPERM.</exception>
    public bool Delete(Flow flow)
    {
        if (flow.Key.Length == 0)
            throw new ArgumentException("only a flow that was listed can be deleted", nameof(flow));
        var request = socket.NewRequest();
        using (request.Message(ConntrackDialect.Type(IPCTNL_MSG_CT_DELETE), NLM_F_REQUEST | NLM_F_ACK))
        {
            request.WriteStruct(new NfGenMsg { nfgen_family = Family(flow.Original.Source.Is6), version = NFNETLINK_V0 });
            request.WriteBytes(CTA_TUPLE_ORIG | NLA_F_NESTED, flow.Key);
            request.WriteUInt32BigEndian(CTA_ID, flow.Id);
            if (flow.Zone != 0)
                request.WriteUInt16BigEndian(CTA_ZONE, flow.Zone);
        }

        return socket.ExecuteUnlessAbsent(request, () => $"flow {flow.Original}", Errno.ENOENT);
    }

    /// <summary>Ends the flows of a filter, one by one.</summary>
    /// <param name="filter">Which flows.</param>
    /// <param name="predicate">Which of these; null: all of these.</param>
    /// <returns>How many were ended.</returns>
    /// <exception cref="NetlinkException">As <see cref="List"/> and <see cref="Delete"/>.</exception>
    public int DeleteWhere(FlowFilter filter, Predicate<Flow>? predicate = null)
    {
        var count = 0;
        foreach (var flow in List(filter))
        {
            if ((predicate is null || predicate(flow)) && Delete(flow))
                count++;
        }

        return count;
    }

    private static byte Family(bool is6) => (byte)(is6 ? Route.AddressFamily.IPv6 : Route.AddressFamily.IPv4);

    /// <inheritdoc/>
    public void Dispose() => socket.Dispose();
}
