using Plugboard.Addresses;
using Plugboard.Coordinator.Configuration;
using Plugboard.Coordinator.Engine;
using Plugboard.Coordinator.Node;
using Plugboard.Testing;

namespace Plugboard.Tests.Kernel.Coordinator;

/// <summary>
/// A node that is a router, and whose other daemons change routes, links, addresses and neighbours all the time: that costs the coordinator
/// what it touches, not a reading of all there is.
/// </summary>
public sealed class ForeignChangeTests
{
    private static readonly BackendConf HostGw = new() { Type = BackendType.HostGw };
    private static readonly BackendConf Vxlan = new() { Type = BackendType.Vxlan };

    private static NodeNetwork Watch(CoordinatedNode node)
    {
        NodeNetwork? network = null;
        node.Change = parts =>
        {
            network = parts.Network;
            return parts;
        };
        node.Start();
        return network!;
    }

    // The kernel's own last words on links and addresses that were just made.
    private static void Settle(CoordinatedNode node, NodeNetwork network)
    {
        var (reads, since) = (network.ReadCount, TimeProvider.System.GetTimestamp());
        node.Until(
            () =>
            {
                if (network.ReadCount != reads)
                    (reads, since) = (network.ReadCount, TimeProvider.System.GetTimestamp());
                return TimeProvider.System.GetElapsedTime(since) > TimeSpan.FromSeconds(0.5);
            },
            "nothing is read for half a second"
        );
    }

    [KernelTheory]
    [InlineData("host-gw")]
    [InlineData("vxlan")]
    public void What_others_change_is_noted_without_reading_all_again(string backend)
    {
        using var cluster = new NodeCluster(backend == "vxlan" ? Vxlan : HostGw, [2]);
        var node = cluster.Nodes[0];
        var network = Watch(node);
        node.Tell([.. cluster.Described]);
        node.Until(() => node.Source.Reported is { IsReady: true }, "ready");
        Settle(node, network);
        var reads = network.ReadCount;
        var syncs = node.Engine!.Status.Reconcilers[0].SyncCount;

        var (exitCode, _, error) = node.TryTool(
            ["ip", "-batch", "-"],
            """
            route add 20.0.0.0/24 via 192.168.0.254 proto 12
            route replace 20.0.0.0/24 via 192.168.0.253 proto 12
            route change 20.0.0.0/24 via 192.168.0.252 proto 12
            route del 20.0.0.0/24
            route add 20.0.1.0/24 via 192.168.0.254 proto 12
            route append 20.0.1.0/24 via 192.168.0.253 proto 12
            route del 20.0.1.0/24 via 192.168.0.254
            route add 2001:db8:1::/48 dev eth0 proto 12
            route add 20.0.2.0/24 nexthop via 192.168.0.254 nexthop via 192.168.0.253
            link add tap0 type veth peer name tap1
            link set tap0 up
            link set tap1 up
            addr add 172.30.0.1/24 dev tap0
            route add 20.0.3.0/24 via 172.30.0.2
            neigh add 172.30.0.2 dev tap0 lladdr 02:00:00:00:00:02
            addr del 172.30.0.1/24 dev tap0
            link set tap0 down
            link del tap0
            neigh add 192.168.0.77 dev eth0 lladdr 02:00:00:00:00:77
            neigh del 192.168.0.77 dev eth0
            route add 20.0.4.0/24 via 192.168.0.251 proto 12
            """.Replace("            ", "", StringComparison.Ordinal) + "\n"
        );
        Assert.True(exitCode == 0, error);
        // The last of them is known: so are those before.
        node.Until(() => network.Routes.ContainsKey(new RouteKey(IPPrefix.Parse("20.0.4.0/24"), 0)), "the changes were heard");

        Assert.Equal((reads, syncs), (network.ReadCount, node.Engine.Status.Reconcilers[0].SyncCount));
        node.Tool("ip route del 10.244.2.0/24");
        node.Until(() => node.Routes().Contains("10.244.2.0/24", StringComparison.Ordinal), "an own route is repaired");
    }

