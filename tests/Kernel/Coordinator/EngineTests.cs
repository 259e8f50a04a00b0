using Plugboard.Addresses;
using Plugboard.Coordinator.Cluster;
using Plugboard.Coordinator.Configuration;
using Plugboard.Coordinator.Engine;
using Plugboard.Coordinator.Files;
using Plugboard.Netlink.Route;
using Plugboard.Testing;

namespace Plugboard.Tests.Kernel.Coordinator;

/// <summary>
/// The engine on real links and routes: it makes what should be, repairs changes by other processes, and is silent otherwise.
/// </summary>
public sealed class EngineTests
{
    private static readonly TimeSpan Promptly = TimeSpan.FromSeconds(1);
    private static readonly BackendConf HostGw = new() { Type = BackendType.HostGw };
    private static readonly BackendConf Vxlan = new() { Type = BackendType.Vxlan };

    [KernelFact]
    public void Pods_of_three_nodes_in_one_network_reach_each_other_by_host_gw()
    {
        using var cluster = new NodeCluster(HostGw, [3]);

        cluster.Start();

        cluster.AssertAllReachAll();
        Assert.Equal("10.244.2.0/24 via 192.168.0.2 dev eth0", cluster.Nodes[0].Routes().Split('\n')[0].Trim());
    }

    [KernelFact]
    public void Pods_reach_each_other_by_host_gw_in_both_families()
    {
        using var cluster = new NodeCluster(HostGw, [2], isDual: true);

        cluster.Start();

        cluster.AssertAllReachAll();
    }

    [KernelFact]
    public void Pods_reach_each_other_by_vxlan_in_both_families()
    {
        using var cluster = new NodeCluster(Vxlan, [3], isDual: true);

        cluster.Start();

        cluster.AssertAllReachAll();
        Assert.Contains("mtu 1430", cluster.Nodes[0].Tool("ip link show flannel-v6.1"), StringComparison.Ordinal);
    }

    [KernelFact]
    public void With_direct_routing_only_what_is_behind_a_router_goes_through_the_tunnel()
    {
        using var cluster = new NodeCluster(Vxlan with { DirectRouting = true }, [2, 2]);

        cluster.Start();

        cluster.AssertAllReachAll();
        var routes = cluster.Nodes[0].Routes();
        Assert.Contains("10.244.2.0/24 via 192.168.0.2 dev eth0", routes, StringComparison.Ordinal);
        Assert.Contains("10.244.3.0/24 via 10.244.3.0 dev flannel.1 onlink", routes, StringComparison.Ordinal);
    }

    [KernelTheory]
    [InlineData("ip route del 10.244.2.0/24")]
    [InlineData("ip route replace 10.244.2.0/24 via 192.168.0.254")]
    [InlineData("ip route replace blackhole 10.244.2.0/24")]
    [InlineData("ip route flush proto 110")]
    [InlineData("ip link del flannel.1")]
    [InlineData("ip link set flannel.1 down")]
    [InlineData("ip link set flannel.1 mtu 1300")]
    [InlineData("ip link set flannel.1 address 02:00:00:00:00:01")]
    [InlineData("ip addr flush dev flannel.1")]
    [InlineData("ip neigh flush dev flannel.1 nud permanent")]
    [InlineData("ip neigh replace 10.244.2.0 dev flannel.1 lladdr 02:00:00:00:00:01 nud permanent")]
    [InlineData("bridge fdb flush dev flannel.1")]
    [InlineData("bridge fdb replace MAC dev flannel.1 dst 192.168.0.77 self permanent")]
    public void A_change_by_another_process_is_repaired_within_a_second(string tampering)
    {
        using var cluster = new NodeCluster(Vxlan, [2]);
        cluster.Start();
        cluster.AssertAllReachAll();
        var node = cluster.Nodes[0];
        var before = StateOf(node);

        // To look at the node takes processes of its own, which wait on a loaded machine.
        Timing.Within(
            Promptly,
            () =>
            {
                node.TryTool(tampering.Replace("MAC", cluster.Described[1].Vtep4!.Mac.ToString(), StringComparison.Ordinal).Split(' '));
                return node.Until(() => StateOf(node) == before, $"as before {tampering}:\n{before}\nis\n{StateOf(node)}");
            }
        );
        cluster.AssertAllReachAll();
    }

