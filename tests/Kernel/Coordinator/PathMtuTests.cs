using Plugboard.Addresses;
using Plugboard.Coordinator.Cli;
using Plugboard.Coordinator.Cluster;
using Plugboard.Coordinator.Configuration;
using Plugboard.Coordinator.Node;
using Plugboard.Netlink.Route;
using Plugboard.Testing;

namespace Plugboard.Tests.Kernel.Coordinator;

/// <summary>What explain tells of the path's MTU, once a router has told the kernel.</summary>
public sealed class PathMtuTests
{
    [KernelFact]
    public void What_a_router_told_is_told_and_what_it_means_for_the_tunnel()
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
                "1300 bytes: a router on the way to 192.168.1.2 takes no more, and the kernel remembers it for some minutes (ip "
                    + "route flush cache forgets it); eth0 takes 1500"
            ),
            Explain(cluster, "192.168.1.2")
        );
        var through = Explain(cluster, "10.244.2.2");
        Assert.Contains(
            (
                "path",
                "1300 bytes to 192.168.1.2, as a router on the way told; the tunnel's have up to 1500, and larger ones are cut or "
                    + "lost: Backend.MTU 1300"
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