    [KernelFact]
    public void A_foreign_route_that_was_noted_is_known_when_it_is_in_the_way_later()
    {
        using var cluster = new NodeCluster(HostGw, [3]);
        var node = cluster.Nodes[0];
        var network = Watch(node);
        node.Tell(cluster.Described[0], cluster.Described[1]);
        node.Until(() => node.Source.Reported is { IsReady: true }, "ready");

        node.Tool("ip route add 10.244.3.0/24 via 192.168.0.254 proto 12");
        node.Tool("ip route add 192.168.0.3/32 via 192.168.0.254 proto 12");
        node.Until(() => network.Routes.ContainsKey(new RouteKey(IPPrefix.Parse("192.168.0.3/32"), 0)), "the changes were heard");
        node.Tell([.. cluster.Described]);
        node.Until(
            () =>
                node.Engine!.Status.Paths.Any(path => path is { Peer: "n3", State: Plugboard.Coordinator.Cluster.PeerState.BehindRouter }),
            "n3 is behind a router"
        );

        node.Tool("ip route del 192.168.0.3/32");
        node.Until(
            () => node.Routes().Contains("10.244.3.0/24 via 192.168.0.3", StringComparison.Ordinal),
            "n3 is reached, in the place of the foreign route"
        );
        Assert.Contains(node.Log, static line => line.StartsWith("routes: replace route 10.244.3.0/24", StringComparison.Ordinal));
    }

    [KernelFact]
    public void A_route_for_a_type_of_service_stays_beside_the_own_one_and_is_not_taken_for_it()
    {
        using var cluster = new NodeCluster(HostGw, [2]);
        var node = cluster.Nodes[0];
        node.Tool("ip route add 10.244.2.0/24 via 192.168.0.254 tos 4");
        Watch(node);
        node.Tell([.. cluster.Described]);
        node.Until(() => node.Source.Reported is { IsReady: true }, "ready");
        node.Kill();
        var network = Watch(node);
        node.Tell([.. cluster.Described]);
        node.Until(() => node.Source.Reported is { IsReady: true }, "ready again");

        node.Tool("ip route add 10.244.2.0/24 via 192.168.0.253 tos 8");
        node.Tool("ip route del 10.244.2.0/24 tos 4");
        node.Tool("ip route add 20.0.0.0/24 via 192.168.0.254");
        node.Until(() => network.Routes.ContainsKey(new RouteKey(IPPrefix.Parse("20.0.0.0/24"), 0)), "the changes were heard");

        Assert.Equal(
            "10.244.2.0/24 tos 0x08 via 192.168.0.253 dev eth0 \n10.244.2.0/24 via 192.168.0.2 dev eth0 proto 110 \n",
            node.Tool("ip route show 10.244.2.0/24")
        );
        Assert.Single(
            node.Log,
            static line => line.StartsWith("routes:", StringComparison.Ordinal) && line.Contains("route 10.244.2.0/24")
        );
    }

    [KernelTheory]
    [InlineData("ip route add 10.244.2.0/25 via 192.168.0.254", "10.244.2.0/25", "via 192.168.0.254 by eth0", "10.244.2.0/25")]
    [InlineData("ip route add blackhole 10.244.2.128/26 proto bird", "10.244.2.128/26", "without a router", "10.244.2.128/26")]
    [InlineData("ip route add 10.244.2.0/24 via 192.168.0.254 metric 50", null, "", "")]
    [InlineData("ip route add 10.244.2.0/25 via 192.168.0.2", null, "", "")]
    [InlineData("ip route add 10.244.2.0/25 via 192.168.0.254 tos 4", null, "", "")]
    [InlineData(
        "ip -6 route add fd00:244:0:2::/64 via fd00:192::fe metric 100",
        "fd00:244:0:2::/64",
        "via fd00:192::fe by eth0",
        "fd00:244:0:2::/64 metric 100"
    )]
    public void A_route_that_comes_before_the_own_one_is_named_with_what_removes_it(string change, string? to, string way, string removed)
    {
        using var cluster = new NodeCluster(HostGw, [2], isDual: true);
        var node = cluster.Nodes[0];
        node.Tool(change);
        Watch(node);
        node.Tell([.. cluster.Described]);
        node.Until(() => node.Source.Reported is { IsReady: true }, "ready");

        var warnings = node.Log.Where(static text => text.Contains("comes before", StringComparison.Ordinal));
        if (to is null)
            Assert.Empty(warnings);
        else
            Assert.Matches(
                $"^routes: warning: packets to {to}, of the pods of n2 \\(.*/(24|64)\\), go {way}.*: a route of protocol (boot|12) comes "
                    + $"before the coordinator's; unless it is meant: ip (-6 )?route del {removed}$",
                Assert.Single(warnings)
            );
    }

