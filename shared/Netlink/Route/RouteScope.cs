namespace Plugboard.Netlink.Route;

/// <summary>
/// How far away a destination is, or an address is valid. Source: include/uapi/linux/rtnetlink.h, RT_SCOPE_*; any other number may be
/// defined by the user.
/// </summary>
public enum RouteScope : byte
{
    /// <summary>Anywhere: by a gateway.</summary>
    Universe = 0,

    /// <summary>Inside the site (IPv6, deprecated).</summary>
    Site = 200,

    /// <summary>On this link.</summary>
    Link = 253,

    /// <summary>This host.</summary>
    Host = 254,

    /// <summary>Nowhere.</summary>
    Nowhere = 255,
}
