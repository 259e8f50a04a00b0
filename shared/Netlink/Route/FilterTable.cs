using Plugboard.Linux;
using Plugboard.Netlink.Route.Traffic;
using Plugboard.Netlink.Route.Uapi;
using static Plugboard.Netlink.Route.Uapi.RtnetlinkH;
using static Plugboard.Netlink.Uapi.NetlinkH;

namespace Plugboard.Netlink.Route;

/// <summary>
/// The filters of a namespace's qdiscs. Every refusal is a <see cref="NetlinkException"/>. Source: tc(8); net/sched/cls_api.c.
/// </summary>
public sealed class FilterTable
{
    private readonly NetlinkSocket socket;

    internal FilterTable(NetlinkSocket socket) => this.socket = socket;

    /// <summary>The filters of a qdisc, in the order in which they are asked; empty if there is no such qdisc.</summary>
    /// <param name="linkIndex">The link's index.</param>
    /// <param name="parent">As <see cref="Filter.Parent"/>.</param>
    public IReadOnlyList<Filter> List(int linkIndex, TrafficHandle parent)
    {
        var request = socket.NewRequest();
        using (request.Message(RTM_GETTFILTER, NLM_F_REQUEST | NLM_F_DUMP))
            request.WriteStruct(new TcMsg { tcm_ifindex = linkIndex, tcm_parent = parent.Value });
        return socket.Dump(request, () => Subject(linkIndex, parent), FilterReader.Read, Errno.ENODEV);
    }

    /// <summary>Adds an <c>u32</c> that matches every packet, and redirects it.</summary>
    /// <exception cref="NetlinkException">EINVAL: there is no such qdisc, or the priority has filters of another kind; ENOENT: the kernel
    /// lacks <c>u32</c> or <c>mirred</c>; ENODEV: a link is gone.</exception>
    public void Add(Filter filter)
    {
        var request = socket.NewRequest();
        WriteNew(request, filter);
        socket.Execute(request, () => Subject(filter.LinkIndex, filter.Parent));
    }

    /// <summary>
    /// Removes one filter, as <see cref="List"/> has it, or with <see cref="Filter.Handle"/> 0 all of its priority; false if it, its qdisc
    /// or its link was gone already.
    /// </summary>
    public bool Delete(Filter filter)
    {
        var request = socket.NewRequest();
        using (request.Message(RTM_DELTFILTER, NLM_F_REQUEST | NLM_F_ACK))
        {
            filter.WriteKey(request);
            request.WriteString(TCA_KIND, filter.Kind);
        }

        var error = socket.TryExecute(request);
        if (error is not null && error.Errno is not (Errno.ENOENT or Errno.EINVAL or Errno.ENODEV))
            throw new NetlinkException(nameof(RTM_DELTFILTER), Subject(filter.LinkIndex, filter.Parent), error);
        return error is null;
    }

    /// <summary>
    /// True if the kernel has the kind of action, such as <c>mirred</c>: it loads its module, and refuses one without settings (EINVAL), so
    /// that nothing is made.
    /// </summary>
    public bool KnowsAction(string kind)
    {
        var request = socket.NewRequest();
        using (request.Message(RTM_NEWACTION, NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL))
        {
            request.WriteStruct(default(TcaMsg));
            using var actions = request.Nested(TCA_ACT_TAB);
            using var action = request.Nested(1);
            request.WriteString(PktClsH.TCA_ACT_KIND, kind);
        }

        return socket.TryExecute(request) is not { Errno: Errno.ENOENT };
    }

    internal static void WriteNew(NetlinkWriter writer, Filter filter)
    {
        using var message = writer.Message(RTM_NEWTFILTER, NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL);
        filter.Write(writer);
    }

    internal static string Subject(int linkIndex, TrafficHandle parent) => $"filter of {parent} of {LinkTable.Subject(linkIndex)}";
}
