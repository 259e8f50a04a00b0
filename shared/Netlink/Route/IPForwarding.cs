using Plugboard.Linux;
using Plugboard.Netlink.Route.Links;

namespace Plugboard.Netlink.Route;

/// <summary>
/// IP forwarding of a namespace, switched on so that the namespace keeps the routes it learned from IPv6 routers. When
/// <c>net.ipv6.conf.all.forwarding</c> becomes 1 the kernel removes the default routes of router advertisements at once and takes no more
/// of them, except on links whose <c>accept_ra</c> is 2 (net/ipv6/route.c, rt6_purge_dflt_routers; include/net/ipv6.h, ipv6_accept_ra). So
/// 2 is written first, on each link that takes advertisements so far, up or not. A link with 0 is left alone: it wants none, or a program
/// (systemd-networkd, NetworkManager) makes the routes itself, and those stay. So is <c>conf/default</c>: links of containers come later
/// too, and no container may tell the node its routes.
/// </summary>
/// <param name="client">A client of the namespace, which is the calling thread's when something is written.</param>
public sealed class IPForwarding(RouteClient client)
{
    /// <summary>The setting of a family.</summary>
    /// <param name="is6">IPv6, else IPv4.</param>
    public static string SettingOf(bool is6) => is6 ? "net/ipv6/conf/all/forwarding" : "net/ipv4/ip_forward";

    /// <summary>True where the namespace forwards the family.</summary>
    /// <param name="is6">IPv6, else IPv4.</param>
    /// <exception cref="NetlinkException">The kernel lacks the family.</exception>
    public bool IsOn(bool is6) => client.Netconf.IsIPForwarding(is6 ? AddressFamily.IPv6 : AddressFamily.IPv4);

    /// <summary>What is to be written, in this order; empty where the namespace forwards the family already.</summary>
    /// <param name="is6">IPv6, else IPv4.</param>
    /// <exception cref="NetlinkException">The kernel lacks the family.</exception>
    public IReadOnlyList<SysctlChange> Plan(bool is6)
    {
        if (IsOn(is6))
            return [];
        var changes = new List<SysctlChange>();
        if (is6)
        {
            var links = client.Links.List();
            var learned = client.Routes.List(new RouteFilter(AddressFamily.IPv6, Protocol: RouteProtocol.RouterAdvertisement));
            foreach (var link in LinksThatLearn(links, learned))
                changes.Add(new SysctlChange($"net/ipv6/conf/{link.Name}/accept_ra", "2"));
        }

        changes.Add(new SysctlChange(SettingOf(is6), "1"));
        return changes;
    }

    /// <summary>What an operator does where <see cref="Plan"/> cannot be written.</summary>
    /// <param name="plan">All of it.</param>
    public static string Advice(IReadOnlyList<SysctlChange> plan) =>
        $"set on the node, in this order: {string.Join(", ", plan)} (sysctl -w, and a file in /etc/sysctl.d for the next boot), "
        + "or let the caller have a writable /proc/sys";

    /// <summary>The links that take advertisements now and would take no more once the namespace forwards. Pure.</summary>
    internal static IEnumerable<Link> LinksThatLearn(IReadOnlyList<Link> links, IReadOnlyList<Route> learned)
    {
        var ports = links.ToLookup(static link => link.MasterIndex);
        return links.Where(link =>
            NeedsHybridMode(link)
            && (!LeadsToContainersOnly(link, ports[link.Index]) || learned.Any(route => route.OutInterface == link.Index))
        );
    }

    // A bridge's port hands what arrives to the bridge. A link on which IPv6 is switched off learns as soon as it is switched on.
    private static bool NeedsHybridMode(Link link) =>
        link.IPv6 is { } settings
        && (settings with { Disabled = false }).LearnsFromRouters
        && settings.AcceptRa != 2
        && link.Port is null
        && (link.Flags & LinkFlags.Loopback) == 0;

    // What containers advertise is no route of the node's: forwarding, switched on, ends that it is taken.
    private static bool LeadsToContainersOnly(Link bridge, IEnumerable<Link> ports) =>
        bridge.Kind == "bridge" && ports.Any() && ports.All(static port => port is { Kind: "veth", LinkNetNsId: not null });
}
