using Plugboard.Addresses;
using Plugboard.Dhcp.Wire;
using Plugboard.Linux;
using Plugboard.Linux.Files;
using Plugboard.Linux.Namespaces;
using Plugboard.Linux.Sockets;
using Plugboard.Netlink.Route;
using Plugboard.Netlink.Route.Links;
using Plugboard.Protocols.Cni;

namespace Plugboard.Dhcp.Daemon;

/// <summary>
/// A pod's interface, reached by the path of its namespace. The daemon is one thread: it enters the namespace for a moment and comes back,
/// and between two exchanges it keeps nothing of a pod open, so that the namespace can end.
/// </summary>
/// <param name="path">The namespace, as this process reaches it.</param>
/// <param name="isOfProcess">It is named by a process, whose directory ends with it.</param>
/// <param name="ifName">The interface.</param>
internal sealed class PodNetwork(string path, bool isOfProcess, string ifName)
{
    /// <summary>
    /// True if a server's answer arrives by broadcast only: the ipvlans of a link share its hardware address, and the kernel finds the one
    /// that a packet is for by the address that it does not have yet.
    /// </summary>
    public bool NeedsBroadcast { get; private set; }

    /// <summary>What is known of the interface.</summary>
    /// <param name="Hardware">Its hardware address.</param>
    /// <param name="Mtu">Its MTU.</param>
    /// <param name="HostLink">The link of this process's namespace that leads to its network; empty: unknown.</param>
    public sealed record Facts(MacAddress Hardware, int Mtu, string HostLink);

    /// <summary>Sets the interface up if it is down, and says what it is.</summary>
    /// <exception cref="Exception">The namespace or the interface is gone, or DHCP cannot pass it.</exception>
    public Facts Examine()
    {
        using var own = NetworkNamespace.OpenOwn();
        var (link, isOfHost) = Inside(
            (client, link) =>
            {
                if (!link.IsUp)
                    client.Links.Set(link.Index, new LinkChange { Up = true });
                return (link, link.LinkNetNsId is { } number && client.Namespaces.FindNumber(own) == number);
            }
        );
        if (link.Ipvlan is IpvlanMode.L3 or IpvlanMode.L3S)
            throw new InvalidOperationException(
                $"interface {ifName} is an ipvlan in mode {link.Ipvlan}, which passes no broadcast: use mode l2"
            );
        var hardware = link.Address ?? throw new InvalidOperationException($"interface {ifName} has no Ethernet address");
        return new Facts(hardware, link.Mtu, isOfHost ? FindHostLink(link) : "");
    }

    // A macvlan or vlan says its master; a veth end the other one, which is a bridge's port.
    private static string FindHostLink(Link link)
    {
        using var client = RouteClient.Open();
        var other = client.Links.Find(link.PeerIndex);
        if (other is null || link.Kind != "veth")
            return other?.Name ?? "";
        return other.MasterIndex == 0 ? "" : client.Links.Find(other.MasterIndex)?.Name ?? "";
    }

    /// <summary>A socket for DHCP and ARP on the interface.</summary>
    /// <param name="hardware">The hardware address of the client.</param>
    /// <param name="address">Its address; null: it has none yet.</param>
    /// <exception cref="Exception">The namespace or the interface is gone, or another one is there.</exception>
    public PacketSocket OpenSocket(MacAddress hardware, IPPrefix? address) =>
        Inside(
            (client, link) =>
            {
                Require(client, link, hardware, address);
                if (!link.IsUp)
                    client.Links.Set(link.Index, new LinkChange { Up = true });
                return PacketSocket.Open(link.Index, PacketFilter.Steps);
            }
        );

    /// <summary>True if the interface has the address.</summary>
    /// <exception cref="Exception">The namespace or the interface is gone.</exception>
    public bool HasAddress(IPPrefix address) => Inside((client, link) => Has(client, link, address));

    private static bool Has(RouteClient client, Link link, IPPrefix address) =>
        client.Addresses.List(link.Index).Any(each => each.Address.Address == address.Address);

