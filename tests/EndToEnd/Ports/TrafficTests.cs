using Plugboard.Testing;

namespace Plugboard.Tests.EndToEnd.Ports;

/// <summary>Who reaches a published port, and whose address arrives in the pod.</summary>
public sealed class TrafficTests
{
    [KernelFact]
    public void Another_host_reaches_a_published_port_and_its_address_is_kept()
    {
        using var node = new PortNode();
        node.AddPod("8080:80", "8080:80/udp");
        Assert.Equal("192.0.2.2", node.Other.AskTcp("192.0.2.1:8080"));
        Assert.Equal("192.0.2.2", node.Other.AskUdp("192.0.2.1:8080"));
        Assert.Equal("fd00:9::2", node.Other.AskTcp("[fd00:9::1]:8080"));
        Assert.Equal("fd00:9::2", node.Other.AskUdp("[fd00:9::1]:8080"));
        Assert.Equal("refused", node.Other.AskTcp("192.0.2.1:8081"));
    }

    [KernelFact]
    public void The_node_reaches_it_by_its_own_address_and_by_localhost()
    {
        using var node = new PortNode();
        node.AddPod("8080:80", "8080:80/udp");
        Assert.Equal("192.0.2.1", node.Node.AskTcp("192.0.2.1:8080"));
        Assert.Equal("10.1.0.1", node.Node.AskTcp("127.0.0.1:8080"));
        Assert.Equal("10.1.0.1", node.Node.AskUdp("127.0.0.1:8080"));
        Assert.Equal("fd00:9::1", node.Node.AskTcp("[fd00:9::1]:8080"));
        // The kernel routes nothing from ::1: at once refused, a client that tries "localhost" goes on with 127.0.0.1.
        Assert.Equal("refused", node.Node.AskTcp("[::1]:8080"));
    }

    [KernelFact]
    public void A_pod_reaches_its_own_published_port_and_the_one_of_its_neighbour()
    {
        using var node = new PortNode();
        var pod = node.AddPod("8080:80", "8080:80/udp");
        var neighbour = node.AddPod("8081:80");
        Assert.Equal("10.1.0.1", pod.AskTcp("192.0.2.1:8080"));
        Assert.Equal("10.1.0.1", pod.AskUdp("192.0.2.1:8080"));
        Assert.Equal("fd00:1::1", pod.AskTcp("[fd00:9::1]:8080"));
        Assert.Equal("10.1.0.1", neighbour.AskTcp("192.0.2.1:8080"));
        Assert.Equal("fd00:1::1", neighbour.AskTcp("[fd00:9::1]:8080"));
        Assert.Equal("10.1.0.1", pod.AskTcp("10.1.0.1:8081"));
    }

    [KernelFact]
    public void With_masqAll_the_pod_sees_the_node_only()
    {
        using var node = new PortNode(static portmap => portmap["masqAll"] = true);
        node.AddPod("8080:80");
        Assert.Equal("10.1.0.1", node.Other.AskTcp("192.0.2.1:8080"));
        Assert.Equal("fd00:1::1", node.Other.AskTcp("[fd00:9::1]:8080"));
    }

    [KernelFact]
    public void Without_snat_another_host_reaches_it_and_nothing_is_masqueraded()
    {
        using var node = new PortNode(static portmap => portmap["snat"] = false);
        node.AddPod("8080:80");
        Assert.Equal("192.0.2.2", node.Other.AskTcp("192.0.2.1:8080"));
        Assert.Equal("0", node.Node.Tool("cat /proc/sys/net/ipv4/conf/cni0/route_localnet").Trim());
    }

    [KernelFact]
    public void A_port_of_one_host_address_is_not_one_of_the_others()
    {
        using var node = new PortNode();
        node.AddPod("192.0.2.1:8080:80");
        node.AddPod("127.0.0.1:8081:80");
        node.AddPod("[fd00:9::1]:8082:80");
        Assert.Equal("192.0.2.2", node.Other.AskTcp("192.0.2.1:8080"));
        Assert.Equal("refused", node.Node.AskTcp("127.0.0.1:8080"));
        Assert.Equal("refused", node.Other.AskTcp("[fd00:9::1]:8080"));
        Assert.Equal("10.1.0.1", node.Node.AskTcp("127.0.0.1:8081"));
        Assert.Equal("refused", node.Other.AskTcp("192.0.2.1:8081"));
        Assert.Equal("fd00:9::2", node.Other.AskTcp("[fd00:9::1]:8082"));
        Assert.Equal("refused", node.Other.AskTcp("192.0.2.1:8082"));
    }

