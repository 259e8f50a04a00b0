using Plugboard.Netlink.Route.Traffic;
using Plugboard.Netlink.Route.Uapi;
using static Plugboard.Netlink.Route.Uapi.RtnetlinkH;
using static Plugboard.Netlink.Uapi.NetlinkH;

namespace Plugboard.Netlink.Route;

/// <summary>
/// The classes of a namespace's qdiscs. Every refusal is a <see cref="NetlinkException"/>. Source: tc(8); net/sched/sch_api.c.
/// </summary>
public sealed class ClassTable
{
    private readonly NetlinkSocket socket;

    internal ClassTable(NetlinkSocket socket) => this.socket = socket;

    /// <summary>The classes of a link's qdiscs; empty if it has none, or is gone.</summary>
    /// <param name="linkIndex">The link's index.</param>
    public IReadOnlyList<TrafficClass> List(int linkIndex)
    {
        var request = socket.NewRequest();
        using (request.Message(RTM_GETTCLASS, NLM_F_REQUEST | NLM_F_DUMP))
            request.WriteStruct(new TcMsg { tcm_ifindex = linkIndex });
        return socket.Dump(request, () => Subject(linkIndex), TrafficClass.Read);
    }

    internal static void WriteNew(NetlinkWriter writer, TrafficClass added)
    {
        using var message = writer.Message(RTM_NEWTCLASS, NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL);
        added.Write(writer);
    }

    internal static string Subject(int linkIndex) => $"classes of {LinkTable.Subject(linkIndex)}";
}
