namespace Plugboard.Netlink.Route;

/// <summary>The subjects of a monitor. Source: include/uapi/linux/rtnetlink.h, RTMGRP_*.</summary>
[Flags]
public enum RouteMonitorGroups
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Links.</summary>
    Link = 1,

    /// <summary>Neighbours, and the forwarding entries of bridges and VXLAN devices. All that ARP and NDP find out is among them.</summary>
    Neighbour = 4,

    /// <summary>IPv4 addresses.</summary>
    IPv4Address = 0x10,

    /// <summary>IPv4 routes. Routes that disappear with their link, or because it goes down, get no notification; the link does.</summary>
    IPv4Route = 0x40,

    /// <summary>IPv6 addresses, among them the end of duplicate address detection.</summary>
    IPv6Address = 0x100,

    /// <summary>IPv6 routes.</summary>
    IPv6Route = 0x400,
}
