namespace Plugboard.Netlink.Route.Uapi;

/// <summary>include/uapi/linux/if_tunnel.h</summary>
internal static class IfTunnelH
{
    public const ushort IFLA_IPTUN_LINK = 1;
    public const ushort IFLA_IPTUN_LOCAL = 2;
    public const ushort IFLA_IPTUN_REMOTE = 3;
    public const ushort IFLA_IPTUN_TTL = 4;
    public const ushort IFLA_IPTUN_TOS = 5;
    public const ushort IFLA_IPTUN_PROTO = 9;
    public const ushort IFLA_IPTUN_PMTUDISC = 10;
}
