using System.Globalization;
using Plugboard.Addresses;
using Plugboard.Coordinator.Cli;
using Plugboard.Coordinator.Cluster;
using Plugboard.Coordinator.Configuration;
using Plugboard.Coordinator.Node;
using Plugboard.Coordinator.Routes;

namespace Plugboard.Tests.Unit.Coordinator;

public sealed class RoutePlannerTests
{
    private static readonly OnLinkNetworks OneNetwork = new([
        new OnLinkRoute(IPPrefix.Parse("192.168.0.0/24"), 2, HasGateway: false, 0),
        new OnLinkRoute(IPPrefix.Parse("0.0.0.0/0"), 2, HasGateway: true, 0),
        new OnLinkRoute(IPPrefix.Parse("fd00:192::/64"), 2, HasGateway: false, 0),
    ]);

    private static ClusterNode Peer(int number, string network = "192.168.0") =>
        new()
        {
            Name = $"n{number}",
            PodCidrs = [IPPrefix.Parse($"10.244.{number}.0/24")],
            Addresses = [IPAddr.Parse($"{network}.{number}")],
            Vtep4 = new VtepData(1, MacAddress.Local((ulong)number)),
        };

    private static ClusterView View(BackendConf backend, params ClusterNode[] peers) =>
        new()
        {
            Network = new NetConf { Network = IPPrefix.Parse("10.244.0.0/16"), Backend = backend },
            Self = new LocalNode
            {
                Name = "n1",
                Identity = "n1",
                PodCidrs = [IPPrefix.Parse("10.244.1.0/24")],
                Uplink = new UplinkLink(2, "eth0", 1500),
                Addresses = [IPPrefix.Parse("192.168.0.1/24")],
            },
            Peers = [.. peers],
            IsComplete = true,
        };

    private static RoutePlan Plan(ClusterView view) => RoutePlanner.Plan(view, OneNetwork, new RouteOptions());

    [Fact]
    public void Host_gw_routes_to_a_peer_in_the_same_network()
    {
        var plan = Plan(View(new BackendConf { Type = BackendType.HostGw }, Peer(2)));

        Assert.Equal("10.244.2.0/24 via 192.168.0.2 dev eth0", Assert.Single(plan.Routes).ToString());
        Assert.Empty(plan.Tunnels);
        Assert.Equal(PeerState.Direct, Assert.Single(plan.Paths).State);
    }

    [Fact]
    public void Host_gw_makes_no_route_to_a_peer_behind_a_router()
    {
        var plan = Plan(View(new BackendConf { Type = BackendType.HostGw }, Peer(2, "172.16.0")));

        Assert.Empty(plan.Routes);
        Assert.Equal(PeerState.BehindRouter, Assert.Single(plan.Paths).State);
    }

    [Theory]
    [InlineData("192.168.0.0/24 2", "NoRoute", "no: this node has no route to its address")]
    [InlineData("192.168.0.0/24 2,172.16.0.0/24 3", "OtherLink", "no: its address is in a network of another link than the uplink")]
    [InlineData("192.168.0.0/24 2,172.16.0.0/24 0", "BehindRouter", "no: it is behind a router")]
    public void Host_gw_says_what_is_in_the_way(string networks, string state, string words)
    {
        var onLink = new OnLinkNetworks(
            networks
                .Split(',')
                .Select(text => text.Split(' '))
                .Select(network => new OnLinkRoute(
                    IPPrefix.Parse(network[0]),
                    int.Parse(network[1], CultureInfo.InvariantCulture),
                    HasGateway: false,
                    0
                ))
        );

        var plan = RoutePlanner.Plan(View(new BackendConf { Type = BackendType.HostGw }, Peer(2, "172.16.0")), onLink, new RouteOptions());

        var path = Assert.Single(plan.Paths);
        Assert.Equal(state, path.State.ToString());
        Assert.StartsWith(words, PeerTable.WordsOf(path.State), StringComparison.Ordinal);
        Assert.Empty(plan.Routes);
    }

    [Fact]
    public void Vxlan_makes_a_tunnel_and_per_peer_a_neighbour_an_entry_and_a_route()
    {
        var plan = Plan(View(new BackendConf { Type = BackendType.Vxlan }, Peer(2)));

        var tunnel = Assert.Single(plan.Tunnels);
        Assert.Equal(("flannel.1", 1450, "10.244.1.0/32"), (tunnel.Name, tunnel.Mtu, tunnel.Address.ToString()));
        Assert.Equal("10.244.2.0 dev flannel.1 lladdr 02:00:00:00:00:02 nud permanent", Assert.Single(plan.Neighbours).ToString());
        Assert.Equal("02:00:00:00:00:02 dev flannel.1 dst 192.168.0.2 self permanent", Assert.Single(plan.Fdb).ToString());
        Assert.Equal("10.244.2.0/24 via 10.244.2.0 dev flannel.1 onlink", Assert.Single(plan.Routes).ToString());
    }

    [Fact]
    public void Direct_routing_uses_the_tunnel_only_for_peers_behind_a_router()
    {
        var plan = Plan(View(new BackendConf { Type = BackendType.Vxlan, DirectRouting = true }, Peer(2), Peer(3, "172.16.0")));

        Assert.Equal(
            ["10.244.2.0/24 via 192.168.0.2 dev eth0", "10.244.3.0/24 via 10.244.3.0 dev flannel.1 onlink"],
            plan.Routes.Select(route => route.ToString())
        );
        Assert.Equal([PeerState.Direct, PeerState.Tunnelled], plan.Paths.Select(path => path.State));
        Assert.Single(plan.Fdb);
    }

