using Plugboard.Netlink.Route.Links;
using Plugboard.Netlink.Route.Uapi;
using static Plugboard.Netlink.Route.Uapi.RtnetlinkH;
using static Plugboard.Netlink.Uapi.NetlinkH;

namespace Plugboard.Netlink.Route;

/// <summary>A notification to <see cref="RouteChange"/>.</summary>
internal static class RouteChangeReader
{
    /// <summary>Null for what is none of a <see cref="RouteChange"/>'s.</summary>
    public static RouteChange? Read(NetlinkMessage message)
    {
        var change = Subject(message);
        return change is null
            ? null
            : change with
            {
                // Of each four messages the first makes, the second removes.
                IsDeleted = message.Type % 4 == 1,
                IsReplacement = message.Type == RTM_NEWROUTE && (message.Flags & NLM_F_REPLACE) != 0,
                PortId = message.PortId,
            };
    }

    private static RouteChange? Subject(NetlinkMessage message)
    {
        switch (message.Type)
        {
            // A bridge tells of its ports by link messages of its own: RTM_DELLINK there is a port that was taken out.
            case RTM_NEWLINK or RTM_DELLINK when message.Header<IfInfoMsg>().ifi_family == SocketH.AF_UNSPEC:
                return new RouteChange { Link = LinkReader.Read(message) };
            case RTM_NEWADDR or RTM_DELADDR:
                return AddressReader.Read(message) is { } address ? new RouteChange { Address = address } : null;
            case RTM_NEWROUTE or RTM_DELROUTE:
                return RouteReader.Read(message) is { IsCloned: false } route ? new RouteChange { Route = route } : null;
            case RTM_NEWNEIGH or RTM_DELNEIGH when message.Header<NdMsg>().ndm_family == SocketH.AF_BRIDGE:
                return FdbReader.Read(message) is { } entry ? new RouteChange { Fdb = entry } : null;
            case RTM_NEWNEIGH or RTM_DELNEIGH:
                return NeighbourReader.Read(message) is { } neighbour ? new RouteChange { Neighbour = neighbour } : null;
            default:
                return null;
        }
    }
}