    [KernelFact]
    public void A_tunnel_is_made_where_settings_of_the_kernel_cannot_be_written()
    {
        using var cluster = new NodeCluster(Vxlan, [2]);
        foreach (var node in cluster.Nodes)
        {
            node.Tool("sysctl -qw net.ipv4.ip_forward=1");
            // As in a container that is not privileged.
            node.Tool("mount -o bind,ro /proc/sys /proc/sys");
        }

        cluster.Start();

        cluster.AssertAllReachAll();
        Assert.DoesNotContain(cluster.Nodes[0].Log, static line => line.Contains("cannot repair", StringComparison.Ordinal));
    }

    [KernelFact]
    public void Files_that_another_process_removes_or_changes_are_there_again_within_a_second()
    {
        using var cluster = new NodeCluster(HostGw, [1]);
        var node = cluster.Nodes[0];
        var directory = Directory.CreateTempSubdirectory("files").FullName;
        var files = FilesIn(directory);
        node.Tool($"chmod +x {directory}/any");
        node.Files = files;
        cluster.Start();
        string Content() =>
            string.Concat(
                ((string[])[files.SubnetFile, files.ConflistFile]).Select(static file =>
                    File.Exists(file) ? File.ReadAllText(file) : "none"
                )
            );
        node.Until(
            () => node.Engine?.Status.FirstNotReadyReason is null && !Content().Contains("none", StringComparison.Ordinal),
            "the files are written"
        );
        var before = Content();

        foreach (
            var tamper in (Action[])
                [
                    () => File.Delete(files.SubnetFile),
                    () => File.Delete(files.ConflistFile),
                    () => File.WriteAllText(files.ConflistFile, "{}"),
                    () => Directory.Move($"{directory}/run", $"{directory}/away-{Guid.NewGuid()}"),
                ]
        )
        {
            Timing.Within(
                Promptly,
                () =>
                {
                    tamper();
                    return node.Until(() => Content() == before, "as before");
                }
            );
        }

        node.Kill();
        Directory.Delete(directory, recursive: true);
    }

    private static FilesOptions FilesIn(string directory)
    {
        File.WriteAllText($"{directory}/any", "#!/bin/sh\necho '{\"cniVersion\":\"1.0.0\",\"supportedVersions\":[\"1.0.0\"]}'\n");
        File.WriteAllText($"{directory}/template", """{"cniVersion":"1.0.0","name":"pods","plugins":[{"type":"any"}]}""");
        return new FilesOptions
        {
            SubnetFile = $"{directory}/run/subnet.env",
            StateDirectory = $"{directory}/state",
            ConflistFile = $"{directory}/net.d/10-pods.conflist",
            ConflistTemplate = $"{directory}/template",
            PluginDirectories = [directory],
        };
    }

    // What the coordinator keeps, without numbers that change from link to link.
    private static string StateOf(CoordinatedNode node) =>
        node.Routes()
        + node.TryTool(["ip", "-br", "link", "show", "flannel.1"]).Output
        + node.TryTool(["ip", "-4", "-br", "addr", "show", "dev", "flannel.1"]).Output
        + node.TryTool(["ip", "neigh", "show", "dev", "flannel.1", "nud", "permanent"]).Output
        + node.TryTool(["bridge", "fdb", "show", "dev", "flannel.1"]).Output;

    [KernelFact]
    public void Forwarding_that_is_switched_off_is_found_by_the_audit()
    {
        using var cluster = new NodeCluster(HostGw, [2]);
        var node = cluster.Nodes[0];
        node.Options = new EngineOptions { AuditInterval = TimeSpan.FromMilliseconds(300) };
        cluster.Start();
        cluster.AssertAllReachAll();

        node.Tool("sysctl -qw net.ipv4.ip_forward=0");

        node.Until(() => node.Tool("sysctl -n net.ipv4.ip_forward").Trim() == "1", "packets are forwarded again");
    }

    [KernelFact]
    public void A_node_that_leaves_is_forgotten_and_one_that_comes_back_with_another_address_is_found()
    {
        using var cluster = new NodeCluster(Vxlan, [3]);
        cluster.Start();
        cluster.AssertAllReachAll();
        var node = cluster.Nodes[0];

        node.Tell(cluster.Described[0], cluster.Described[2]);
        node.Until(() => !node.Routes().Contains("10.244.2.0", StringComparison.Ordinal), "n2 is forgotten");
        Assert.DoesNotContain(
            cluster.Described[1].Vtep4!.Mac.ToString(),
            node.Tool("bridge fdb show dev flannel.1"),
            StringComparison.Ordinal
        );
        Assert.DoesNotContain("10.244.2.0", node.Tool("ip neigh show dev flannel.1"), StringComparison.Ordinal);

        cluster.Nodes[1].Tool("ip addr del 192.168.0.2/24 dev eth0");
        cluster.Nodes[1].Tool("ip addr add 192.168.0.99/24 dev eth0");
        cluster.Described[1] = cluster.Described[1] with { Addresses = [Addresses.IPAddr.Parse("192.168.0.99")] };
        foreach (var each in cluster.Nodes)
            each.Tell([.. cluster.Described]);
        cluster.AssertAllReachAll();
        Assert.Contains("192.168.0.99", cluster.Nodes[1].Tool("ip -d link show flannel.1"), StringComparison.Ordinal);
        cluster.Nodes[1].Until(() => cluster.Nodes[1].Source.Advertised?.Addresses.ToString() == "192.168.0.99", "it is advertised");
    }

