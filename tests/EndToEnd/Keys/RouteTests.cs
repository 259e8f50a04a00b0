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
        Assert.Equal(
            ["10.1.0.0/16 proto kernel scope link src 10.1.0.2", "172.16.0.0/12 via 10.1.0.9", "192.168.0.0/16 via 10.1.0.1"],
            pod.Routes("dev eth0")
        );
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
            """{"isGateway":false,"ipam":{"routes":[{"dst":"192.168.0.0/16","priority":50,"table":100},"""
                + """{"dst":"192.168.9.0/24","gw":"10.1.0.1","table":1000},{"dst":"10.9.0.0/24","gw":"10.1.0.7","priority":"""
                + """7,"scope":200}]}}"""
        );
        var pod = node.AddPod();
        node.Call("ADD", pod, config).Succeeded();

        Assert.Contains("192.168.0.0/16 via 10.1.0.1 dev eth0 metric 50", pod.Routes("table 100"));
        Assert.Equal(["192.168.9.0/24 via 10.1.0.1 dev eth0"], pod.Routes("table 1000"));
        Assert.Equal(["10.9.0.0/24 via 10.1.0.7 dev eth0 scope site metric 7"], pod.Routes("10.9.0.0/24"));
        node.Call("CHECK", pod, config).Succeeded();
        pod.Tool("ip route flush table 1000");
        Assert.Equal("Expected Route 192.168.9.0/24 not found in routing table", node.Call("CHECK", pod, config).Message);
    }

    // The kernel's metrics have 32 bits without a sign; the last one is a route of last resort.
    [KernelFact]
    public void The_highest_metric_is_programmed_and_passed_on()
    {
        using var node = new CniNode();
        var config = node.BridgeConfig("""{"ipam":{"routes":[{"dst":"192.168.0.0/16","priority":4294967295}]}}""");
        var pod = node.AddPod();
        node.Call("ADD", pod, config).Succeeded();
        Assert.Equal(["192.168.0.0/16 via 10.1.0.1 dev eth0 metric 4294967295"], pod.Routes("192.168.0.0/16"));
        node.Call("CHECK", pod, config).Succeeded();
        var chained = config.With("""{"type":"portmap"}""");
        chained["prevResult"] = pod.Result!.DeepClone();
        Assert.Equal(4294967295, (long)node.Call("ADD", pod, chained).Succeeded().Json["routes"]![0]!["priority"]!);
    }

    [KernelFact]
    public void Routes_of_IPv6_are_programmed_with_their_metrics()
    {
        using var node = new CniNode();
        var pod = Add(
            node,
            """[{"dst":"::/0"},{"dst":"fd00:9::/64","gw":"fd00:1::9","mtu":1280,"priority":5,"table":77}]""",
            """{"ipam":{"ranges":[[{"subnet":"fd00:1::/64"}]]}}"""
        );
        Assert.Equal(["default via fd00:1::1 dev eth0 metric 1024 pref medium"], pod.Routes("-6 default"));
        Assert.Equal(["fd00:9::/64 via fd00:1::9 dev eth0 metric 5 mtu 1280 pref medium"], pod.Routes("-6 table 77"));
    }

    // As the reference's pages have it, and the kernel.
    [KernelFact]
    public void Host_bits_of_an_IPv6_destination_are_cut_off_and_stay_in_the_result()
    {
        using var node = new CniNode();
        var config = node.BridgeConfig(
            """
            {"isDefaultGateway":true,
             "ipam":{"ranges":[[{"subnet":"fd00:1::/64"}]],"routes":[{"dst":"fd00:9::1/64"},{"dst":"fd00::5/0"}]}}
            """
        );
        var pod = node.AddPod();
        var result = node.Call("ADD", pod, config).Succeeded().Json;
        Assert.Equal(["fd00:9::1/64", "fd00::5/0"], result["routes"]!.AsArray().Select(static route => (string?)route!["dst"]));
        Assert.Equal(["fd00:9::/64 via fd00:1::1 dev eth0 metric 1024 pref medium"], pod.Routes("-6 fd00:9::/64"));
        Assert.Equal(["default via fd00:1::1 dev eth0 metric 1024 pref medium"], pod.Routes("-6 default"));
        node.Call("CHECK", pod, config).Succeeded();
        node.Call("DEL", pod, config).Succeeded();
    }

    // The way to a gateway outside the pod's network.
    [KernelFact]
    public void Routes_of_scope_link_and_host_have_no_gateway()
    {
        using var node = new CniNode();
        var pod = Add(
            node,
            """[{"dst":"169.254.1.1/32","scope":253},{"dst":"192.168.0.0/16","gw":"169.254.1.1"},{"dst":"172.16.0.0/12","scope":254}]"""
        );
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
            pod.Result!["routes"]![0]!.ToJsonString()
        );
    }

    [KernelTheory]
    [InlineData(
        """[{"dst":"192.168.0.0/16"},{"dst":"192.168.0.0/16"}]""",
        "failed to add route '192.168.0.0/16 via 10.1.0.1 dev eth0 metric 0 (Scope: 0, Table: 254)': file exists",
        "twice"
    )]
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

    [KernelFact]
    public void A_route_of_scope_link_has_no_gateway_and_leads_to_one_outside_of_the_subnet_wherever_it_is_listed()
    {
        using var node = new CniNode();
        var config = node.BridgeConfig()
            .With("""{"ipam":{"ranges":[[{"subnet":"10.1.0.0/16","gateway":"169.254.1.1"}],[{"subnet":"fd00:1::/64"}]]}}""")
            .With(
                """{"isGateway":null,"ipam":{"routes":[{"dst":"0.0.0.0/0"},{"dst":"169.254.1.1/32","scope":253},{"dst":"fd00:9::"""
                    + """1/128","scope":253},{"dst":"fd00:8::/64","gw":"fd00:9::1"},{"dst":"::/0","gw":"fe80::1"}]}}"""
            );
        var pod = node.AddPod();
        node.Call("ADD", pod, config).Succeeded();
        Assert.Equal(["169.254.1.1 dev eth0 scope link"], pod.Routes("169.254.1.1"));
        Assert.Equal(["default via 169.254.1.1 dev eth0"], pod.Routes("default"));
        Assert.Equal(["fd00:9::1 dev eth0 metric 1024 pref medium"], pod.Routes("-6 fd00:9::1"));
        Assert.Equal(["fd00:8::/64 via fd00:9::1 dev eth0 metric 1024 pref medium"], pod.Routes("-6 fd00:8::/64"));
        Assert.Equal(["default via fe80::1 dev eth0 metric 1024 pref medium"], pod.Routes("-6 default"));
        node.Call("CHECK", pod, config).Succeeded();
        pod.Tool("ip route delete 169.254.1.1/32");
        Assert.Equal("Expected Route 169.254.1.1/32 not found in routing table", node.Call("CHECK", pod, config).Message);
        node.Call("DEL", pod, config).Succeeded();
    }

    [KernelFact]
    public void A_gateway_of_all_zeros_is_none()
    {
        using var node = new CniNode();
        var pod = Add(
            node,
            """[{"dst":"192.168.0.0/16","gw":"0.0.0.0"},{"dst":"fd00:9::/64","gw":"::"}]""",
            """{"ipam":{"ranges":[[{"subnet":"10.1.0.0/16"}],[{"subnet":"fd00:1::/64"}]]}}"""
        );
        Assert.Equal(["192.168.0.0/16 dev eth0"], pod.Routes("192.168.0.0/16"));
        Assert.Equal(["fd00:9::/64 dev eth0 metric 1024 pref medium"], pod.Routes("-6 fd00:9::/64"));
    }

    [KernelTheory]
    [InlineData(
        """{"ipam":{"routes":[{"dst":"192.168.0.0/16","gw":"10.7.7.7"}]}}""",
        "invalid addresses of IPAM plugin host-local: gateway 10.7.7.7 of route 192.168.0.0/16 is in none of the pod's networks "
            + "(10.1.0.0/16)"
    )]
    [InlineData(
        """{"ipam":{"ranges":[[{"subnet":"10.1.0.0/16","gateway":"10.7.7.7"}]]}}""",
        "invalid addresses of IPAM plugin host-local: gateway 10.7.7.7 of route 0.0.0.0/0 is in none of the pod's networks (10.1.0.0/16)"
    )]
    [InlineData(
        """{"isDefaultGateway":true,"ipam":{"routes":null,"ranges":[[{"subnet":"10.1.0.0/16","gateway":"10.7.7.7"}]]}}""",
        "invalid addresses of IPAM plugin host-local: gateway 10.7.7.7 of route 0.0.0.0/0 is in none of the pod's networks (10.1.0.0/16)"
    )]
    [InlineData(
        """{"ipam":{"ranges":[[{"subnet":"10.1.0.0/16","gateway":"fd00::1"}]]}}""",
        "invalid range set 0: gateway fd00::1 is IPv6, the network 10.1.0.0/16 is IPv4"
    )]
    [InlineData("""{"ipam":{"routes":[{"dst":"::/0","gw":"10.1.0.1"}]}}""", "gw 10.1.0.1 is IPv4, the route's dst ::/0 is IPv6")]
    [InlineData(
        """{"ipam":{"routes":[{"dst":"10.2.0.1/16"}]}}""",
        "dst 10.2.0.1/16 has host bits set: the network is 10.2.0.0/16, the single host 10.2.0.1/32"
    )]
    public void What_is_wrong_with_addresses_is_refused_before_anything_is_made_and_by_STATUS(string patch, string message)
    {
        using var node = new CniNode();
        var pod = node.AddPod();
        // Not even what an ADD makes and takes back is made.
        node.Tool("sysctl -qw net.ipv6.conf.default.disable_ipv6=1");
        var config = node.BridgeConfig("""{"cniVersion":"1.1.0"}""").With(patch);
        var link = node.Tool("ip -o link show");
        var refused = node.Call("ADD", pod, config);
        Assert.Equal((7, message), (refused.Code, refused.Message));
        Assert.NotEmpty(refused.Details);
        Assert.Equal(link, node.Tool("ip -o link show"));
        Assert.False(Directory.Exists(node.DataDirectory));
        Assert.Equal((7, message), (node.Call("STATUS", null, config).Code, node.Call("STATUS", null, config).Message));
    }

    [KernelFact]
    public void What_one_pod_requests_is_refused_before_anything_is_made_and_STATUS_does_not_judge_it()
    {
        using var node = new CniNode();
        var config = node.BridgeConfig("""{"cniVersion":"1.1.0","runtimeConfig":{"ips":["10.1.0.1"]}}""");
        var link = node.Tool("ip -o link show");
        var refused = node.Call("ADD", node.AddPod(), config);
        Assert.Equal((7, "failed to allocate for range 0: requested ip 10.1.0.1 is subnet's gateway"), (refused.Code, refused.Message));
        Assert.Equal(link, node.Tool("ip -o link show"));
        Assert.False(Directory.Exists(node.DataDirectory));
        node.Call("STATUS", null, config).Succeeded();
    }

    [KernelTheory]
    [InlineData(
        """{"cniVersion":"1.0.0","ips":[{"address":"10.1.0.5/16","gateway":"fd00::1"}]}""",
        "gateway fd00::1 of 10.1.0.5/16 is of the other address family"
    )]
    [InlineData(
        """{"cniVersion":"1.0.0","ips":[{"address":"10.1.0.5/16"}],"routes":[{"dst":"0.0.0.0/0","gw":"fd00::1"}]}""",
        "gw fd00::1 of route 0.0.0.0/0 is of the other address family"
    )]
    [InlineData(
        """{"cniVersion":"1.0.0","ips":[{"address":"10.1.0.5/32"}],"routes":[{"dst":"0.0.0.0/0","gw":"169.254.1.1"}]}""",
        "gateway 169.254.1.1 of route 0.0.0.0/0 is in none of the pod's networks (10.1.0.5/32)"
    )]
    public void What_is_wrong_with_another_delegates_addresses_is_named_and_undone(string result, string what)
    {
        using var node = new CniNode();
        node.Plugins = PluginDirectory.With(
            Path.Combine(node.Directory, "plugins"),
            "other",
            System.Text.Encoding.UTF8.GetBytes(
                $"#!/bin/sh\necho $CNI_COMMAND >> {node.Directory}/calls\ntest $CNI_COMMAND = ADD && echo '{result}'; exit 0\n"
            )
        );
        var refused = node.Call("ADD", node.AddPod(), node.BridgeConfig("""{"isGateway":null,"ipam":{"type":"other"}}"""));
        Assert.Equal((7, $"invalid addresses of IPAM plugin other: {what}"), (refused.Code, refused.Message));
        Assert.Equal(["ADD", "DEL"], File.ReadAllLines($"{node.Directory}/calls"));
        Assert.False(node.HasLink("cni0"));
    }
}
