using Plugboard.Addresses;
using Plugboard.Netlink.Route.Uapi;

namespace Plugboard.Netlink.Route;

/// <summary>RTM_NEWADDR to <see cref="InterfaceAddress"/>.</summary>
internal static class AddressReader
{
    public static InterfaceAddress? Read(NetlinkMessage message)
    {
        var header = message.Header<IfAddrMsg>();
        IPAddr? address = null,
            local = null,
            broadcast = null;
        var label = "";
        uint flags = header.ifa_flags;
        var attributes = message.Attributes<IfAddrMsg>();
        while (attributes.Read())
        {
            switch (attributes.Type)
            {
                case IfAddrH.IFA_ADDRESS:
                    address = attributes.Address();
                    break;
                case IfAddrH.IFA_LOCAL:
                    local = attributes.Address();
                    break;
                case IfAddrH.IFA_BROADCAST:
                    broadcast = attributes.Address();
                    break;
                case IfAddrH.IFA_LABEL:
                    label = attributes.String();
                    break;
                case IfAddrH.IFA_FLAGS:
                    flags = attributes.UInt32();
                    break;
            }
        }

        // IFA_ADDRESS is the peer's on a point-to-point link; IPv6 has IFA_LOCAL only there.
        if ((local ?? address) is not { } own)
            return null;
        return new InterfaceAddress
        {
            LinkIndex = (int)header.ifa_index,
            Address = new IPPrefix(own, Math.Min((int)header.ifa_prefixlen, own.BitLength)),
            Peer = address == own ? null : address,
            Broadcast = broadcast,
            Label = label,
            Scope = (RouteScope)header.ifa_scope,
            Flags = (AddressFlags)flags,
        };
    }

    /// <summary>True if the message says that it is about the namespace of that number.</summary>
    public static bool IsOfNamespace(NetlinkMessage message, int netNsId)
    {
        var attributes = message.Attributes<IfAddrMsg>();
        while (attributes.Read())
        {
            if (attributes.Type == IfAddrH.IFA_TARGET_NETNSID)
                return attributes.Int32() == netNsId;
        }

        return false;
    }

    /// <summary>The link's index alone, without an allocation: to decide whether a notification matters.</summary>
    public static int ReadIndex(NetlinkMessage message) => (int)message.Header<IfAddrMsg>().ifa_index;
}
