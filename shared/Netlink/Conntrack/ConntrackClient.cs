using System.Buffers.Binary;
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
    // AF_UNSPEC.
    private const byte AnyFamily = 0;

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

    /// <summary>The flows of both families that a predicate takes; the kernel sends all of them.</summary>
    /// <param name="predicate">Takes a flow.</param>
    /// <exception cref="NetlinkException">As <see cref="List"/>.</exception>
    public IReadOnlyList<Flow> ListWhere(FlowPredicate predicate) => DumpFamily(AnyFamily, predicate);

    /// <summary>The flows of a family that a predicate takes; the kernel sends all of them.</summary>
    /// <param name="is6">IPv6, else IPv4.</param>
    /// <param name="predicate">Takes a flow.</param>
    /// <exception cref="NetlinkException">As <see cref="List"/>.</exception>
    public IReadOnlyList<Flow> ListWhere(bool is6, FlowPredicate predicate) => DumpFamily(Family(is6), predicate);

    private IReadOnlyList<Flow> DumpFamily(byte family, FlowPredicate predicate)
    {
        var request = socket.NewRequest();
        using (request.Message(ConntrackDialect.Type(IPCTNL_MSG_CT_GET), NLM_F_REQUEST | NLM_F_DUMP))
            request.WriteStruct(new NfGenMsg { nfgen_family = family, version = NFNETLINK_V0 });
        return socket.Dump(request, static () => "flows", message => FlowReader.Read(message, predicate));
    }

    /// <summary>
    /// The flows of a filter that a predicate takes, as <see cref="List"/>; before Linux 5.8 the predicate sees others too.
    /// </summary>
    /// <param name="filter">Which flows the kernel sends.</param>
    /// <param name="predicate">Takes a flow.</param>
    /// <exception cref="NetlinkException">As <see cref="List"/>.</exception>
    public IReadOnlyList<Flow> ListWhere(FlowFilter filter, FlowPredicate predicate) =>
        Dump(filter, message => FlowReader.Read(message, predicate) is { } flow && filter.Matches(flow) ? flow : null);

    internal IReadOnlyList<Flow> Dump(FlowFilter filter, Predicate<Flow> predicate) =>
        Dump(filter, message => FlowReader.Read(message) is { } flow && predicate(flow) ? flow : null);

    private IReadOnlyList<Flow> Dump(FlowFilter filter, NetlinkSocket.Parser<Flow?> read)
    {
        var request = socket.NewRequest();
        using (request.Message(ConntrackDialect.Type(IPCTNL_MSG_CT_GET), NLM_F_REQUEST | NLM_F_DUMP))
        {
            request.WriteStruct(new NfGenMsg { nfgen_family = Family(filter.Is6), version = NFNETLINK_V0 });
            FlowFilterWriter.Write(request, filter);
        }

        return socket.Dump(request, static () => "flows", read);
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

    /// <summary>Sets a bit of a flow's labels, or clears it.</summary>
    /// <param name="flow">A flow that was listed.</param>
    /// <param name="bit">0 to 127.</param>
    /// <param name="value">Set it.</param>
    /// <exception cref="NetlinkException">EPERM; EOPNOTSUPP where the kernel has no labels (CONFIG_NF_CONNTRACK_LABELS).</exception>
    public FlowLabeling Label(Flow flow, int bit, bool value)
    {
        var request = socket.NewRequest();
        using (BeginChange(request, flow, NLM_F_REQUEST | NLM_F_ACK))
        {
            WriteLabels(request, CTA_LABELS, value ? UInt128.One << bit : UInt128.Zero);
            WriteLabels(request, CTA_LABELS_MASK, UInt128.One << bit);
        }

        return socket.TryExecute(request) switch
        {
            null => FlowLabeling.Done,
            { Errno: Errno.ENOENT } => FlowLabeling.IsGone,
            { Errno: Errno.ENOSPC } => FlowLabeling.HasNoRoom,
            { } error => throw new NetlinkException(nameof(IPCTNL_MSG_CT_NEW), $"flow {flow.Original}", error),
        };
    }

    /// <summary>
    /// Puts a flow with a bit of its labels set, and without any translation, into the place of one that was deleted. False if there is a
    /// flow again.
    /// </summary>
    /// <param name="flow">A flow that was listed, and deleted.</param>
    /// <param name="bit">0 to 127.</param>
    /// <exception cref="NetlinkException">EPERM, ENOMEM.</exception>
    public bool CreateLabelled(Flow flow, int bit)
    {
        const byte Tcp = 6;
        var request = socket.NewRequest();
        using (BeginChange(request, flow, NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL))
        {
            request.WriteBytes(CTA_TUPLE_REPLY | NLA_F_NESTED, flow.ReplyKey);
            request.WriteUInt32BigEndian(CTA_TIMEOUT, Math.Max(flow.Timeout, 1));
            request.WriteUInt32BigEndian(CTA_STATUS, (uint)(IPS_CONFIRMED | IPS_SEEN_REPLY | IPS_ASSURED));
            WriteLabels(request, CTA_LABELS, UInt128.One << bit);
            if (flow.Original.Protocol == Tcp)
                WriteEstablished(request);
        }

        return socket.TryExecute(request) switch
        {
            null => true,
            { Errno: Errno.EEXIST } => false,
            { } error => throw new NetlinkException(nameof(IPCTNL_MSG_CT_NEW), $"flow {flow.Original}", error),
        };
    }

    private static NetlinkWriter.MessageScope BeginChange(NetlinkWriter request, Flow flow, int flags)
    {
        if (flow.Key.Length == 0)
            throw new ArgumentException("only a flow that was listed can be changed", nameof(flow));
        var message = request.Message(ConntrackDialect.Type(IPCTNL_MSG_CT_NEW), (ushort)flags);
        request.WriteStruct(new NfGenMsg { nfgen_family = Family(flow.Original.Source.Is6), version = NFNETLINK_V0 });
        request.WriteBytes(CTA_TUPLE_ORIG | NLA_F_NESTED, flow.Key);
        if (flow.Zone != 0)
            request.WriteUInt16BigEndian(CTA_ZONE, flow.Zone);
        return message;
    }

    private static void WriteLabels(NetlinkWriter request, ushort type, UInt128 bits)
    {
        Span<byte> value = stackalloc byte[Flow.LabelBytes];
        BinaryPrimitives.WriteUInt128LittleEndian(value, bits);
        request.WriteBytes(type, value);
    }

    // Whatever sequence numbers the next packet has, it belongs to this flow.
    private static void WriteEstablished(NetlinkWriter request)
    {
        const byte Liberal = NfConntrackTcpH.IP_CT_TCP_FLAG_BE_LIBERAL;
        using (request.Nested(CTA_PROTOINFO))
        using (request.Nested(CTA_PROTOINFO_TCP))
        {
            request.WriteUInt8(CTA_PROTOINFO_TCP_STATE, NfConntrackTcpH.TCP_CONNTRACK_ESTABLISHED);
            request.WriteBytes(CTA_PROTOINFO_TCP_FLAGS_ORIGINAL, [Liberal, Liberal]);
            request.WriteBytes(CTA_PROTOINFO_TCP_FLAGS_REPLY, [Liberal, Liberal]);
        }
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
