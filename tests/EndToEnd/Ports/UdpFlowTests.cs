using Plugboard.Testing;

namespace Plugboard.Tests.EndToEnd.Ports;

/// <summary>A UDP client that goes on sending from one port reaches the pod that publishes the port now, not the one before.</summary>
public sealed class UdpFlowTests
{
    private const int ClientPort = 40_000;

    [KernelTheory]
    [InlineData("192.0.2.1:5353")]
    [InlineData("[fd00:9::1]:5353")]
    public void A_flow_that_began_before_ADD_finds_the_pod(string server)
    {
        using var node = new PortNode();
        Assert.Equal("refused", node.Other.AskUdp(server, ClientPort));
        node.AddPod("5353:80/udp");
        Assert.NotEqual("refused", node.Other.AskUdp(server, ClientPort));
    }

    [KernelFact]
    public void A_flow_to_a_pod_that_is_gone_finds_the_next_one()
    {
        using var node = new PortNode();
        var first = node.AddPod("5353:80/udp");
        Assert.Equal("192.0.2.2", node.Other.AskUdp("192.0.2.1:5353", ClientPort));
        Assert.Contains("dport=5353", node.Node.Tool("conntrack -L -p udp"), StringComparison.Ordinal);
        node.Chain.Del(first, PortNode.Ports("5353:80/udp")).Succeeded();
        Assert.DoesNotContain("dport=5353", node.Node.Tool("conntrack -L -p udp"), StringComparison.Ordinal);
        node.AddPod("5353:80/udp");
        Assert.Equal("192.0.2.2", node.Other.AskUdp("192.0.2.1:5353", ClientPort));
    }

    [KernelFact]
    public void A_foreign_flow_to_the_same_port_number_is_left_alone()
    {
        using var node = new PortNode();
        // The kernel tracks flows where there are rules that want it.
        var client = node.AddPod("8080:80");
        node.Serve(node.Other, 5353);
        node.Other.Tool("ip route replace 10.1.0.0/16 via 192.0.2.1");
        Assert.Equal(client.Address, client.AskUdp("192.0.2.2:5353", ClientPort));
        var pod = node.AddPod("5353:80/udp");
        Assert.Contains("dst=192.0.2.2", node.Node.Tool("conntrack -L -p udp --dport 5353"), StringComparison.Ordinal);
        node.Chain.Del(pod, PortNode.Ports("5353:80/udp")).Succeeded();
        Assert.Contains("dst=192.0.2.2", node.Node.Tool("conntrack -L -p udp --dport 5353"), StringComparison.Ordinal);
    }
}
