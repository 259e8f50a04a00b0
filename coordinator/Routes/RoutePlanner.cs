using Plugboard.Addresses;
using Plugboard.Coordinator.Cluster;
using Plugboard.Coordinator.Configuration;
using Plugboard.Linux;

namespace Plugboard.Coordinator.Routes;

/// <summary>Makes the plan: pure.</summary>
/// <param name="view">The cluster.</param>
/// <param name="onLink">Which nodes are in one network with this one.</param>
/// <param name="options">What the operator chose besides.</param>
internal sealed class RoutePlanner(ClusterView view, OnLinkNetworks onLink, RouteOptions options)
{
    private readonly List<DesiredTunnel> tunnels = [];
    private readonly List<DesiredNeighbour> neighbours = new(view.Peers.Count);
    private readonly List<DesiredForwarding> forwarding = new(view.Peers.Count);
    private readonly List<DesiredRoute> routes = new(view.Peers.Count);
    private readonly List<PeerPath> paths = new(view.Peers.Count);
    private readonly List<string> problems = [];

    private BackendConf Backend => view.Network.Backend;

    /// <summary>The plan for a view.</summary>
    public static RoutePlan Plan(ClusterView view, OnLinkNetworks onLink, RouteOptions options) => new RoutePlanner(view, onLink, options).Plan();

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
            Forwarding = forwarding,
            Routes = routes,
            Paths = paths,
            Problems = problems,
        };
    }

    private void PlanFamily(bool is6)
    {
        if (view.Self.Uplink is null || view.Self.Address(is6) is null)
        {
            problems.Add($"{Tunnels.FamilyWord(is6)}: this node has no link or no address by which others reach it; give it one, or say --iface");
            return;
        }

        var tunnel = Tunnels.Plan(view, is6, problems);
        if (tunnel is not null)
            tunnels.Add(tunnel);
        foreach (var peer in view.Peers)
            paths.Add(new PeerPath(peer.Name, is6, PlanPeer(peer, is6, tunnel)));
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
            return PeerState.BehindRouter;
        return tunnel.Vxlan is { } vxlan ? PlanVxlan(peer, cidr.Network, address, (tunnel, vxlan)) : PlanIpip(cidr.Network, address, tunnel);
    }

    private PeerState PlanVxlan(ClusterNode peer, IPPrefix cidr, IPAddr address, (DesiredTunnel Tunnel, DesiredVxlan Vxlan) own)
    {
        if (peer.Vtep(cidr.Is6) is not { } vtep || vtep.Vni != own.Vxlan.Vni || vtep.Mac.IsZero || vtep.Mac.IsMulticast)
            return PeerState.NoTunnel;
        neighbours.Add(new DesiredNeighbour(own.Tunnel.Name, cidr.Address, vtep.Mac));
        forwarding.Add(new DesiredForwarding(own.Tunnel.Name, vtep.Mac, address));
        routes.Add(new DesiredRoute(cidr, cidr.Address, own.Tunnel.Name) { OnLink = true });
        return PeerState.Tunnelled;
    }

    private PeerState PlanIpip(IPPrefix cidr, IPAddr address, DesiredTunnel tunnel)
    {
        routes.Add(new DesiredRoute(cidr, address, tunnel.Name) { OnLink = true });
        return PeerState.Tunnelled;
    }
}
