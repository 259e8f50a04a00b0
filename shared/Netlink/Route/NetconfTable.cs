using Plugboard.Linux;
using Plugboard.Netlink.Route.Uapi;
using static Plugboard.Netlink.Route.Uapi.RtnetlinkH;
using static Plugboard.Netlink.Uapi.NetlinkH;

namespace Plugboard.Netlink.Route;

/// <summary>Settings of a namespace that are also below /proc/sys/net, without a path. Source: net/ipv4/devinet.c; ip-netconf(8).</summary>
public sealed class NetconfTable
{
    private readonly NetlinkSocket socket;

    internal NetconfTable(NetlinkSocket socket) => this.socket = socket;

    /// <summary>True where the namespace forwards: <c>net/ipv4/ip_forward</c>, <c>net/ipv6/conf/all/forwarding</c>.</summary>
    /// <param name="family">IPv4 or IPv6.</param>
    /// <exception cref="NetlinkException">The kernel lacks the family.</exception>
    public bool IsIPForwarding(AddressFamily family)
    {
        var request = socket.NewRequest();
        using (request.Message(RTM_GETNETCONF, NLM_F_REQUEST))
        {
            request.WriteStruct(new NetconfMsg { ncm_family = (byte)family });
            request.WriteUInt32(NetconfH.NETCONFA_IFINDEX, unchecked((uint)NetconfH.NETCONFA_IFINDEX_ALL));
        }

        return socket.Find(request, () => $"settings of {family}", Errno.None, Read) is "1";
    }

    private static string? Read(NetlinkMessage message)
    {
        var attributes = message.Attributes<NetconfMsg>();
        while (attributes.Read())
        {
            if (attributes.Type == NetconfH.NETCONFA_FORWARDING)
                return attributes.UInt32() == 0 ? "0" : "1";
        }

        return null;
    }
}
