using Plugboard.Addresses;
using Plugboard.Netlink.Route.Uapi;

namespace Plugboard.Netlink.Route;

/// <summary>RTM_NEWNEIGH of AF_INET and AF_INET6 to <see cref="Neighbour"/>.</summary>
internal static class NeighbourReader
{
    /// <summary>Null for another family, and without an address.</summary>
    public static Neighbour? Read(NetlinkMessage message)
    {
        var header = message.Header<NdMsg>();
        if (header.ndm_family is not (SocketH.AF_INET or SocketH.AF_INET6))
            return null;
        IPAddr? address = null;
        MacAddress? mac = null;
        var protocol = RouteProtocol.Unspecified;
        var attributes = message.Attributes<NdMsg>();
        while (attributes.Read())
        {
            if (attributes.Type == NeighbourH.NDA_DST)
                address = attributes.Address();
            else if (attributes.Type == NeighbourH.NDA_LLADDR)
                mac = attributes.Mac();
            else if (attributes.Type == NeighbourH.NDA_PROTOCOL)
                protocol = (RouteProtocol)attributes.UInt8();
        }

        return address is { } known
            ? new Neighbour(header.ndm_ifindex, known, mac, (NeighbourState)header.ndm_state) { Protocol = protocol }
            : null;
    }

    /// <summary>The link's index alone, of any family: to leave out other links' without an allocation.</summary>
    public static int ReadIndex(NetlinkMessage message) => message.Header<NdMsg>().ndm_ifindex;
}
