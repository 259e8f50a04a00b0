namespace Plugboard.Netlink.Route;

/// <summary>The families rtnetlink has addresses and routes of. Source: sys/socket.h, AF_*.</summary>
public enum AddressFamily : byte
{
    /// <summary>All.</summary>
    Unspecified = 0,

    /// <summary>IPv4.</summary>
    IPv4 = 2,

    /// <summary>IPv6.</summary>
    IPv6 = 10,
}
