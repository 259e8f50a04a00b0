namespace Plugboard.Netlink.Route;

/// <summary>The author of a route; any other number may be a program's own. Source: include/uapi/linux/rtnetlink.h, RTPROT_*.</summary>
public enum RouteProtocol : byte
{
    /// <summary>Unknown.</summary>
    Unspecified = 0,

    /// <summary>The kernel, for an address.</summary>
    Kernel = 2,

    /// <summary>A tool at boot: what ip-route(8) and CNI plugins write.</summary>
    Boot = 3,

    /// <summary>An administrator.</summary>
    Static = 4,

    /// <summary>A router's advertisement: the kernel's own, and those that systemd-networkd and NetworkManager make of one.</summary>
    RouterAdvertisement = 9,

    /// <summary>This project's node daemon, and rules of its plugins. No other program of rt_protos(5) has the number.</summary>
    Plugboard = 110,
}
