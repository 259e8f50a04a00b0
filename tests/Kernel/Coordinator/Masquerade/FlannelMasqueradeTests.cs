using Plugboard.Addresses;
using Plugboard.Coordinator.Masquerade;
using Plugboard.Coordinator.Reconciling;
using Plugboard.Testing;
using static Plugboard.Tests.Kernel.Coordinator.Masquerade.MasqueradeNode;

namespace Plugboard.Tests.Kernel.Coordinator.Masquerade;

public sealed class FlannelMasqueradeTests
{
    [KernelTheory]
    [InlineData("nftables")]
    [InlineData("iptables")]
    public void Pods_see_each_other_and_all_else_sees_the_node(string backend)
    {
        using var node = new MasqueradeNode(Options(backend));
        // A pod of another node, behind the link to the internet.
        node.Outside.Tool("ip addr add 10.244.2.2/32 dev lo");
        node.Tool("ip route add 10.244.2.0/24 via 203.0.113.1");
        node.SyncWell();

        Assert.Equal(Eth0, node.SeenFromPod(Internet));
        Assert.Equal(Eth06, node.SeenFromPod(Internet6));
        Assert.Equal(Eth0, node.SeenFromPod(Private));
        Assert.Equal(PodAddress, node.SeenFromPod("10.244.2.2"));
        node.IsSteady();
    }

    [KernelTheory]
    [InlineData("nftables")]
    [InlineData("iptables")]
    public void What_comes_from_outside_is_masqueraded_to_other_nodes_pods_only(string backend)
    {
        using var node = new MasqueradeNode(Options(backend));
        using var server = EchoServer.Tcp(node.Pod, 80);
        node.Outside.Tool("ip addr add 10.244.2.2/32 dev lo");
        node.Tool("ip route add 10.244.2.0/24 via 203.0.113.1");
        node.Tool("ip addr add 192.168.77.7/32 dev lo");
        node.Outside.Tool("ip route add 192.168.77.7 via 203.0.113.10");
        node.SyncWell();

        Assert.Equal("203.0.113.1", node.Outside.AskTcp($"{PodAddress}:80"));
        Assert.Equal(Eth0, node.Tool("ip route get 10.244.2.2").Split("src ")[1].Split(' ')[0]);
        Assert.Equal(Eth0, node.Run(() => AskFrom(node)));
    }

    // The node's own, from an address that is no link's.
    private static string AskFrom(MasqueradeNode node)
    {
        using var socket = new System.Net.Sockets.Socket(
            System.Net.Sockets.AddressFamily.InterNetwork,
            System.Net.Sockets.SocketType.Stream,
            System.Net.Sockets.ProtocolType.Tcp
        )
        {
            ReceiveTimeout = 2000,
        };
        socket.Bind(System.Net.IPEndPoint.Parse("192.168.77.7:0"));
        socket.Connect(System.Net.IPEndPoint.Parse("10.244.2.2:80"));
        var buffer = new byte[100];
        return System.Text.Encoding.ASCII.GetString(buffer, 0, socket.Receive(buffer));
    }

    [KernelTheory]
    [InlineData("nftables")]
    [InlineData("iptables")]
    public void Nothing_is_written_before_this_node_has_a_pod_network(string backend)
    {
        using var node = new MasqueradeNode(Options(backend));
        node.View = node.View with { Self = node.View.Self with { PodCidrs = [] } };
        var before = node.Client.GetGeneration();

        var outcome = node.Sync();

        Assert.Equal([], outcome.Changes);
        Assert.Equal(2, outcome.Problems.Count);
        Assert.Equal(before, node.Client.GetGeneration());
    }

    [KernelFact]
    public void Another_network_of_the_node_replaces_the_rules()
    {
        using var node = new MasqueradeNode(Options("iptables") with { ForwardChainRules = true });
        node.View = node.View with { Network = node.View.Network with { EnableIPv6 = false } };
        node.SyncWell();

        node.View = node.View with { Self = node.View.Self with { PodCidrs = [IPPrefix.Parse("10.244.9.0/24")] } };
        node.SyncWell(SyncCause.Source);

        Assert.Equal(
            """
            -N FLANNEL-POSTRTG
            -A FLANNEL-POSTRTG -m mark --mark 0x4000/0x4000 -m comment --comment "flanneld masq" -j RETURN
            -A FLANNEL-POSTRTG -s 10.244.9.0/24 -d 10.244.0.0/16 -m comment --comment "flanneld masq" -j RETURN
            -A FLANNEL-POSTRTG -s 10.244.0.0/16 -d 10.244.9.0/24 -m comment --comment "flanneld masq" -j RETURN
            -A FLANNEL-POSTRTG ! -s 10.244.0.0/16 -d 10.244.9.0/24 -m comment --comment "flanneld masq" -j RETURN
            -A FLANNEL-POSTRTG -s 10.244.0.0/16 ! -d 224.0.0.0/4 -m comment --comment "flanneld masq" -j MASQUERADE --random-fully
            -A FLANNEL-POSTRTG ! -s 10.244.0.0/16 -d 10.244.0.0/16 -m comment --comment "flanneld masq" -j MASQUERADE --random-fully

            """,
            node.Tool("iptables -t nat -S FLANNEL-POSTRTG")
        );
        Assert.Equal(
            "-N FLANNEL-FWD\n-A FLANNEL-FWD -s 10.244.0.0/16 -m comment --comment \"flanneld forward\" -j ACCEPT\n-A FLANNEL-FWD -d "
                + "10.244.0.0/16 -m comment --comment \"flanneld forward\" -j ACCEPT\n",
            node.Tool("iptables -S FLANNEL-FWD")
        );
        Assert.DoesNotContain("FLANNEL", node.Tool("ip6tables-save"), StringComparison.Ordinal);
        Assert.NotEmpty(node.Run(() => node.Reconciler.Remove(isDryRun: false)).Changes);
        Assert.DoesNotContain("FLANNEL", node.Tool("iptables-save"), StringComparison.Ordinal);
        Assert.DoesNotContain("PLUGBOARD", node.Tool("iptables-save"), StringComparison.Ordinal);
    }

    private static MasqueradeOptions Options(string backend) =>
        new() { Kind = MasqueradeKind.Flannel, Backend = backend == "iptables" ? MasqueradeBackend.Iptables : MasqueradeBackend.Nftables };
}
