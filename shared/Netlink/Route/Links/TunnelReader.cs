using Plugboard.Addresses;
using static Plugboard.Netlink.Route.Uapi.IfLinkH;
using static Plugboard.Netlink.Route.Uapi.IfTunnelH;

namespace Plugboard.Netlink.Route.Links;

/// <summary>IFLA_INFO_DATA of tunnels.</summary>
internal static class TunnelReader
{
    public static VxlanInfo ReadVxlan(AttributeReader data)
    {
        var info = new VxlanInfo();
        while (data.Read())
            info = With(info, data);
        return info;
    }

    private static VxlanInfo With(VxlanInfo info, AttributeReader attribute) =>
        attribute.Type switch
        {
            IFLA_VXLAN_ID => info with { Vni = attribute.Int32() },
            IFLA_VXLAN_GROUP or IFLA_VXLAN_GROUP6 => info with { Group = Specified(attribute) },
            IFLA_VXLAN_LOCAL or IFLA_VXLAN_LOCAL6 => info with { Local = Specified(attribute) },
            IFLA_VXLAN_LINK => info with { LinkIndex = attribute.Int32() },
            IFLA_VXLAN_PORT => info with { Port = attribute.UInt16BigEndian() },
            IFLA_VXLAN_LEARNING => info with { Learning = attribute.UInt8() != 0 },
            IFLA_VXLAN_GBP => info with { Gbp = true },
            IFLA_VXLAN_L2MISS => info with { L2Miss = attribute.UInt8() != 0 },
            IFLA_VXLAN_L3MISS => info with { L3Miss = attribute.UInt8() != 0 },
            IFLA_VXLAN_COLLECT_METADATA => info with { CollectMetadata = attribute.UInt8() != 0 },
            IFLA_VXLAN_UDP_ZERO_CSUM6_TX => info with { UdpZeroChecksum6Tx = attribute.UInt8() != 0 },
            IFLA_VXLAN_UDP_ZERO_CSUM6_RX => info with { UdpZeroChecksum6Rx = attribute.UInt8() != 0 },
            IFLA_VXLAN_TTL => info with { Ttl = attribute.UInt8() },
            _ => info,
        };

    public static IpipInfo ReadIpip(AttributeReader data)
    {
        var info = new IpipInfo(null, null, 0, 0, false);
        while (data.Read())
        {
            info = data.Type switch
            {
                IFLA_IPTUN_LINK => info with { LinkIndex = data.Int32() },
                IFLA_IPTUN_LOCAL => info with { Local = Specified(data) },
                IFLA_IPTUN_REMOTE => info with { Remote = Specified(data) },
                IFLA_IPTUN_TTL => info with { Ttl = data.UInt8() },
                IFLA_IPTUN_PMTUDISC => info with { PathMtuDiscovery = data.UInt8() != 0 },
                _ => info,
            };
        }

        return info;
    }

    // The kernel reports an unset address as 0.0.0.0.
    private static IPAddr? Specified(AttributeReader attribute) => attribute.Value.ContainsAnyExcept((byte)0) ? attribute.Address() : null;
}
