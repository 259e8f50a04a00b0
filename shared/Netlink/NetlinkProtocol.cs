namespace Plugboard.Netlink;

/// <summary>The kernel's families of netlink messages. Source: include/uapi/linux/netlink.h.</summary>
public enum NetlinkProtocol
{
    /// <summary>NETLINK_ROUTE: links, addresses, routes, neighbours.</summary>
    Route = 0,

    /// <summary>NETLINK_NETFILTER: nftables and conntrack.</summary>
    Netfilter = 12,
}
