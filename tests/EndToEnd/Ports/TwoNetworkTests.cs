using System.Text.Json.Nodes;
using Plugboard.Testing;
using Plugboard.Tests.EndToEnd.Harness;

namespace Plugboard.Tests.EndToEnd.Ports;

/// <summary>One container on two networks: its runtime calls portmap once for each, with the same mappings.</summary>
public sealed class TwoNetworkTests
{
    private static readonly string[] Mappings = ["8080:80", "8080:80/udp", "192.0.2.1:8081:80"];

    private static CniChain OtherNetwork(PortNode node, CniPod pod)
    {
        var bridge = (JsonObject)node.Bridge.DeepClone();
        bridge["bridge"] = "cni1";
        bridge["ipam"]!["ranges"] = new JsonArray(
            new JsonArray(new JsonObject { ["subnet"] = "10.2.0.0/16" }),
            new JsonArray(new JsonObject { ["subnet"] = "fd00:2::/64" })
        );
        bridge["ipam"]!["routes"] = new JsonArray();
        return new CniChain(node.Node, "other", bridge, node.Portmap) { Variables = [$"CNI_NETNS={pod.Path}"] };
    }

    private static void AssertReached(PortNode node)
    {
        Assert.Equal("192.0.2.2", node.Other.AskTcp("192.0.2.1:8080"));
        Assert.Equal("fd00:9::2", node.Other.AskTcp("[fd00:9::1]:8080"));
        Assert.Equal("192.0.2.2", node.Other.AskTcp("192.0.2.1:8081"));
        Assert.Equal("192.0.2.2", node.Other.AskUdp("192.0.2.1:8080"));
        Assert.NotEqual("refused", node.Node.AskTcp("127.0.0.1:8080"));
    }

    [KernelTheory]
    [InlineData("nftables", true)]
    [InlineData("nftables", false)]
    [InlineData("iptables", true)]
    [InlineData("iptables", false)]
    public void The_port_leads_to_the_container_by_both_and_by_the_one_that_is_left(string backend, bool firstGoesFirst)
    {
        using var node = new PortNode(portmap => portmap["backend"] = backend);
        var pod = node.AddPod(Mappings);
        using var again = new CniPod(pod.ContainerId) { IfName = "eth1" };
        var other = OtherNetwork(node, pod);
        other.Add(again, PortNode.Ports(Mappings)).Succeeded();
        // The container answers by whichever network is left.
        pod.Tool("ip route add default via 10.2.0.1 dev eth1 metric 100");
        pod.Tool("ip -6 route add default via fd00:2::1 dev eth1 metric 2000");
        AssertReached(node);
        node.Chain.Check(pod, PortNode.Ports(Mappings)).Succeeded();
        other.Check(again, PortNode.Ports(Mappings)).Succeeded();
        var stranger = node.Chain.Add(node.Node.AddPod(), PortNode.Ports("8080:80"));
        if (backend == "nftables")
            Assert.Equal(102, stranger.Code);

        if (firstGoesFirst)
            node.Chain.Del(pod, PortNode.Ports(Mappings)).Succeeded();
        else
            other.Del(again, PortNode.Ports(Mappings)).Succeeded();

        AssertReached(node);
        if (firstGoesFirst)
            other.Check(again, PortNode.Ports(Mappings)).Succeeded();
        else
            node.Chain.Check(pod, PortNode.Ports(Mappings)).Succeeded();
        (firstGoesFirst ? other : node.Chain).Del(firstGoesFirst ? again : pod, PortNode.Ports(Mappings)).Succeeded();
        if (backend == "nftables")
            Assert.Equal("refused", node.Other.AskTcp("192.0.2.1:8080"));
    }
}
