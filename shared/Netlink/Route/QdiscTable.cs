using Plugboard.Linux;
using Plugboard.Netlink.Route.Traffic;
using Plugboard.Netlink.Route.Uapi;
using static Plugboard.Netlink.Route.Uapi.RtnetlinkH;
using static Plugboard.Netlink.Uapi.NetlinkH;

namespace Plugboard.Netlink.Route;

/// <summary>
/// The queueing disciplines of a namespace's links. Every refusal is a <see cref="NetlinkException"/>. Source: tc(8); rtnetlink(7),
/// RTM_NEWQDISC; net/sched/sch_api.c.
/// </summary>
public sealed class QdiscTable
{
    private const int Loopback = 1;

    private readonly NetlinkSocket socket;

    internal QdiscTable(NetlinkSocket socket) => this.socket = socket;

    /// <summary>
    /// The qdisc at a place of a link; null if absent, or only the kernel's stand-in of a link that is down.
    /// </summary>
    /// <param name="linkIndex">The link's index.</param>
    /// <param name="parent"><see cref="TrafficHandle.Root"/> or <see cref="TrafficHandle.Ingress"/>.</param>
    /// <exception cref="NetlinkException">ENODEV: no such link.</exception>
    public Qdisc? Find(int linkIndex, TrafficHandle parent)
    {
        var request = socket.NewRequest();
        // Older kernels answer a request without NLM_F_ECHO to those alone who listen for notifications. The stand-in (noop_qdisc) is not
        // reported: with nothing but the acknowledgement, or with EINVAL (sch_api.c, qdisc_get_notify).
        using (request.Message(RTM_GETQDISC, NLM_F_REQUEST | NLM_F_ACK | NLM_F_ECHO))
            Qdisc.WriteKey(request, linkIndex, parent, default);
        try
        {
            return socket.Find(request, () => Subject(linkIndex, parent), Errno.ENOENT, Qdisc.Read);
        }
        catch (NetlinkException e) when (e.Errno == Errno.EINVAL)
        {
            return null;
        }
    }

    /// <summary>All qdiscs of all links; the kernel sends no part of them.</summary>
    public IReadOnlyList<Qdisc> List()
    {
        var request = socket.NewRequest();
        using (request.Message(RTM_GETQDISC, NLM_F_REQUEST | NLM_F_DUMP))
            request.WriteStruct(default(TcMsg));
        return socket.Dump(request, static () => "qdiscs", Qdisc.Read);
    }

    /// <summary>Adds a qdisc.</summary>
    /// <exception cref="NetlinkException">EEXIST: there is one already; ENOENT: the kernel does not have the kind; EINVAL: a setting is
    /// wrong; ENODEV: no such link.</exception>
    public void Add(Qdisc qdisc) => Write(qdisc, NLM_F_EXCL);

    /// <summary>Adds a qdisc; one of the same kind and handle gets the settings, and one of another handle is replaced.</summary>
    /// <exception cref="NetlinkException">EINVAL: one of the handle has another kind, or a setting is wrong; ENOENT: the kernel does not
    /// have the kind; ENODEV: no such link.</exception>
    public void Replace(Qdisc qdisc) => Write(qdisc, NLM_F_REPLACE);

    private void Write(Qdisc qdisc, ushort mode)
    {
        var request = socket.NewRequest();
        WriteNew(request, qdisc, mode);
        socket.Execute(request, () => Subject(qdisc.LinkIndex, qdisc.Parent));
    }

    /// <summary>Removes the qdisc at a place of a link, with its filters; false if it or the link was gone already.</summary>
    /// <param name="linkIndex">The link's index.</param>
    /// <param name="parent"><see cref="TrafficHandle.Root"/> or <see cref="TrafficHandle.Ingress"/>.</param>
    public bool Delete(int linkIndex, TrafficHandle parent)
    {
        var request = socket.NewRequest();
        WriteDelete(request, linkIndex, parent);
        var error = socket.TryExecute(request);
        // ENOENT: the kernel's own, of handle 0; EINVAL: none was ever attached there.
        if (error is not null && error.Errno is not (Errno.ENOENT or Errno.EINVAL or Errno.ENODEV))
            throw new NetlinkException(nameof(RTM_DELQDISC), Subject(linkIndex, parent), error);
        return error is null;
    }

    /// <summary>
    /// True if the kernel has the kind, of those that want settings, such as <c>tbf</c>: it loads its module, and refuses one without
    /// settings (EINVAL), so that nothing is changed.
    /// </summary>
    public bool Knows(string kind)
    {
        var request = socket.NewRequest();
        using (request.Message(RTM_NEWQDISC, NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL))
        {
            Qdisc.WriteKey(request, Loopback, TrafficHandle.Root, default);
            request.WriteString(TCA_KIND, kind);
        }

        return socket.TryExecute(request) is not { Errno: Errno.ENOENT };
    }

    internal static void WriteNew(NetlinkWriter writer, Qdisc qdisc, ushort mode)
    {
        using var message = writer.Message(RTM_NEWQDISC, (ushort)(NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | mode));
        qdisc.Write(writer);
    }

    internal static void WriteDelete(NetlinkWriter writer, int linkIndex, TrafficHandle parent)
    {
        using var message = writer.Message(RTM_DELQDISC, NLM_F_REQUEST | NLM_F_ACK);
        Qdisc.WriteKey(writer, linkIndex, parent, default);
    }

    internal static string Subject(int linkIndex, TrafficHandle parent) =>
        $"{(parent == TrafficHandle.Ingress ? "ingress" : parent.ToString())} qdisc of {LinkTable.Subject(linkIndex)}";
}
