using System.Runtime.CompilerServices;
using Plugboard.Netlink.Route.Uapi;
using Plugboard.Netlink.Trace;
using static Plugboard.Netlink.Route.Uapi.IfAddrH;
using static Plugboard.Netlink.Route.Uapi.IfBridgeH;
using static Plugboard.Netlink.Route.Uapi.IfLinkH;
using static Plugboard.Netlink.Route.Uapi.IfTunnelH;
using static Plugboard.Netlink.Route.Uapi.NeighbourH;
using static Plugboard.Netlink.Route.Uapi.RtnetlinkH;
using static Plugboard.Netlink.Route.Uapi.VethH;
using static Plugboard.Netlink.Trace.AttributeFormat;

namespace Plugboard.Netlink.Route;

/// <summary>The attributes of rtnetlink's messages. Built at each use: only errors and the trace need them.</summary>
internal static class RouteSchemas
{
    public static AttributeSchema Link(bool bridge) =>
        new(
            Unsafe.SizeOf<IfInfoMsg>(),
            new(IFLA_ADDRESS, nameof(IFLA_ADDRESS), Mac),
            new(IFLA_BROADCAST, nameof(IFLA_BROADCAST), Mac),
            new(IFLA_IFNAME, nameof(IFLA_IFNAME), Text),
            new(IFLA_MTU, nameof(IFLA_MTU), Number),
            new(IFLA_LINK, nameof(IFLA_LINK), Number),
            new(IFLA_QDISC, nameof(IFLA_QDISC), Text),
            new(IFLA_STATS, nameof(IFLA_STATS), Bytes),
            new(IFLA_MASTER, nameof(IFLA_MASTER), Number),
            new(IFLA_PROTINFO, nameof(IFLA_PROTINFO), Nested, bridge ? BridgePort() : null),
            new(IFLA_TXQLEN, nameof(IFLA_TXQLEN), Number),
            new(IFLA_MAP, nameof(IFLA_MAP), Bytes),
            new(IFLA_OPERSTATE, nameof(IFLA_OPERSTATE), Number),
            new(IFLA_LINKMODE, nameof(IFLA_LINKMODE), Number),
            new(IFLA_LINKINFO, nameof(IFLA_LINKINFO), Nested, LinkInfo()),
            new(IFLA_NET_NS_PID, nameof(IFLA_NET_NS_PID), Number),
            new(IFLA_IFALIAS, nameof(IFLA_IFALIAS), Text),
            new(IFLA_NUM_VF, nameof(IFLA_NUM_VF), Number),
            new(IFLA_STATS64, nameof(IFLA_STATS64), Bytes),
            new(IFLA_AF_SPEC, nameof(IFLA_AF_SPEC), Nested, bridge ? BridgeSpec() : null),
            new(IFLA_GROUP, nameof(IFLA_GROUP), Number),
            new(IFLA_NET_NS_FD, nameof(IFLA_NET_NS_FD), Number),
            new(IFLA_EXT_MASK, nameof(IFLA_EXT_MASK), Number),
            new(IFLA_PROMISCUITY, nameof(IFLA_PROMISCUITY), Number),
            new(IFLA_NUM_TX_QUEUES, nameof(IFLA_NUM_TX_QUEUES), Number),
            new(IFLA_NUM_RX_QUEUES, nameof(IFLA_NUM_RX_QUEUES), Number),
            new(IFLA_CARRIER, nameof(IFLA_CARRIER), Number),
            new(IFLA_CARRIER_CHANGES, nameof(IFLA_CARRIER_CHANGES), Number),
            new(IFLA_LINK_NETNSID, nameof(IFLA_LINK_NETNSID), Number),
            new(IFLA_TARGET_NETNSID, nameof(IFLA_TARGET_NETNSID), Number),
            new(IFLA_PROTO_DOWN, nameof(IFLA_PROTO_DOWN), Number),
            new(IFLA_GSO_MAX_SEGS, nameof(IFLA_GSO_MAX_SEGS), Number),
            new(IFLA_GSO_MAX_SIZE, nameof(IFLA_GSO_MAX_SIZE), Number),
            new(IFLA_XDP, nameof(IFLA_XDP), Bytes),
            new(IFLA_EVENT, nameof(IFLA_EVENT), Number),
            new(IFLA_MIN_MTU, nameof(IFLA_MIN_MTU), Number),
            new(IFLA_MAX_MTU, nameof(IFLA_MAX_MTU), Number),
            new(IFLA_PERM_ADDRESS, nameof(IFLA_PERM_ADDRESS), Mac),
            new(IFLA_VFINFO_LIST, nameof(IFLA_VFINFO_LIST), Nested, VirtualFunctions()),
            new(IFLA_PROP_LIST, nameof(IFLA_PROP_LIST), Nested, Properties()),
            new(IFLA_PARENT_DEV_NAME, nameof(IFLA_PARENT_DEV_NAME), Text),
            new(IFLA_PARENT_DEV_BUS_NAME, nameof(IFLA_PARENT_DEV_BUS_NAME), Text)
        );

