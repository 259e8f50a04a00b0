using Plugboard.Addresses;
using Plugboard.Coordinator.Cli;
using Plugboard.Coordinator.Cluster;
using Plugboard.Coordinator.Configuration;
using Plugboard.Coordinator.Node;
using Plugboard.Netlink.Route;
using Plugboard.Testing;

namespace Plugboard.Tests.Kernel.Coordinator;

/// <summary>What explain says of the path MTU that a router reported.</summary>
public sealed class PathMtuTests
{
    [KernelFact]
    public void What_a_router_reported_is_explained_and_what_it_means_for_the_tunnel()
    {
        using var cluster = new NodeCluster(new BackendConf { Type = BackendType.Vxlan }, [1, 1]);
        cluster.Start();
        cluster.AssertAllReachAll();
        Assert.DoesNotContain(Explain(cluster, "192.168.1.2"), step => step.Text.Contains("router", StringComparison.Ordinal));
        Assert.DoesNotContain(Explain(cluster, "10.244.2.2"), step => step.Step == "path");
        // The second node's side of the router takes less.
        cluster.Nodes[1].Tool("ip link set eth0 mtu 1300");
        cluster.Fabric.Tool("ip link set p2 mtu 1300");
        cluster.Fabric.Tool("ip link set sw1 mtu 1300");

        cluster.Nodes[0].TryTool(["ping", "-c1", "-W1", "-M", "do", "-s", "1400", "192.168.1.2"]);

        Assert.Contains(
            (
                "mtu",
                "1300 bytes: a router on the path to 192.168.1.2 takes no more, which the kernel remembers for some minutes (to "
                    + "forget it: ip route flush cache); eth0 takes 1500"
            ),
            Explain(cluster, "192.168.1.2")
        );
        var through = Explain(cluster, "10.244.2.2");
        Assert.Contains(
            (
                "path",
                "1300 bytes to 192.168.1.2, reported by a router on the path; tunnel packets have up to 1500, larger ones are "
                    + "fragmented or "
                    + "lost: set Backend.MTU to 1300"
            ),
            through
        );
    }

    private static IReadOnlyList<(string Step, string Text)> Explain(NodeCluster cluster, string destination)
    {
        var node = cluster.Nodes[0];
        return node.RunBeside(() =>
        {
            using var client = RouteClient.Open();
            var network = new NodeNetwork();
            network.Read(client);
            var view = new ClusterView
            {
                Network = cluster.Network,
                Self = new LocalNode
                {
                    Name = "n1",
                    PodCidrs = cluster.Described[0].PodCidrs,
                    Addresses = [IPPrefix.Parse("192.168.0.1/24")],
                },
                Peers = [cluster.Described[1]],
                IsComplete = true,
            };
            var explanation = new Explanation(view, client, network);
            explanation.Walk(IPAddr.Parse("192.168.0.1"), IPAddr.Parse(destination), masquerade: null);
            return explanation.Steps;
        });
    }
}
