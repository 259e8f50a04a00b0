namespace Plugboard.Netlink.Route;

/// <summary>What a monitor hears of. Source: include/uapi/linux/rtnetlink.h, RTMGRP_*.</summary>
[Flags]
public enum RouteMonitorGroups
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Links.</summary>
    Link = 1,

    /// <summary>IPv4 addresses.</summary>
    IPv4Address = 0x10,

    /// <summary>IPv6 addresses, among them the end of duplicate address detection.</summary>
    IPv6Address = 0x100,
}
