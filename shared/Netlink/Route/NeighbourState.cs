namespace Plugboard.Netlink.Route;

/// <summary>What is known of a neighbour. Source: include/uapi/linux/neighbour.h, NUD_*.</summary>
[Flags]
public enum NeighbourState : ushort
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Asked, no answer yet.</summary>
    Incomplete = 0x01,

    /// <summary>Confirmed.</summary>
    Reachable = 0x02,

    /// <summary>Confirmed once.</summary>
    Stale = 0x04,

    /// <summary>Used while stale, to be asked soon.</summary>
    Delay = 0x08,

    /// <summary>Being asked again.</summary>
    Probe = 0x10,

    /// <summary>No answer.</summary>
    Failed = 0x20,

    /// <summary>Never asked.</summary>
    NoArp = 0x40,

    /// <summary>Set by hand, for ever.</summary>
    Permanent = 0x80,
}