    /// <summary>Why the interface is not the one of a lease, and whether that is for good; null if it is.</summary>
    public (string Reason, bool IsGone)? FindFault(MacAddress hardware, IPPrefix? address)
    {
        try
        {
            return Inside(
                (client, link) =>
                {
                    Require(client, link, hardware, address);
                    return ((string Reason, bool IsGone)?)null;
                }
            );
        }
        catch (Exception e) when (IsUnreachable(e))
        {
            return (e.Message, IsGone(e));
        }
    }

    /// <summary>Why nothing may come through the interface, for a message; empty if that is not the interface's fault.</summary>
    public string DescribeState()
    {
        try
        {
            return Inside(
                (_, link) =>
                    !link.IsUp ? $"; {ifName} is down"
                    : (link.Flags & LinkFlags.LowerUp) == 0 ? $"; {ifName} has no carrier"
                    : ""
            );
        }
        catch (Exception e) when (IsUnreachable(e))
        {
            return $"; {e.Message}";
        }
    }

    /// <summary>True for the exceptions of a namespace or an interface that cannot be reached, now or for good.</summary>
    public static bool IsUnreachable(Exception e) =>
        e is NetworkNamespaceException or PodLinkException or LinkLocalException or ErrnoException;

    /// <summary>
    /// True if the exception says that the namespace or the interface is gone. A path whose directory is missing says nothing of the pod:
    /// the daemon may be without a mount, or have another <c>-hostprefix</c>, and the leases of living pods must stay.
    /// </summary>
    public bool IsGone(Exception e) =>
        e switch
        {
            PodLinkException or ErrnoException { Errno: Errno.ENODEV } => true,
            NetworkNamespaceException => FileDescriptor.FindStatus(path) is null && (isOfProcess || HasDirectory),
            _ => false,
        };

    private bool HasDirectory => FileDescriptor.FindStatus(Path.GetDirectoryName(path) ?? "/") is { IsDirectory: true };

    /// <summary>Removes the address of a lease that is lost, and with it the routes of the kernel by it.</summary>
    public void RemoveAddress(IPPrefix address) => Inside((client, link) => client.Addresses.Delete(link.Index, address));

    /// <summary>Puts the address and routes of a lease on the interface, in the place of those of another.</summary>
    public void ReplaceAddress(IPPrefix old, IPPrefix address, CniResult result) =>
        Inside(
            (client, link) =>
            {
                if (old != address)
                    client.Addresses.Delete(link.Index, old);
                if (!client.Addresses.List(link.Index).Any(each => each.Address == address))
                    client.Addresses.Add(link.Index, address);
                // Those on the link lead to the routers of the others.
                foreach (var route in result.Routes.OrderBy(static route => route.IsOnLink ? 0 : 1))
                    client.Routes.Add(Spec(link, route), RouteAddMode.Replace);
                return true;
            }
        );

    /// <summary>Sees to it that the interface can have an IPv6 address: IPv6 is switched on there.</summary>
    /// <param name="needsRoutes">An address by DHCPv6 is of no use where routers are not listened to.</param>
    /// <exception cref="Exception">It cannot, and why.</exception>
    public void PrepareIPv6(bool needsRoutes) =>
        Inside(
            (_, link) =>
            {
                var conf = $"net/ipv6/conf/{ifName}/";
                if (link.IPv6 is not { } has)
                {
                    throw new InvalidOperationException(
                        $"interface {ifName} has no IPv6 (its MTU is {link.Mtu}; IPv6 needs 1280): ipam.families has ipv6"
                    );
                }

                if (has.Disabled)
                    Sysctl.Write(conf + "disable_ipv6", "0");
                if (needsRoutes && !(has with { Disabled = false }).LearnsFromRouters)
                {
                    throw new InvalidOperationException(
                        $"interface {ifName} takes no router advertisements (accept_ra {has.AcceptRa}, "
                            + $"forwarding {(has.Forwarding ? 1 : 0)}), and DHCPv6 gives no route: "
                            + "set accept_ra to 1 in the pod, or to 2 if it forwards"
                    );
                }

                return true;
            }
        );

