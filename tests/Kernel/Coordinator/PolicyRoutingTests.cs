using Plugboard.Addresses;
using Plugboard.Coordinator.Cli;
using Plugboard.Coordinator.Cluster;
using Plugboard.Coordinator.Configuration;
using Plugboard.Coordinator.Node;
using Plugboard.Netlink.Route;
using Plugboard.Testing;

namespace Plugboard.Tests.Kernel.Coordinator;

/// <summary>What explain says of a node with rules of policy routing, as of a VPN or of several uplinks.</summary>
public sealed class PolicyRoutingTests
{
    private const string Node = """
        link set lo up
        link add eth0 type veth peer name eth0p
        link set eth0p up
        link set eth0 up
        addr add 192.168.0.1/24 dev eth0
        addr add fd00:192::1/64 dev eth0 nodad
        link add cni0 type veth peer name pod0
        addr add 10.244.1.1/24 dev cni0
        link set pod0 up
        link set cni0 up
        route add default via 192.168.0.254
        route add 10.244.2.0/24 via 192.168.0.2 proto 110
        route add 10.244.2.0/24 via 192.168.0.9 table 77
        """;

    private const string Main = "via 192.168.0.2 by eth0, by 10.244.2.0/24, the coordinator's route";
    private const string Other = "via 192.168.0.9 by eth0, by a rule for table 77 (ip rule; ip route show table 77)";

    [KernelTheory]
    [InlineData("", "10.244.1.2", Main)]
    [InlineData("rule add to 10.244.2.0/24 lookup 77", "10.244.1.2", Other)]
    [InlineData("rule add from 10.244.1.0/24 lookup 77", "10.244.1.2", Other)]
    [InlineData("rule add from 10.244.1.0/24 lookup 77", "10.244.1.1", Other)]
    [InlineData("rule add from 10.244.1.0/24 lookup 77", "192.168.0.1", Main)]
    [InlineData("rule add iif cni0 lookup 77", "10.244.1.2", Other)]
    [InlineData("rule add iif cni0 lookup 77", "10.244.1.1", Main)]
    // Of a link that is down the kernel takes no packet: what it would do with any other is said.
    [InlineData("link set cni0 down", "10.244.1.2", Main)]
    public void The_route_is_the_one_for_this_sender_and_the_table_is_named(string change, string source, string route)
    {
        using var machine = new TestMachine();
        machine.Tool("sysctl -qw net.ipv4.ip_forward=1");
        var (exitCode, _, error) = machine.TryTool(["ip", "-batch", "-"], $"{Node}\n{change}\n");
        Assert.True(exitCode == 0, error);

        Assert.Contains(("route", route), Explain(machine, source, "10.244.2.2").Steps);
    }

    [KernelTheory]
    [InlineData("fd01::2", "no route to fd01::2 by eth0: the tunnel's packets are dropped; give this node a route to it")]
    [InlineData("fd00:192::2", null)]
    // IPv4 looks for it on the link.
    [InlineData("172.16.0.2", null)]
    public void That_a_tunnels_packets_have_no_route_is_said(string end, string? path)
    {
        using var machine = new TestMachine();
        var is6 = end.Contains(':', StringComparison.Ordinal);
        var (pods, other, own) = is6 ? ("fd00:244:2::", "64", "fd00:192::1") : ("10.244.3.0", "24", "192.168.0.1");
        var (exitCode, _, error) = machine.TryTool(
            ["ip", "-batch", "-"],
            $"{Node}\nroute del default\nlink add tun0 type vxlan id 1 local {own} dev eth0 dstport 8472 nolearning\nlink set tun0 up\n"
                + $"route add {pods}/{other} via {pods} dev tun0 onlink\nneigh add {pods} lladdr 02:00:00:00:00:09 dev tun0 nud permanent\n"
        );
        Assert.True(exitCode == 0, error);
        machine.Tool($"bridge fdb add 02:00:00:00:00:09 dev tun0 dst {end}");

        var (steps, isSent) = Explain(machine, own, is6 ? "fd00:244:2::5" : "10.244.3.5");

        Assert.Equal(path, steps.FirstOrDefault(static step => step.Step == "path").Text);
        Assert.Equal(path is null, isSent);
    }

    private static (IReadOnlyList<(string Step, string Text)> Steps, bool IsSent) Explain(TestMachine machine, string from, string to) =>
        machine.Run(() =>
        {
            using var client = RouteClient.Open();
            var network = new NodeNetwork();
            network.Read(client);
            var view = new ClusterView
            {
                Network = new NetConf(),
                Self = new LocalNode { Name = "n1", PodCidrs = [IPPrefix.Parse("10.244.1.0/24")] },
                IsComplete = true,
            };
            var explanation = new Explanation(view, client, network);
            explanation.Walk(IPAddr.Parse(from), IPAddr.Parse(to), masquerade: null);
            return (explanation.Steps, explanation.IsSent);
        });
}
