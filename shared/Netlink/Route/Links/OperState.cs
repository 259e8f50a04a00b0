namespace Plugboard.Netlink.Route.Links;

/// <summary>A link's operational state by RFC 2863. Source: include/uapi/linux/if.h; Documentation/networking/operstates.rst.</summary>
public enum OperState
{
    /// <summary>The driver does not report it; the loopback device is always so.</summary>
    Unknown = 0,

    /// <summary>The hardware is not there.</summary>
    NotPresent = 1,

    /// <summary>Down.</summary>
    Down = 2,

    /// <summary>Down because what it stands on is: a veth's other end, a VLAN's parent.</summary>
    LowerLayerDown = 3,

    /// <summary>In a test.</summary>
    Testing = 4,

    /// <summary>Waits for an event.</summary>
    Dormant = 5,

    /// <summary>Packets can pass.</summary>
    Up = 6,
}