    [KernelFact]
    public void An_unspecified_host_address_stands_for_its_family()
    {
        using var node = new PortNode();
        node.AddPod("0.0.0.0:8080:80", "8081:80", "0.0.0.0:8081:80", "[::]:8081:80");
        Assert.Equal("192.0.2.2", node.Other.AskTcp("192.0.2.1:8081"));
        Assert.Equal("fd00:9::2", node.Other.AskTcp("[fd00:9::1]:8081"));
        Assert.Equal("192.0.2.2", node.Other.AskTcp("192.0.2.1:8080"));
        Assert.Equal("refused", node.Other.AskTcp("[fd00:9::1]:8080"));
    }

    [KernelFact]
    public void The_same_port_on_one_address_goes_before_the_one_on_all()
    {
        using var node = new PortNode();
        var special = node.AddPod("192.0.2.1:8080:81");
        node.Serve(special, 81);
        node.AddPod("8080:80");
        Assert.Equal("10.1.0.1", node.Node.AskTcp("127.0.0.1:8080"));
        node.Chain.Del(special, PortNode.Ports("192.0.2.1:8080:81")).Succeeded();
        Assert.Equal("192.0.2.2", node.Other.AskTcp("192.0.2.1:8080"));
    }

    [KernelFact]
    public void Traffic_that_is_forwarded_past_the_node_is_not_touched()
    {
        using var node = new PortNode();
        using var beyond = new TestNamespace();
        node.AddPod("80:80", "53:80/udp");
        var client = node.AddPod();
        node.Node.Tool($"ip link add eth2 type veth peer name eth0 netns {PortNode.NameOf(beyond)}");
        PortNode.Configure(node.Node, "eth2", "198.51.100.1/24", "fd00:8::1/64");
        PortNode.Configure(beyond, "eth0", "198.51.100.2/24", "fd00:8::2/64");
        beyond.Tool("ip route add default via 198.51.100.1");
        beyond.Tool("ip -6 route add default via fd00:8::1");
        node.Serve(beyond);
        node.Serve(beyond, 53);
        Assert.Equal("192.0.2.2", node.Other.AskTcp("198.51.100.2:80"));
        Assert.Equal("192.0.2.2", node.Other.AskUdp("198.51.100.2:53"));
        Assert.Equal("fd00:9::2", node.Other.AskTcp("[fd00:8::2]:80"));
        Assert.Equal(client.Address, client.AskUdp("198.51.100.2:53"));
    }

    [KernelFact]
    public void What_comes_from_off_the_node_to_127_is_dropped_where_localhost_was_opened()
    {
        using var node = new PortNode();
        var pod = node.AddPod("8080:80");
        using var secret = EchoServer.Tcp(node.Node, 9999);
        Assert.Equal("1", node.Node.Tool("cat /proc/sys/net/ipv4/conf/cni0/route_localnet").Trim());
        pod.Tool("ip route add 127.0.0.0/8 via 10.1.0.1 table 100");
        pod.Tool("sysctl -qw net.ipv4.conf.all.route_localnet=1 net.ipv4.conf.eth0.route_localnet=1");
        pod.Tool("ip rule add pref 0 to 127.0.0.2/32 lookup 100");
        pod.Tool("ip rule del pref 0 lookup local");
        pod.Tool("ip rule add pref 10 lookup local");
        Assert.Equal("lost", pod.AskTcp("127.0.0.2:9999"));
        Assert.Equal("lost", pod.AskTcp("127.0.0.2:8080"));
        // The way is open but for the rule: without it the secret is revealed.
        node.Node.Tool("nft flush chain inet plugboard_portmap martians");
        Assert.NotEqual("lost", pod.AskTcp("127.0.0.2:9999"));
    }
}
