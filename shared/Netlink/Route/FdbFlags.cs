namespace Plugboard.Netlink.Route;

/// <summary>Whose a forwarding entry is. Source: bridge(8), fdb; include/uapi/linux/neighbour.h, NTF_*.</summary>
[Flags]
public enum FdbFlags : byte
{
    /// <summary>No flag.</summary>
    None = 0,

    /// <summary>The device's own, as a VXLAN device's.</summary>
    Self = 1 << 1,

    /// <summary>The bridge's that the device is a port of.</summary>
    Master = 1 << 2,

    /// <summary>Written by a program that learnt it elsewhere.</summary>
    ExternallyLearned = 1 << 4,

    /// <summary>Taken over by hardware.</summary>
    Offloaded = 1 << 5,

    /// <summary>Stays at its port, whatever the bridge learns.</summary>
    Sticky = 1 << 6,
}
