using System.Runtime.InteropServices;

namespace Plugboard.Netlink.Route;

/// <summary>Selects routes to list. The kernel filters (Linux 4.20).</summary>
/// <param name="Family">IPv4, IPv6, or both.</param>
/// <param name="Table">The routing table; null for all.</param>
/// <param name="OutInterface">The index of the link they leave by; 0 for any.</param>
/// <param name="Protocol">Their author; null for any.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct RouteFilter(
    AddressFamily Family = AddressFamily.Unspecified,
    int? Table = null,
    int OutInterface = 0,
    RouteProtocol? Protocol = null
);
