namespace Plugboard.Netlink.Route.Uapi;

/// <summary>include/uapi/linux/if_ether.h</summary>
internal static class IfEtherH
{
    public const ushort ETH_P_ALL = 3;
}
