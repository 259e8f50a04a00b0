namespace Plugboard.Netlink.Route.Uapi;

/// <summary>sys/socket.h: the address families rtnetlink speaks of.</summary>
internal static class SocketH
{
    public const byte AF_UNSPEC = 0;
    public const byte AF_INET = 2;
    public const byte AF_BRIDGE = 7;
    public const byte AF_INET6 = 10;
}
