namespace Plugboard.Netlink.Route.Uapi;

/// <summary>include/uapi/linux/veth.h</summary>
internal static class VethH
{
    public const ushort VETH_INFO_PEER = 1;
}
