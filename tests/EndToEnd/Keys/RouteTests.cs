using Plugboard.Testing;
using Plugboard.Tests.EndToEnd.Harness;

namespace Plugboard.Tests.EndToEnd.Keys;

public sealed class RouteTests
{
    private static CniPod Add(CniNode node, string routes, string more = "{}")
    {
        var pod = node.AddPod();
        node.Call("ADD", pod, node.BridgeConfig().With(more).With($$$"""{"ipam":{"routes":{{{routes}}}}}""")).Succeeded();
        return pod;
    }

    [KernelFact]
    public void A_route_without_a_gateway_leads_to_the_first_of_its_family()
    {
        using var node = new CniNode();
        var pod = Add(node, """[{"dst":"192.168.0.0/16"},{"dst":"172.16.0.0/12","gw":"10.1.0.9"}]""");
        Assert.Equal(["10.1.0.0/16 proto kernel scope link src 10.1.0.2", "172.16.0.0/12 via 10.1.0.9", "192.168.0.0/16 via 10.1.0.1"], pod.Routes("dev eth0"));
    }

    [KernelFact]
    public void Mtu_and_mss_of_a_route_are_programmed()
    {
        using var node = new CniNode();
        var pod = Add(node, """[{"dst":"192.168.0.0/16","mtu":1280,"advmss":1200}]""");
        Assert.Equal(["192.168.0.0/16 via 10.1.0.1 dev eth0 mtu 1280 advmss 1200"], pod.Routes("192.168.0.0/16"));
    }

    [KernelFact]
    public void Priority_table_and_scope_of_a_route_are_programmed_and_checked()
    {
        using var node = new CniNode();
        var config = node.BridgeConfig(
            """{"isGateway":false,"ipam":{"routes":[{"dst":"192.168.0.0/16","priority":50,"table":100},{"dst":"192.168.9.0/24","gw":"10.1.0.1","table":1000},{"dst":"10.9.0.0/24","gw":"10.1.0.7","priority":7,"scope":200}]}}""");
        var pod = node.AddPod();
        node.Call("ADD", pod, config).Succeeded();

        Assert.Contains("192.168.0.0/16 via 10.1.0.1 dev eth0 metric 50", pod.Routes("table 100"));
        Assert.Equal(["192.168.9.0/24 via 10.1.0.1 dev eth0"], pod.Routes("table 1000"));
        Assert.Equal(["10.9.0.0/24 via 10.1.0.7 dev eth0 scope site metric 7"], pod.Routes("10.9.0.0/24"));
        node.Call("CHECK", pod, config).Succeeded();
        pod.Tool("ip route flush table 1000");
        Assert.Equal("Expected Route 192.168.9.0/24 not found in routing table", node.Call("CHECK", pod, config).Message);
    }

    [KernelFact]
    public void Routes_of_IPv6_are_programmed_with_their_metrics()
    {
        using var node = new CniNode();
        var pod = Add(
            node,
            """[{"dst":"::/0"},{"dst":"fd00:9::/64","gw":"fd00:1::9","mtu":1280,"priority":5,"table":77}]""",
            """{"ipam":{"ranges":[[{"subnet":"fd00:1::/64"}]]}}""");
        Assert.Equal(["default via fd00:1::1 dev eth0 metric 1024 pref medium"], pod.Routes("-6 default"));
        Assert.Equal(["fd00:9::/64 via fd00:1::9 dev eth0 metric 5 mtu 1280 pref medium"], pod.Routes("-6 table 77"));
    }

    // The way to a gateway outside the pod's network.
    [KernelFact]
    public void Routes_of_scope_link_and_host_have_no_gateway()
    {
        using var node = new CniNode();
        var pod = Add(
            node,
            """[{"dst":"169.254.1.1/32","scope":253},{"dst":"192.168.0.0/16","gw":"169.254.1.1"},{"dst":"172.16.0.0/12","scope":254}]""");
        Assert.Equal(["169.254.1.1 dev eth0 scope link"], pod.Routes("169.254.1.1"));
        Assert.Equal(["192.168.0.0/16 via 169.254.1.1 dev eth0"], pod.Routes("192.168.0.0/16"));
        Assert.Equal(["172.16.0.0/12 dev eth0 scope host"], pod.Routes("172.16.0.0/12"));
    }

    [KernelFact]
    public void The_result_keeps_all_that_a_route_says()
    {
        using var node = new CniNode();
        const string route = """{"dst":"192.168.0.0/16","gw":"10.1.0.9","mtu":1280,"advmss":1200,"priority":50,"table":100,"scope":0}""";
        var pod = Add(node, $"[{route}]");
        Assert.Equal(
            """{"advmss":1200,"dst":"192.168.0.0/16","gw":"10.1.0.9","mtu":1280,"priority":50,"scope":0,"table":100}""",
            pod.Result!["routes"]![0]!.ToJsonString());
    }

    [KernelTheory]
    [InlineData("""[{"dst":"192.168.0.0/16"},{"dst":"192.168.0.0/16"}]""", "failed to add route '192.168.0.0/16 via 10.1.0.1 dev eth0 metric 0 (Scope: 0, Table: 254)': file exists", "twice")]
    [InlineData("""[{"dst":"192.168.0.0/16","gw":"10.7.7.7"}]""", "failed to add route '192.168.0.0/16 via 10.7.7.7 dev eth0 metric 0 (Scope: 0, Table: 254)': network is unreachable", "none of the pod's networks")]
    [InlineData("""[{"dst":"192.168.0.0/16","gw":"10.1.0.9","scope":253}]""",
        "failed to add route '192.168.0.0/16 via 10.1.0.9 dev eth0 metric 0 (Scope: 253, Table: 254)': network is unreachable",
        "remove gw or scope")]
    public void A_route_that_the_kernel_refuses_is_named_and_undone(string routes, string message, string advice)
    {
        using var node = new CniNode();
        var pod = node.AddPod();
        var refused = node.Call("ADD", pod, node.BridgeConfig($$$"""{"ipam":{"routes":{{{routes}}}}}"""));
        Assert.Equal((7, message), (refused.Code, refused.Message));
        Assert.Contains(advice, refused.Details, StringComparison.Ordinal);
        Assert.False(pod.HasLink("eth0"));
        Assert.False(node.HasLink("cni0"));
        Assert.Empty(node.Leases());
    }
}