    private static AttributeSchema Properties() => new(0, new AttributeDefinition(IFLA_ALT_IFNAME, nameof(IFLA_ALT_IFNAME), Text));

    // Each value but the VLANs is a structure that begins with the function's number.
    private static AttributeSchema VirtualFunctions() =>
        new(
            0,
            new AttributeDefinition(
                IFLA_VF_INFO,
                nameof(IFLA_VF_INFO),
                Nested,
                new(
                    0,
                    new(IFLA_VF_MAC, nameof(IFLA_VF_MAC), Bytes),
                    new(IFLA_VF_VLAN, nameof(IFLA_VF_VLAN), Bytes),
                    new(IFLA_VF_TX_RATE, nameof(IFLA_VF_TX_RATE), Bytes),
                    new(IFLA_VF_SPOOFCHK, nameof(IFLA_VF_SPOOFCHK), Bytes),
                    new(IFLA_VF_LINK_STATE, nameof(IFLA_VF_LINK_STATE), Bytes),
                    new(IFLA_VF_RATE, nameof(IFLA_VF_RATE), Bytes),
                    new(IFLA_VF_RSS_QUERY_EN, nameof(IFLA_VF_RSS_QUERY_EN), Bytes),
                    new(IFLA_VF_STATS, nameof(IFLA_VF_STATS), Bytes),
                    new(IFLA_VF_TRUST, nameof(IFLA_VF_TRUST), Bytes),
                    new(
                        IFLA_VF_VLAN_LIST,
                        nameof(IFLA_VF_VLAN_LIST),
                        Nested,
                        new(0, new AttributeDefinition(IFLA_VF_VLAN_INFO, nameof(IFLA_VF_VLAN_INFO), Bytes))
                    ),
                    new(IFLA_VF_BROADCAST, nameof(IFLA_VF_BROADCAST), Bytes)
                )
            )
        );

    private static AttributeSchema LinkInfo() =>
        new(
            0,
            new(IFLA_INFO_KIND, nameof(IFLA_INFO_KIND), Text),
            new(IFLA_INFO_DATA, nameof(IFLA_INFO_DATA), Nested, NestedByKind: LinkData),
            new(IFLA_INFO_XSTATS, nameof(IFLA_INFO_XSTATS), Bytes),
            new(IFLA_INFO_SLAVE_KIND, nameof(IFLA_INFO_SLAVE_KIND), Text),
            new(IFLA_INFO_SLAVE_DATA, nameof(IFLA_INFO_SLAVE_DATA), Nested, NestedByKind: kind => kind == "bridge" ? BridgePort() : null)
        );

