using System.Globalization;
using Plugboard.Linux;
using Plugboard.Linux.Namespaces;
using Plugboard.Netlink.Route.Uapi;
using static Plugboard.Netlink.Route.Uapi.RtnetlinkH;
using static Plugboard.Netlink.Uapi.NetlinkH;

namespace Plugboard.Netlink.Route;

/// <summary>
/// The numbers that a namespace has for others, as in <see cref="Links.Link.LinkNetNsId"/>. Source: include/uapi/linux/net_namespace.h;
/// ip-netns(8), list-id.
/// </summary>
public sealed class NamespaceTable
{
    private readonly NetlinkSocket socket;

    internal NamespaceTable(NetlinkSocket socket) => this.socket = socket;

    /// <summary>This namespace's number for another; null if it has none, so that no link of this namespace leads there.</summary>
    public int? FindNumber(NetworkNamespace other)
    {
        var request = socket.NewRequest();
        using (request.Message(RTM_GETNSID, NLM_F_REQUEST))
        {
            request.WriteStruct(default(RtGenMsg));
            request.WriteDescriptor(NetNamespaceH.NETNSA_FD, other.File);
        }

        var number = socket.Find(request, () => other.Path, Errno.None, Read);
        GC.KeepAlive(other);
        return number is null ? null : int.Parse(number, CultureInfo.InvariantCulture);
    }

    private static string? Read(NetlinkMessage message)
    {
        var attributes = message.Attributes<RtGenMsg>();
        while (attributes.Read())
        {
            if (attributes.Type == NetNamespaceH.NETNSA_NSID && attributes.Int32() is >= 0 and var number)
                return number.ToString(CultureInfo.InvariantCulture);
        }

        return null;
    }
}
