namespace Plugboard.Netlink.Route.Uapi;

/// <summary>include/uapi/linux/if_ether.h</summary>
internal static class IfEtherH
{
    public const ushort ETH_P_IP = 0x0800;
    public const ushort ETH_P_IPV6 = 0x86dd;
    public const ushort ETH_P_ALL = 3;
}