    /// <summary>The interface's link-local address once it can be used; null and the reason until then.</summary>
    /// <exception cref="Exception">The namespace or the interface is gone, or another one is there.</exception>
    public IPAddr? FindLinkLocal(MacAddress hardware, IPPrefix? held, out string reason)
    {
        var why = "";
        var found = Inside(
            (client, link) =>
            {
                Require(client, link, hardware, held);
                return FindLinkLocal(client, link, out why);
            }
        );
        reason = why;
        return found;
    }

    private IPAddr? FindLinkLocal(RouteClient client, Link link, out string reason)
    {
        reason = $"{ifName} has no link-local IPv6 address (addr_gen_mode none, or no carrier?)";
        foreach (var each in client.Addresses.List(link.Index, AddressFamily.IPv6))
        {
            if (!each.Address.Address.IsLinkLocalUnicast)
                continue;
            if (!each.IsTentative && !each.IsDadFailed)
                return each.Address.Address;
            reason = each.IsDadFailed
                ? $"the link-local address {each.Address.Address} of {ifName} is another node's too (dadfailed)"
                : $"the link-local address {each.Address.Address} of {ifName} is tentative";
        }

        return null;
    }

    /// <summary>A socket for DHCPv6 on the interface, with the link-local address that it sends from.</summary>
    /// <exception cref="Exception">
    /// The namespace or the interface is gone, another one is there, or another process has the port.
    /// </exception>
    public (LinkUdpSocket Socket, IPAddr Address) OpenUdpSocket(MacAddress hardware, IPPrefix? held) =>
        Inside(
            (client, link) =>
            {
                Require(client, link, hardware, held);
                if (!link.IsUp)
                    client.Links.Set(link.Index, new LinkChange { Up = true });
                var address = FindLinkLocal(client, link, out var reason) ?? throw new LinkLocalException(reason);
                return (LinkUdpSocket.Open(link.Index, address, Dhcp6Ports.Client), address);
            }
        );

    /// <summary>A socket for neighbour discovery on the interface.</summary>
    /// <exception cref="Exception">The namespace or the interface is gone, or another one is there.</exception>
    public PacketSocket OpenProber(MacAddress hardware, IPPrefix? held) =>
        Inside(
            (client, link) =>
            {
                Require(client, link, hardware, held);
                return PacketSocket.Open(link.Index, PacketFilter.NeighbourSteps);
            }
        );

    /// <summary>An address of the interface; null if it does not have it.</summary>
    /// <exception cref="Exception">The namespace or the interface is gone.</exception>
    public InterfaceAddress? FindAddress(IPAddr address) =>
        Inside((client, link) => client.Addresses.List(link.Index).FirstOrDefault(each => each.Address.Address == address));

    private static RouteSpec Spec(Link link, CniRoute route) =>
        new()
        {
            Dst = route.Dst,
            Gateway = route.IsOnLink ? null : route.Gw,
            OutInterface = link.Index,
            Priority = (uint)route.Priority,
            Mtu = route.Mtu,
            Scope = route.IsOnLink ? RouteScope.Link : null,
        };

    // A later plugin of the chain may have given the interface another hardware address (tuning): then it has the lease's address.
    private void Require(RouteClient client, Link link, MacAddress hardware, IPPrefix? address)
    {
        if (link.Address == hardware)
            return;
        if (address is not { } held || !Has(client, link, held))
            throw new PodLinkException($"interface {ifName} has another hardware address than the lease: {link.Address}, not {hardware}");
    }

    private T Inside<T>(Func<RouteClient, Link, T> work)
    {
        using var pod = NetworkNamespace.Open(path);
        using var entered = pod.Enter();
        using var client = RouteClient.Open();
        var link = client.Links.Find(ifName) ?? throw new PodLinkException($"the pod has no interface {ifName}");
        NeedsBroadcast = link.Ipvlan is not null;
        return work(client, link);
    }
}

/// <summary>The pod's interface is not that of the lease.</summary>
internal sealed class PodLinkException(string message) : Exception(message);

/// <summary>The pod's interface has no link-local address that it could send from, now.</summary>
internal sealed class LinkLocalException(string message) : Exception(message);
