using Plugboard.Addresses;
using Plugboard.Linux;
using Plugboard.Linux.Namespaces;
using Plugboard.Netlink;
using Plugboard.Netlink.Route;
using Plugboard.Netlink.Route.Links;
using Plugboard.PodInterfaces;
using Plugboard.Protocols.Cni;

namespace Plugboard.Bridge;

/// <summary>
/// The addresses and routes of both ends of a ptp pair. The pod reaches everything, its own network too, by the gateway, whose address all
/// host ends have; the node has a route to each address of the pod.
/// </summary>
/// <param name="host">The host's links.</param>
/// <param name="pair">The pair.</param>
/// <param name="addresses">What the pod gets; each address has a gateway.</param>
internal sealed class PtpConnection(RouteClient host, VethPair pair, PodAddresses addresses)
{
    /// <summary>Gives the container's end its addresses and routes, sets both ends up, and returns the container's.</summary>
    public Link Connect(NetworkNamespace pod, string ipamType)
    {
        using var entered = pod.Enter();
        using var inside = RouteClient.Open();
        var link = inside.Links.Get(pair.Owner.IfName);
        // Without a route to their network: the others of it are not on the link. The pod is the only one there, so no other has the
        // address.
        var setup = new AddressSetup("ptp", inside, link, addresses) { IpamType = ipamType, HasNetworkRoutes = false };
        setup.AddAddresses();
        inside.Links.Set(link.Index, new LinkChange { Up = true });
        pair.SetUp();
        VethPair.WaitUntilUp(inside, link.Name);
        RouteToGateways(inside, link);
        setup.AddRoutes();
        return link;
    }

    private void RouteToGateways(RouteClient inside, Link link)
    {
        var known = new HashSet<IPPrefix>();
        foreach (var ip in addresses.IPs)
        {
            var gateway = ip.Gateway!.Value;
            var onLink = new RouteSpec
            {
                Dst = IPPrefix.Host(gateway),
                OutInterface = link.Index,
                Scope = gateway.Is6 ? null : RouteScope.Link,
                Source = ip.Address.Address,
            };
            if (known.Add(onLink.Dst))
                inside.Routes.Add(onLink, RouteAddMode.CreateExclusive);
            var network = ip.Address.Network;
            if (network == IPPrefix.Host(ip.Address.Address) || !known.Add(network))
                continue;
            inside.Routes.Add(
                new RouteSpec
                {
                    Dst = network,
                    OutInterface = link.Index,
                    Gateway = gateway,
                    Source = ip.Address.Address,
                },
                RouteAddMode.CreateExclusive
            );
        }
    }

    /// <summary>Gives the host's end the gateways' addresses, and the node a route to each address of the pod.</summary>
    /// <exception cref="CniException">Code 103: another living pod has the address.</exception>
    public void RouteToPod()
    {
        var port = host.Links.Get(pair.Port);
        foreach (var gateway in addresses.IPs.Select(static ip => ip.Gateway!.Value).Distinct())
        {
            if (gateway.Is6 && port.IPv6 is { Disabled: true })
                EnableIPv6(port.Name, gateway);
            host.Addresses.Add(port.Index, IPPrefix.Host(gateway), new AddressOptions(NoDad: true));
        }

        foreach (var ip in addresses.IPs)
        {
            var route = RouteTo(ip.Address.Address, port);
            try
            {
                host.Routes.Add(route, RouteAddMode.CreateExclusive);
            }
            catch (NetlinkException e) when (e.Errno == Errno.EEXIST)
            {
                RefuseIfInUse(ip.Address.Address, e);
                host.Routes.Add(route, RouteAddMode.Replace);
            }
        }

        LocalAddresses.Wait("ptp", host, port, addresses.IPs.Select(static ip => ip.Gateway!.Value));
    }

    // IPv6 is disabled by default on the node, and this network needs it here. The end goes with the pod.
    private static void EnableIPv6(string port, IPAddr gateway) =>
        InterfaceSettings.Require($"net/ipv6/conf/{port}/disable_ipv6", "0", $"the gateway's address {gateway} on {port}");

    private static RouteSpec RouteTo(IPAddr pod, Link port) =>
        new()
        {
            Dst = IPPrefix.Host(pod),
            OutInterface = port.Index,
            // As the reference's.
            Scope = pod.Is6 ? null : RouteScope.Host,
        };

    // The route of a pod whose link is gone, or whose namespace is, is a remain; so is one that leads nowhere near a pod.
    private void RefuseIfInUse(IPAddr pod, NetlinkException cause)
    {
        var family = pod.Is6 ? AddressFamily.IPv6 : AddressFamily.IPv4;
        foreach (var present in host.Routes.List(new RouteFilter(family)))
        {
            if (
                present.Dst == IPPrefix.Host(pod)
                && host.Links.Find(present.OutInterface) is { Kind: "veth", LinkNetNsId: not null } link
                && link.Name != pair.Port
                && EarlierAttachment.IsAlive(host, link)
            )
            {
                throw new CniException(
                    CniErrorCode.AddressTaken,
                    $"address {pod} is in use: the node has a route to it by {link.Name}",
                    $"{link.Name} leads to {VethNames.Parse(link.Alias)?.ToString() ?? "a pod of another plugin"}: two networks have one "
                        + "range, or the leases of this one were lost",
                    cause
                );
            }
        }
    }

    /// <summary>Has the node forward what pods send. It stays so: other pods need it as well.</summary>
    public void EnableForwarding()
    {
        var forwarding = new IPForwarding(host);
        foreach (var is6 in addresses.IPs.Select(static ip => ip.Address.Is6).Distinct())
        {
            if (forwarding.IsOn(is6))
                continue;
            var plan = forwarding.Plan(is6);
            foreach (var change in plan)
            {
                if (Sysctl.TrySet(change.Name, change.Value) is { } refusal)
                    throw new CniException(
                        CniErrorCode.IOFailure,
                        $"the node must forward what its pods send: {refusal.Message}",
                        IPForwarding.Advice(plan),
                        refusal
                    );
            }
        }
    }

    /// <summary>Throws where the host's end is not as ADD left it.</summary>
    /// <param name="host">The host's links.</param>
    /// <param name="container">The container's end.</param>
    /// <param name="ips">The pod's addresses.</param>
    public static void Check(RouteClient host, Link container, IReadOnlyList<CniIP> ips)
    {
        if (host.Links.Find(container.PeerIndex) is not { Kind: "veth" } port || port.PeerIndex != container.Index)
            throw Failed($"CNI veth created for {container.Name} was not found", "the host's end of the pair is gone");
        if (!port.IsUp)
            throw Failed($"Host interface {port.Name} is down", "the host's end was set down after ADD");
        var present = host.Addresses.List(port.Index);
        foreach (var ip in ips)
        {
            if (ip.Gateway is { } gateway && !present.Any(address => address.Address.Address == gateway))
                throw Failed(
                    $"Failed to match gateway {gateway} on interface {port.Name}",
                    "the host's end has lost the gateway's address"
                );
            var route = host.Routes.Get(ip.Address.Address);
            if (route?.OutInterface != port.Index)
                throw Failed(
                    $"Expected Route {IPPrefix.Host(ip.Address.Address)} not found on {port.Name}",
                    "the node does not reach the pod"
                );
        }
    }

    private static CniException Failed(string message, string details) => new(CniErrorCode.NotAsAdded, message, details);
}
