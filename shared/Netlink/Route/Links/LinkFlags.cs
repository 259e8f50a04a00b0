namespace Plugboard.Netlink.Route.Links;

/// <summary>A link's flags. Source: netdevice(7); include/uapi/linux/if.h, IFF_*.</summary>
[Flags]
public enum LinkFlags : uint
{
    /// <summary>No flag.</summary>
    None = 0,

    /// <summary>Administratively up.</summary>
    Up = 1 << 0,

    /// <summary>Has a broadcast address.</summary>
    Broadcast = 1 << 1,

    /// <summary>The loopback device.</summary>
    Loopback = 1 << 3,

    /// <summary>A tunnel with one other end.</summary>
    PointToPoint = 1 << 4,

    /// <summary>Operationally up.</summary>
    Running = 1 << 6,

    /// <summary>Without neighbour discovery.</summary>
    NoArp = 1 << 7,

    /// <summary>Promiscuous because someone set the flag; see <see cref="Link.Promiscuity"/> for all reasons.</summary>
    Promiscuous = 1 << 8,

    /// <summary>Receives all multicast.</summary>
    AllMulticast = 1 << 9,

    /// <summary>Can do multicast.</summary>
    Multicast = 1 << 12,

    /// <summary>Has a carrier.</summary>
    LowerUp = 1 << 16,

    /// <summary>Waits for an event, such as authentication.</summary>
    Dormant = 1 << 17,
}