    [KernelTheory]
    [InlineData("ip route replace 10.244.2.0/24 via 192.168.0.254")]
    [InlineData("ip route add 192.168.0.2/32 via 192.168.0.254")]
    [InlineData("ip addr add 192.168.0.200/32 dev eth0")]
    [InlineData("ip link set eth0 mtu 1400")]
    public void What_something_here_depends_on_is_read_again(string change)
    {
        using var cluster = new NodeCluster(HostGw, [2]);
        var node = cluster.Nodes[0];
        var network = Watch(node);
        node.Tell([.. cluster.Described]);
        node.Until(() => node.Source.Reported is { IsReady: true }, "ready");
        var reads = network.ReadCount;

        node.Tool(change);

        node.Until(() => network.ReadCount > reads, "it is read again");
    }

    [KernelFact]
    public void The_tunnel_stays_where_it_is_whatever_routes_and_addresses_come_and_go()
    {
        using var cluster = new NodeCluster(Vxlan, [2]);
        foreach (var each in cluster.Nodes)
            each.Change = static parts => parts with { Uplink = new UplinkOptions() };
        cluster.Start();
        cluster.AssertAllReachAll();
        var node = cluster.Nodes[0];
        var tunnel = node.Tool("cat /sys/class/net/flannel.1/ifindex");
        var syncs = node.Engine!.Status.Reconcilers[0].SyncCount;

        foreach (
            var change in (string[])
                [
                    "ip route del default",
                    "ip -6 route add unreachable default metric 4096",
                    "ip addr add 192.168.0.200/32 dev eth0",
                    "ip link add eth9 type veth peer name eth9p",
                    "ip link set eth9p up",
                    "ip link set eth9 up",
                    "ip addr add 10.9.0.1/24 dev eth9",
                    "ip route add default via 10.9.0.254",
                    "ip addr del 192.168.0.200/32 dev eth0",
                ]
        )
            node.Tool(change);
        node.Engine.Reconfigure();
        node.Until(() => node.Engine.Status.Reconcilers[0].SyncCount > syncs, "all is looked at");

        cluster.AssertAllReachAll();
        Assert.Equal(tunnel, node.Tool("cat /sys/class/net/flannel.1/ifindex"));
        Assert.Single(node.Log, static line => line.StartsWith("other nodes are reached by", StringComparison.Ordinal));
        Assert.DoesNotContain(node.Log, static line => line.StartsWith("routes: delete link", StringComparison.Ordinal));
    }

    [KernelFact]
    public void A_default_route_that_comes_later_in_another_table_is_found_by_its_notification()
    {
        using var machine = new CoordinatedNode("n1", new NetConf { Network = IPPrefix.Parse("10.244.0.0/16"), Backend = HostGw })
        {
            Change = static parts => parts with { Uplink = new UplinkOptions() },
            Options = new EngineOptions { AuditInterval = TimeSpan.FromHours(1) },
        };
        machine.Tool("ip link add eth0 type veth peer name eth0p");
        machine.Tool("ip link set eth0p up");
        machine.Tool("ip link set eth0 up");
        machine.Tool("ip addr add 192.168.0.1/24 dev eth0");
        machine.Start();
        machine.Tell(CoordinatedNode.Describe(1, "192.168.9.1", HostGw));
        machine.Until(
            () =>
                machine.Source.Reported is { IsReady: false } report
                && report.Message.Contains("no usable default route", StringComparison.Ordinal),
            "it says that it has no uplink"
        );

        machine.Tool("ip rule add from all lookup 100");
        machine.Tool("ip route add default via 192.168.0.254 table 100");

        machine.Until(() => machine.Source.Reported is { IsReady: true }, "the uplink is found");
        Assert.Contains(
            machine.Log,
            static line => line == "other nodes are reached by eth0 (MTU 1500) from 192.168.0.1/24: packets to 1.1.1.1 leave by it"
        );
    }
}