    [KernelFact]
    public void The_end_of_the_tunnel_is_advertised_before_the_node_has_pods_and_an_existing_tunnel_keeps_its_address()
    {
        using var cluster = new NodeCluster(Vxlan, [2]);
        var (first, second) = (cluster.Nodes[0], cluster.Nodes[1]);
        second.Tool("ip link add flannel.1 address c6:00:00:00:00:02 type vxlan id 1 local 192.168.0.2 dev eth0 dstport 8472 nolearning");

        foreach (var node in cluster.Nodes)
        {
            node.Start();
            node.Source.Store.Replace([]);
            node.Until(() => node.Source.Advertised is not null, "it is advertised");
        }

        Assert.Equal(cluster.Described[0].Vtep4, first.Source.Advertised!.Vtep4);
        Assert.Equal("c6:00:00:00:00:02", second.Source.Advertised!.Vtep4!.Mac.ToString());
    }

    [KernelFact]
    public void Nothing_is_advertised_before_it_is_known_what_the_source_has_for_this_node()
    {
        using var cluster = new NodeCluster(Vxlan, [2]);
        var node = cluster.Nodes[0];
        node.Start();
        node.Until(() => node.Log.Any(line => line.Contains("the list of nodes was not read yet", StringComparison.Ordinal)), "a round");
        node.Until(() => node.Source.Reported is not null, "the round's end");
        Assert.Null(node.Source.Advertised);

        var known = new VtepData(1, MacAddress.Parse("c6:00:00:00:00:01"));
        node.Tell(cluster.Described[0] with { Vtep4 = known });
        node.Until(() => node.Source.Advertised is not null, "it is advertised");
        Assert.Equal(known, node.Source.Advertised!.Vtep4);
    }

    [KernelFact]
    public void Nothing_is_pruned_before_a_complete_list_and_what_is_stale_goes_with_it()
    {
        using var cluster = new NodeCluster(HostGw, [2]);
        var node = cluster.Nodes[0];
        node.Tool("ip route add 10.244.77.0/24 via 192.168.0.77 proto 110");
        node.Tool("ip route add 10.245.0.0/24 via 192.168.0.77");

        node.Start();
        node.Source.Store.Set(cluster.Described[1]);
        node.Until(() => node.Routes().Contains("10.244.2.0/24", StringComparison.Ordinal), "a node that is known is reached");
        Assert.Contains("10.244.77.0/24", node.Routes(), StringComparison.Ordinal);

        node.Tell([.. cluster.Described]);
        node.Until(() => !node.Routes().Contains("10.244.77.0/24", StringComparison.Ordinal), "what is stale goes");
        Assert.Contains("10.245.0.0/24", node.Tool("ip route"), StringComparison.Ordinal);
    }

    [KernelFact]
    public void What_flanneld_left_is_taken_over_and_its_stale_peers_go()
    {
        using var cluster = new NodeCluster(Vxlan, [2]);
        var node = cluster.Nodes[0];
        var mac = cluster.Described[0].Vtep4!.Mac;
        node.Tool($"ip link add flannel.1 address {mac} mtu 1450 type vxlan id 1 local 192.168.0.1 dev eth0 dstport 8472 nolearning");
        node.Tool("ip addr add 10.244.1.0/32 dev flannel.1");
        node.Tool("ip link set flannel.1 up");
        node.Tool("ip route add 10.244.2.0/24 via 10.244.2.0 dev flannel.1 onlink");
        node.Tool("ip route add 10.244.9.0/24 via 10.244.9.0 dev flannel.1 onlink");
        node.Tool("ip neigh add 10.244.9.0 dev flannel.1 lladdr 02:00:00:00:00:09 nud permanent");
        node.Tool("bridge fdb add 02:00:00:00:00:09 dev flannel.1 dst 192.168.0.9 self permanent");
        var index = node.Tool("cat /sys/class/net/flannel.1/ifindex");

        cluster.Start();

        cluster.AssertAllReachAll();
        Assert.Equal(index, node.Tool("cat /sys/class/net/flannel.1/ifindex"));
        Assert.DoesNotContain("10.244.9.0", node.Tool("ip route") + node.Tool("ip neigh show dev flannel.1"), StringComparison.Ordinal);
        Assert.DoesNotContain("02:00:00:00:00:09", node.Tool("bridge fdb show dev flannel.1"), StringComparison.Ordinal);
    }