    private static AttributeSchema? LinkData(string kind) =>
        kind switch
        {
            "bridge" => new(
                0,
                new(IFLA_BR_AGEING_TIME, nameof(IFLA_BR_AGEING_TIME), Number),
                new(IFLA_BR_STP_STATE, nameof(IFLA_BR_STP_STATE), Number),
                new(IFLA_BR_VLAN_FILTERING, nameof(IFLA_BR_VLAN_FILTERING), Number),
                new(IFLA_BR_MCAST_SNOOPING, nameof(IFLA_BR_MCAST_SNOOPING), Number)
            ),
            "veth" => new(0, new AttributeDefinition(VETH_INFO_PEER, nameof(VETH_INFO_PEER), Nested, PlainLink())),
            "vlan" => new(
                0,
                new(IFLA_VLAN_ID, nameof(IFLA_VLAN_ID), Number),
                new(IFLA_VLAN_FLAGS, nameof(IFLA_VLAN_FLAGS), Bytes),
                new(IFLA_VLAN_PROTOCOL, nameof(IFLA_VLAN_PROTOCOL), NumberBigEndian)
            ),
            "macvlan" => new(
                0,
                new(IFLA_MACVLAN_MODE, nameof(IFLA_MACVLAN_MODE), Number),
                new(IFLA_MACVLAN_FLAGS, nameof(IFLA_MACVLAN_FLAGS), Number),
                new(IFLA_MACVLAN_BC_QUEUE_LEN, nameof(IFLA_MACVLAN_BC_QUEUE_LEN), Number)
            ),
            "ipvlan" => new(
                0,
                new(IFLA_IPVLAN_MODE, nameof(IFLA_IPVLAN_MODE), Number),
                new(IFLA_IPVLAN_FLAGS, nameof(IFLA_IPVLAN_FLAGS), Number)
            ),
            "vrf" => new(0, new AttributeDefinition(IFLA_VRF_TABLE, nameof(IFLA_VRF_TABLE), Number)),
            "vxlan" => Vxlan(),
            "ipip" => Ipip(),
            _ => null,
        };

    private static AttributeSchema Vxlan() =>
        new(
            0,
            new(IFLA_VXLAN_ID, nameof(IFLA_VXLAN_ID), Number),
            new(IFLA_VXLAN_GROUP, nameof(IFLA_VXLAN_GROUP), AttributeFormat.Address),
            new(IFLA_VXLAN_LINK, nameof(IFLA_VXLAN_LINK), Number),
            new(IFLA_VXLAN_LOCAL, nameof(IFLA_VXLAN_LOCAL), AttributeFormat.Address),
            new(IFLA_VXLAN_TTL, nameof(IFLA_VXLAN_TTL), Number),
            new(IFLA_VXLAN_TOS, nameof(IFLA_VXLAN_TOS), Number),
            new(IFLA_VXLAN_LEARNING, nameof(IFLA_VXLAN_LEARNING), Number),
            new(IFLA_VXLAN_AGEING, nameof(IFLA_VXLAN_AGEING), Number),
            new(IFLA_VXLAN_LIMIT, nameof(IFLA_VXLAN_LIMIT), Number),
            new(IFLA_VXLAN_PORT_RANGE, nameof(IFLA_VXLAN_PORT_RANGE), Bytes),
            new(IFLA_VXLAN_PROXY, nameof(IFLA_VXLAN_PROXY), Number),
            new(IFLA_VXLAN_RSC, nameof(IFLA_VXLAN_RSC), Number),
            new(IFLA_VXLAN_L2MISS, nameof(IFLA_VXLAN_L2MISS), Number),
            new(IFLA_VXLAN_L3MISS, nameof(IFLA_VXLAN_L3MISS), Number),
            new(IFLA_VXLAN_PORT, nameof(IFLA_VXLAN_PORT), NumberBigEndian),
            new(IFLA_VXLAN_GROUP6, nameof(IFLA_VXLAN_GROUP6), AttributeFormat.Address),
            new(IFLA_VXLAN_LOCAL6, nameof(IFLA_VXLAN_LOCAL6), AttributeFormat.Address),
            new(IFLA_VXLAN_UDP_CSUM, nameof(IFLA_VXLAN_UDP_CSUM), Number),
            new(IFLA_VXLAN_UDP_ZERO_CSUM6_TX, nameof(IFLA_VXLAN_UDP_ZERO_CSUM6_TX), Number),
            new(IFLA_VXLAN_UDP_ZERO_CSUM6_RX, nameof(IFLA_VXLAN_UDP_ZERO_CSUM6_RX), Number),
            new(IFLA_VXLAN_GBP, nameof(IFLA_VXLAN_GBP), Bytes),
            new(IFLA_VXLAN_COLLECT_METADATA, nameof(IFLA_VXLAN_COLLECT_METADATA), Number),
            new(IFLA_VXLAN_TTL_INHERIT, nameof(IFLA_VXLAN_TTL_INHERIT), Bytes)
        );

