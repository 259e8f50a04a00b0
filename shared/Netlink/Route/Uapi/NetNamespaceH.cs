namespace Plugboard.Netlink.Route.Uapi;

/// <summary>include/uapi/linux/net_namespace.h</summary>
internal static class NetNamespaceH
{
    public const ushort NETNSA_NSID = 1;
    public const ushort NETNSA_FD = 3;
}

/// <summary>struct rtgenmsg</summary>
internal struct RtGenMsg
{
    public byte rtgen_family;
}
