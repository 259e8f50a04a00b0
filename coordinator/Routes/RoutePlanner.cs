using Plugboard.Addresses;
using Plugboard.Coordinator.Cluster;
using Plugboard.Coordinator.Configuration;
using Plugboard.Coordinator.Node;
using Plugboard.Linux;

namespace Plugboard.Coordinator.Routes;

/// <summary>Makes the plan. Pure.</summary>
/// <param name="view">The cluster.</param>
/// <param name="onLink">The networks that are reached without a router.</param>
/// <param name="options">The operator's options.</param>
internal sealed class RoutePlanner(ClusterView view, OnLinkNetworks onLink, RouteOptions options)
{
    private readonly List<DesiredTunnel> tunnels = [];
    private readonly List<DesiredNeighbour> neighbours = new(view.Peers.Count);
    private readonly List<DesiredFdbEntry> fdb = new(view.Peers.Count);
    private readonly List<DesiredRoute> routes = new(view.Peers.Count);
    private readonly List<PeerPath> paths = new(view.Peers.Count);
    private readonly List<string> problems = [];

    private BackendConf Backend => view.Network.Backend;

    /// <summary>The plan for a view.</summary>
    public static RoutePlan Plan(ClusterView view, OnLinkNetworks onLink, RouteOptions options) =>
        new RoutePlanner(view, onLink, options).Plan();

    private RoutePlan Plan()
    {
        foreach (var is6 in (ReadOnlySpan<bool>)[false, true])
        {
            if (view.Network.Enables(is6) && Backend.Type != BackendType.None)
                PlanFamily(is6);
        }

        if (options.BlackholesOwnNetwork)
        {
            foreach (var own in view.Self.PodCidrs)
                routes.Add(new DesiredRoute(own.Network, null, ""));
        }

        return new RoutePlan
        {
            Tunnels = tunnels.ToValueArray(),
            Neighbours = neighbours,
            Fdb = fdb,
            Routes = routes,
            Paths = paths,
            Problems = problems,
        };
    }

    private void PlanFamily(bool is6)
    {
        if (view.Self.Uplink is null || view.Self.Address(is6) is null)
        {
            // Without pods of the family here, and without an address, there is no problem to report.
            if (view.Self.PodCidr(is6) is not null)
                problems.Add(WhyUnreachable(is6));
            return;
        }

        var tunnel = Tunnels.Plan(view, is6, problems);
        if (tunnel is not null)
            tunnels.Add(tunnel);
        foreach (var peer in view.Peers)
            paths.Add(new PeerPath(peer.Name, is6, PlanPeer(peer, is6, tunnel)));
    }

    private string WhyUnreachable(bool is6)
    {
        var family = Tunnels.FamilyWord(is6);
        if (view.Self.Uplink is not { } uplink)
            return $"{family}: there is no link by which other nodes are reached; name one with --iface";
        var without = is6 ? "set EnableIPv6: false if the cluster has no IPv6" : "set EnableIPv4: false if the cluster has no IPv4";
        return $"{family}: this node has {family} pods, and {uplink.Name} has no {family} address that other nodes could use; give it "
            + $"one, name another link with --iface, or {without}";
    }

    private PeerState PlanPeer(ClusterNode peer, bool is6, DesiredTunnel? tunnel)
    {
        if (peer.PodCidr(is6) is not { } cidr)
            return PeerState.Unassigned;
        if (peer.Address(is6) is not { } address)
            return PeerState.NoAddress;
        if (peer.BackendType.Length > 0 && peer.BackendType != Tunnels.WordOf(Backend.Type))
            return PeerState.OtherBackend;
        if ((Backend.Type == BackendType.HostGw || Backend.DirectRouting) && onLink.FindLink(address) == view.Self.Uplink!.Index)
        {
            routes.Add(new DesiredRoute(cidr.Network, address, view.Self.Uplink.Name));
            return PeerState.Direct;
        }

        if (tunnel is null)
            return WhyNotDirect(address);
        return tunnel.Vxlan is { } vxlan
            ? PlanVxlan(peer, cidr.Network, address, (tunnel, vxlan))
            : PlanIpip(cidr.Network, address, tunnel);
    }

    private PeerState WhyNotDirect(IPAddr address)
    {
        if (Backend.Type != BackendType.HostGw)
            return PeerState.NoOwnTunnel;
        return onLink.Find(address) switch
        {
            null => PeerState.NoRoute,
            { HasGateway: false, Link: not 0 } => PeerState.OtherLink,
            _ => PeerState.BehindRouter,
        };
    }

    private PeerState PlanVxlan(ClusterNode peer, IPPrefix cidr, IPAddr address, (DesiredTunnel Tunnel, DesiredVxlan Vxlan) own)
    {
        if (peer.Vtep(cidr.Is6) is not { Mac: { IsZero: false, IsMulticast: false } } vtep)
            return PeerState.NoTunnel;
        // flanneld does not compare it, and a stand-in for a node (a load balancer) often has none.
        if (vtep.Vni != 0 && vtep.Vni != own.Vxlan.Vni)
            return PeerState.OtherVni;
        neighbours.Add(new DesiredNeighbour(own.Tunnel.Name, cidr.Address, vtep.Mac));
        fdb.Add(new DesiredFdbEntry(own.Tunnel.Name, vtep.Mac, address));
        routes.Add(new DesiredRoute(cidr, cidr.Address, own.Tunnel.Name) { OnLink = true });
        return PeerState.Tunnelled;
    }

    private PeerState PlanIpip(IPPrefix cidr, IPAddr address, DesiredTunnel tunnel)
    {
        routes.Add(new DesiredRoute(cidr, address, tunnel.Name) { OnLink = true });
        return PeerState.Tunnelled;
    }
}