    private static AttributeSchema Ipip() =>
        new(
            0,
            new(IFLA_IPTUN_LINK, nameof(IFLA_IPTUN_LINK), Number),
            new(IFLA_IPTUN_LOCAL, nameof(IFLA_IPTUN_LOCAL), AttributeFormat.Address),
            new(IFLA_IPTUN_REMOTE, nameof(IFLA_IPTUN_REMOTE), AttributeFormat.Address),
            new(IFLA_IPTUN_TTL, nameof(IFLA_IPTUN_TTL), Number),
            new(IFLA_IPTUN_TOS, nameof(IFLA_IPTUN_TOS), Number),
            new(IFLA_IPTUN_PROTO, nameof(IFLA_IPTUN_PROTO), Number),
            new(IFLA_IPTUN_PMTUDISC, nameof(IFLA_IPTUN_PMTUDISC), Number)
        );

    // A veth's peer is described by a link message of its own.
    private static AttributeSchema PlainLink() =>
        new(
            Unsafe.SizeOf<IfInfoMsg>(),
            new(IFLA_ADDRESS, nameof(IFLA_ADDRESS), Mac),
            new(IFLA_IFNAME, nameof(IFLA_IFNAME), Text),
            new(IFLA_MTU, nameof(IFLA_MTU), Number),
            new(IFLA_NET_NS_FD, nameof(IFLA_NET_NS_FD), Number)
        );

    private static AttributeSchema BridgePort() =>
        new(
            0,
            new(IFLA_BRPORT_STATE, nameof(IFLA_BRPORT_STATE), Number),
            new(IFLA_BRPORT_PRIORITY, nameof(IFLA_BRPORT_PRIORITY), Number),
            new(IFLA_BRPORT_COST, nameof(IFLA_BRPORT_COST), Number),
            new(IFLA_BRPORT_MODE, nameof(IFLA_BRPORT_MODE), Number),
            new(IFLA_BRPORT_GUARD, nameof(IFLA_BRPORT_GUARD), Number),
            new(IFLA_BRPORT_LEARNING, nameof(IFLA_BRPORT_LEARNING), Number),
            new(IFLA_BRPORT_UNICAST_FLOOD, nameof(IFLA_BRPORT_UNICAST_FLOOD), Number),
            new(IFLA_BRPORT_ISOLATED, nameof(IFLA_BRPORT_ISOLATED), Number)
        );

    private static AttributeSchema BridgeSpec() =>
        new(
            0,
            new(IFLA_BRIDGE_FLAGS, nameof(IFLA_BRIDGE_FLAGS), Number),
            new(IFLA_BRIDGE_MODE, nameof(IFLA_BRIDGE_MODE), Number),
            new(IFLA_BRIDGE_VLAN_INFO, nameof(IFLA_BRIDGE_VLAN_INFO), Bytes)
        );

    public static AttributeSchema Address() =>
        new(
            Unsafe.SizeOf<IfAddrMsg>(),
            new(IFA_ADDRESS, nameof(IFA_ADDRESS), AttributeFormat.Address),
            new(IFA_LOCAL, nameof(IFA_LOCAL), AttributeFormat.Address),
            new(IFA_LABEL, nameof(IFA_LABEL), Text),
            new(IFA_BROADCAST, nameof(IFA_BROADCAST), AttributeFormat.Address),
            new(IFA_CACHEINFO, nameof(IFA_CACHEINFO), Bytes),
            new(IFA_FLAGS, nameof(IFA_FLAGS), Number),
            new(IFA_RT_PRIORITY, nameof(IFA_RT_PRIORITY), Number),
            new(IFA_TARGET_NETNSID, nameof(IFA_TARGET_NETNSID), Number)
        );

