namespace Plugboard.Netlink.Route.Uapi;

/// <summary>include/uapi/linux/netconf.h</summary>
internal static class NetconfH
{
    public const ushort NETCONFA_IFINDEX = 1;
    public const ushort NETCONFA_FORWARDING = 2;

    public const int NETCONFA_IFINDEX_ALL = -1;
}

/// <summary>struct netconfmsg</summary>
internal struct NetconfMsg
{
    public byte ncm_family;
}