    [KernelFact]
    public void An_uplink_that_is_made_again_is_followed_and_so_is_its_mtu()
    {
        using var cluster = new NodeCluster(Vxlan, [2]);
        cluster.Start();
        cluster.AssertAllReachAll();
        var node = cluster.Nodes[0];

        node.Tool("ip link set eth0 mtu 1400");
        node.Until(
            () => node.TryTool(["ip", "link", "show", "flannel.1"]).Output.Contains("mtu 1350", StringComparison.Ordinal),
            "the tunnel's MTU follows"
        );
        node.Tool("ip link del eth0");
        node.Until(() => node.Source.Reported is { IsReady: false }, "the loss is reported");
        cluster.Plug(node, 1, 0);

        cluster.AssertAllReachAll();
        Assert.True(node.Source.Reported is { IsReady: true }, node.Source.Reported?.Message);
    }

    [KernelFact]
    public void A_machine_under_two_names_is_reached_until_its_former_name_goes_and_after()
    {
        using var cluster = new NodeCluster(new BackendConf { Type = BackendType.Vxlan }, [2]);
        var node = cluster.Nodes[0];
        node.Start();
        var (self, now) = (cluster.Described[0], cluster.Described[1] with { CreatedAt = DateTimeOffset.UnixEpoch.AddDays(9) });
        var former = now with { Name = "n0", PodCidrs = [IPPrefix.Parse("10.244.9.0/24")], CreatedAt = DateTimeOffset.UnixEpoch };
        node.Tell(self, former);
        node.Until(() => node.Routes().Contains("10.244.9.0/24", StringComparison.Ordinal), "the former name is reached");

        node.Tell(self, former, now);
        node.Until(() => node.Routes().Contains("10.244.2.0/24", StringComparison.Ordinal), "so is the new one");
        node.Tell(self, now);
        node.Until(() => !node.Routes().Contains("10.244.9.0/24", StringComparison.Ordinal), "the former name is forgotten");

        Assert.Contains($"{now.Vtep4!.Mac} dst {now.Addresses[0]}", node.Tool("bridge fdb show dev flannel.1"), StringComparison.Ordinal);
        Assert.DoesNotContain(node.Log, static line => line.Contains("delete fdb", StringComparison.Ordinal));
    }

    [KernelFact]
    public void A_steady_state_changes_nothing_in_the_kernel()
    {
        using var cluster = new NodeCluster(Vxlan, [3], isDual: true);
        cluster.Start();
        cluster.AssertAllReachAll();
        var node = cluster.Nodes[0];
        // The kernel's own: addresses that it has made sure of.
        node.Until(() => node.Tool("ip -6 addr show tentative").Length == 0, "no address is tentative");
        var monitored = node.RunBeside(() =>
        {
            using var changes = RouteChanges.Open(
                RouteMonitorGroups.Link
                    | RouteMonitorGroups.IPv4Address
                    | RouteMonitorGroups.IPv6Address
                    | RouteMonitorGroups.IPv4Route
                    | RouteMonitorGroups.IPv6Route
            );
            node.Tell([.. cluster.Described]);
            node.Engine!.Reconfigure();
            cluster.AssertAllReachAll();
            return changes.Receive(TimeSpan.FromSeconds(2));
        });

        Assert.Empty(monitored.Items);
        Assert.False(monitored.Lost);
    }

    [KernelFact]
    public void The_routes_stay_when_the_engine_ends_and_a_new_one_changes_nothing()
    {
        using var cluster = new NodeCluster(Vxlan, [2]);
        cluster.Start();
        cluster.AssertAllReachAll();
        var node = cluster.Nodes[0];
        var routes = node.Routes();

        node.Kill();
        Assert.Equal(routes, node.Routes());
        Assert.True(cluster.CanPing(1, "10.244.2.2"));
        node.Log.Clear();
        node.Start();
        node.Tell([.. cluster.Described]);
        node.Until(() => node.Source.Reported is { IsReady: true }, "ready again");

        Assert.Equal(routes, node.Routes());
        Assert.DoesNotContain(node.Log, line => line.StartsWith("routes:", StringComparison.Ordinal));
    }
}