    [Fact]
    public void A_peer_that_does_not_say_where_its_tunnel_ends_waits()
    {
        var plan = Plan(
            View(
                new BackendConf { Type = BackendType.Vxlan },
                Peer(2) with
                {
                    Vtep4 = null,
                },
                Peer(3) with
                {
                    Vtep4 = new VtepData(7, MacAddress.Local(3)),
                }
            )
        );

        Assert.Empty(plan.Routes);
        Assert.Equal([PeerState.NoTunnel, PeerState.OtherVni], plan.Paths.Select(path => path.State));
    }

    [Fact]
    public void A_peer_that_says_no_number_of_its_network_is_in_this_nodes()
    {
        var plan = Plan(
            View(new BackendConf { Type = BackendType.Vxlan, Vni = 7 }, Peer(2) with { Vtep4 = new VtepData(0, MacAddress.Local(2)) })
        );

        Assert.Equal("10.244.2.0/24 via 10.244.2.0 dev flannel.7 onlink", Assert.Single(plan.Routes).ToString());
        Assert.Equal(PeerState.Tunnelled, Assert.Single(plan.Paths).State);
    }

    [Fact]
    public void A_family_without_pods_and_address_here_is_no_problem_and_one_with_pods_is()
    {
        var view = View(new BackendConf { Type = BackendType.Vxlan }, Peer(2));
        var dual = view with { Network = view.Network with { EnableIPv6 = true } };

        Assert.Empty(Plan(dual).Problems);
        Assert.Equal(
            "IPv6: this node has IPv6 pods, and eth0 has no IPv6 address that other nodes could use; give it one, name another link "
                + "with --iface, or set EnableIPv6: false if the cluster has no IPv6",
            Assert.Single(
                Plan(dual with { Self = dual.Self with { PodCidrs = [.. dual.Self.PodCidrs, IPPrefix.Parse("fd00:1::/64")] } }).Problems
            )
        );
    }

    [Fact]
    public void A_peer_of_another_backend_is_left_alone()
    {
        var plan = Plan(View(new BackendConf { Type = BackendType.HostGw }, Peer(2) with { BackendType = "vxlan" }));

        Assert.Empty(plan.Routes);
        Assert.Equal(PeerState.OtherBackend, Assert.Single(plan.Paths).State);
    }

    [Fact]
    public void The_tunnels_hardware_address_is_the_advertised_one_else_the_identitys_own()
    {
        var view = View(new BackendConf { Type = BackendType.Vxlan });
        var told = view with { Self = view.Self with { Vtep4 = new VtepData(1, MacAddress.Parse("c6:00:00:00:00:01")) } };

        Assert.Equal("c6:00:00:00:00:01", Assert.Single(Plan(told).Tunnels).Vxlan!.Mac.ToString());
        Assert.Equal(VtepMac.From("n1", 1, is6: false), Assert.Single(Plan(view).Tunnels).Vxlan!.Mac);
        Assert.NotEqual(VtepMac.From("n1", 1, is6: false), VtepMac.From("n1", 1, is6: true));
    }

    [Fact]
    public void Inside_an_IPv6_tunnel_there_is_room_for_70_bytes_less()
    {
        var view = View(new BackendConf { Type = BackendType.Vxlan });
        view = view with
        {
            Network = view.Network with { EnableIPv6 = true },
            Self = view.Self with
            {
                PodCidrs = [IPPrefix.Parse("10.244.1.0/24"), IPPrefix.Parse("fd00:244:0:1::/64")],
                Addresses = [IPPrefix.Parse("192.168.0.1/24"), IPPrefix.Parse("fd00:192::1/64")],
            },
        };

        Assert.Equal([("flannel.1", 1450), ("flannel-v6.1", 1430)], Plan(view).Tunnels.Select(tunnel => (tunnel.Name, tunnel.Mtu)));
    }

    [Fact]
    public void Ipip_sends_by_the_peers_own_address_and_knows_no_IPv6()
    {
        var view = View(new BackendConf { Type = BackendType.Ipip }, Peer(2));

        var plan = Plan(view);

        Assert.Equal(("flannel.ipip", 1480), (Assert.Single(plan.Tunnels).Name, plan.Tunnels[0].Mtu));
        Assert.Equal("10.244.2.0/24 via 192.168.0.2 dev flannel.ipip onlink", Assert.Single(plan.Routes).ToString());
    }

    [Fact]
    public void The_own_network_is_a_blackhole_only_where_asked_for()
    {
        var view = View(new BackendConf { Type = BackendType.HostGw });

        var route = Assert.Single(RoutePlanner.Plan(view, OneNetwork, new RouteOptions { BlackholesOwnNetwork = true }).Routes);

        Assert.Equal(("blackhole 10.244.1.0/24", DesiredRoute.BlackholePriority), (route.ToString(), route.Priority));
        Assert.Empty(Plan(view).Routes);
    }

    [Fact]
    public void A_link_too_small_for_a_tunnel_is_named()
    {
        var view = View(new BackendConf { Type = BackendType.Vxlan, Mtu = 100 });

        Assert.Contains("eth0", Assert.Single(Plan(view).Problems), StringComparison.Ordinal);
    }
}
