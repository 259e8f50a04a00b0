namespace Plugboard.Netlink.Route.Uapi;

/// <summary>include/uapi/linux/if.h</summary>
internal static class IfH
{
    public const int IFNAMSIZ = 16;
    public const int ALTIFNAMSIZ = 128;

    public const uint IFF_UP = 1 << 0;
    public const uint IFF_BROADCAST = 1 << 1;
    public const uint IFF_LOOPBACK = 1 << 3;
    public const uint IFF_POINTOPOINT = 1 << 4;
    public const uint IFF_RUNNING = 1 << 6;
    public const uint IFF_NOARP = 1 << 7;
    public const uint IFF_PROMISC = 1 << 8;
    public const uint IFF_ALLMULTI = 1 << 9;
    public const uint IFF_MULTICAST = 1 << 12;
    public const uint IFF_LOWER_UP = 1 << 16;
    public const uint IFF_DORMANT = 1 << 17;

    public const byte IF_OPER_UNKNOWN = 0;
    public const byte IF_OPER_NOTPRESENT = 1;
    public const byte IF_OPER_DOWN = 2;
    public const byte IF_OPER_LOWERLAYERDOWN = 3;
    public const byte IF_OPER_TESTING = 4;
    public const byte IF_OPER_DORMANT = 5;
    public const byte IF_OPER_UP = 6;
}
