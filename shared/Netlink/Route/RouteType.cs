namespace Plugboard.Netlink.Route;

/// <summary>What becomes of a packet. Source: include/uapi/linux/rtnetlink.h, RTN_*.</summary>
public enum RouteType : byte
{
    /// <summary>Unknown.</summary>
    Unspecified = 0,

    /// <summary>Sent on.</summary>
    Unicast = 1,

    /// <summary>Taken in.</summary>
    Local = 2,

    /// <summary>Taken in and sent as a broadcast.</summary>
    Broadcast = 3,

    /// <summary>Multicast.</summary>
    Multicast = 5,

    /// <summary>Dropped in silence.</summary>
    Blackhole = 6,

    /// <summary>Dropped with ICMP unreachable.</summary>
    Unreachable = 7,

    /// <summary>Dropped with ICMP prohibited.</summary>
    Prohibit = 8,
}