    public static AttributeSchema Route() =>
        new(
            Unsafe.SizeOf<RtMsg>(),
            new(RTA_DST, nameof(RTA_DST), AttributeFormat.Address),
            new(RTA_SRC, nameof(RTA_SRC), AttributeFormat.Address),
            new(RTA_IIF, nameof(RTA_IIF), Number),
            new(RTA_OIF, nameof(RTA_OIF), Number),
            new(RTA_GATEWAY, nameof(RTA_GATEWAY), AttributeFormat.Address),
            new(RTA_PRIORITY, nameof(RTA_PRIORITY), Number),
            new(RTA_PREFSRC, nameof(RTA_PREFSRC), AttributeFormat.Address),
            new(RTA_METRICS, nameof(RTA_METRICS), Nested, Metrics()),
            new(RTA_MULTIPATH, nameof(RTA_MULTIPATH), Bytes),
            new(RTA_FLOW, nameof(RTA_FLOW), Number),
            new(RTA_CACHEINFO, nameof(RTA_CACHEINFO), Bytes),
            new(RTA_TABLE, nameof(RTA_TABLE), Number),
            new(RTA_MARK, nameof(RTA_MARK), Number),
            new(RTA_VIA, nameof(RTA_VIA), Bytes),
            new(RTA_PREF, nameof(RTA_PREF), Number),
            new(RTA_EXPIRES, nameof(RTA_EXPIRES), Number),
            new(RTA_NH_ID, nameof(RTA_NH_ID), Number)
        );

    private static AttributeSchema Metrics() =>
        new(0, new(RTAX_MTU, nameof(RTAX_MTU), Number), new(RTAX_ADVMSS, nameof(RTAX_ADVMSS), Number));

    public static AttributeSchema Rule() =>
        new(
            Unsafe.SizeOf<FibRuleHdr>(),
            new(FibRulesH.FRA_DST, nameof(FibRulesH.FRA_DST), AttributeFormat.Address),
            new(FibRulesH.FRA_SRC, nameof(FibRulesH.FRA_SRC), AttributeFormat.Address),
            new(FibRulesH.FRA_IIFNAME, nameof(FibRulesH.FRA_IIFNAME), Text),
            new(FibRulesH.FRA_PRIORITY, nameof(FibRulesH.FRA_PRIORITY), Number),
            new(FibRulesH.FRA_FWMARK, nameof(FibRulesH.FRA_FWMARK), Number),
            new(FibRulesH.FRA_TABLE, nameof(FibRulesH.FRA_TABLE), Number),
            new(FibRulesH.FRA_FWMASK, nameof(FibRulesH.FRA_FWMASK), Number),
            new(FibRulesH.FRA_OIFNAME, nameof(FibRulesH.FRA_OIFNAME), Text),
            new(FibRulesH.FRA_L3MDEV, nameof(FibRulesH.FRA_L3MDEV), Number),
            new(FibRulesH.FRA_PROTOCOL, nameof(FibRulesH.FRA_PROTOCOL), Number)
        );

    public static AttributeSchema Netconf() =>
        new(
            Unsafe.SizeOf<NetconfMsg>(),
            new(NetconfH.NETCONFA_IFINDEX, nameof(NetconfH.NETCONFA_IFINDEX), Number),
            new(NetconfH.NETCONFA_FORWARDING, nameof(NetconfH.NETCONFA_FORWARDING), Number)
        );

    public static AttributeSchema Neighbour() =>
        new(
            Unsafe.SizeOf<NdMsg>(),
            new(NDA_DST, nameof(NDA_DST), AttributeFormat.Address),
            new(NDA_LLADDR, nameof(NDA_LLADDR), Mac),
            new(NDA_CACHEINFO, nameof(NDA_CACHEINFO), Bytes),
            new(NDA_PROBES, nameof(NDA_PROBES), Number),
            new(NDA_VLAN, nameof(NDA_VLAN), Number),
            new(NDA_PORT, nameof(NDA_PORT), NumberBigEndian),
            new(NDA_VNI, nameof(NDA_VNI), Number),
            new(NDA_IFINDEX, nameof(NDA_IFINDEX), Number),
            new(NDA_MASTER, nameof(NDA_MASTER), Number),
            new(NDA_SRC_VNI, nameof(NDA_SRC_VNI), Number),
            new(NDA_PROTOCOL, nameof(NDA_PROTOCOL), Number),
            new(NDA_NH_ID, nameof(NDA_NH_ID), Number),
            new(NDA_FLAGS_EXT, nameof(NDA_FLAGS_EXT), Number)
        );
}
