using Plugboard.Testing;
using Plugboard.Tests.EndToEnd.Harness;

namespace Plugboard.Tests.EndToEnd.Keys;

public sealed class GatewayTests
{
    private const string DualStack = """{"ipam":{"ranges":[[{"subnet":"10.1.0.0/16"}],[{"subnet":"fd00:1::/64"}]],"routes":[]}}""";

    [KernelFact]
    public void Bridge_names_the_device_and_cni0_is_the_default()
    {
        using var node = new CniNode();
        node.Call("ADD", node.AddPod(), node.BridgeConfig("""{"bridge":"blue"}""")).Succeeded();
        node.Call("ADD", node.AddPod(), node.BridgeConfig("""{"bridge":null,"ipam":{"ranges":[[{"subnet":"10.2.0.0/16"}]]}}"""))
            .Succeeded();

        Assert.Equal(["10.1.0.1/16"], node.GlobalAddresses("blue"));
        Assert.Equal(["10.2.0.1/16"], node.GlobalAddresses("cni0"));
        Assert.Equal("bridge", node.Link("blue").GetProperty("linkinfo").GetProperty("info_kind").GetString());
        Assert.Contains("UP", node.Link("blue").GetProperty("flags").EnumerateArray().Select(static each => each.GetString()));
    }

    [KernelFact]
    public void The_bridge_keeps_its_hardware_address_as_pods_come_and_go()
    {
        using var node = new CniNode();
        var config = node.Layer2Config();
        var first = node.AddPod();
        node.Call("ADD", first, config).Succeeded();
        var address = node.Link("cni0").GetProperty("address").GetString();
        for (var i = 0; i < 3; i++)
            node.Call("ADD", node.AddPod(), config).Succeeded();
        node.Call("DEL", first, config).Succeeded();
        Assert.Equal(address, node.Link("cni0").GetProperty("address").GetString());
    }

    [KernelFact]
    public void A_gateway_has_the_computed_address_of_each_family_and_the_host_forwards()
    {
        using var node = new CniNode();
        node.WriteSysctl("net/ipv4/ip_forward", "0");
        node.WriteSysctl("net/ipv6/conf/all/forwarding", "0");
        var pod = node.AddPod();
        var result = node.Call("ADD", pod, node.BridgeConfig(DualStack)).Succeeded().Json;

        Assert.Equal(["10.1.0.1/16", "fd00:1::1/64"], node.GlobalAddresses("cni0"));
        Assert.Equal(["10.1.0.1", "fd00:1::1"], result["ips"]!.AsArray().Select(static ip => (string)ip!["gateway"]!));
        Assert.Equal("1", node.ReadSysctl("net/ipv4/ip_forward"));
        Assert.Equal("1", node.ReadSysctl("net/ipv6/conf/all/forwarding"));
        Assert.True(pod.Reaches("10.1.0.1"));
        Assert.True(pod.Reaches("fd00:1::1"));
    }

    [KernelFact]
    public void A_gateway_of_one_family_does_not_touch_the_forwarding_of_the_other()
    {
        using var node = new CniNode();
        node.WriteSysctl("net/ipv4/ip_forward", "0");
        node.WriteSysctl("net/ipv6/conf/all/forwarding", "0");
        node.Call("ADD", node.AddPod(), node.BridgeConfig()).Succeeded();
        Assert.Equal("1", node.ReadSysctl("net/ipv4/ip_forward"));
        Assert.Equal("0", node.ReadSysctl("net/ipv6/conf/all/forwarding"));
    }

    [KernelFact]
    public void A_gateway_that_ipam_names_is_used_as_it_is()
    {
        using var node = new CniNode();
        node.Call("ADD", node.AddPod(), node.BridgeConfig("""{"ipam":{"ranges":[[{"subnet":"10.1.0.0/16","gateway":"10.1.200.7"}]]}}"""))
            .Succeeded();
        Assert.Equal(["10.1.200.7/16"], node.GlobalAddresses("cni0"));
    }

    // The kernel removes a link's IPv6 addresses when it is set down.
    [KernelFact]
    public void The_gateway_stays_on_a_bridge_that_is_set_down_and_up_again()
    {
        using var node = new CniNode();
        var pod = node.AddPod();
        node.Call("ADD", pod, node.BridgeConfig(DualStack)).Succeeded();
        node.Tool("ip link set cni0 down");
        node.Tool("ip link set cni0 up");
        Assert.Equal(["10.1.0.1/16", "fd00:1::1/64"], node.GlobalAddresses("cni0"));
        Assert.Contains("fd00:1::/64", node.Tool("ip -6 route show dev cni0"), StringComparison.Ordinal);
        Eventually.True(() => pod.Reaches("fd00:1::1"), () => node.Tool("ip -6 address"));
        Assert.Equal("0", node.ReadSysctl("net/ipv6/conf/default/keep_addr_on_down"));
    }

    [KernelFact]
    public void A_bridge_of_an_operator_keeps_its_setting_of_addresses_when_it_is_down()
    {
        using var node = new CniNode();
        node.Tool("ip link add cni0 type bridge");
        node.Tool("ip link set cni0 up");
        node.Call("ADD", node.AddPod(), node.BridgeConfig(DualStack)).Succeeded();
        Assert.Equal("0", node.ReadSysctl("net/ipv6/conf/cni0/keep_addr_on_down"));
    }

    // Every link has a link-local address of the kernel's: it is no rival of the gateway's.
    [KernelTheory]
    [InlineData("{}")]
    [InlineData("""{"forceAddress":true}""")]
    public void A_gateway_may_be_a_link_local_address(string keys)
    {
        using var node = new CniNode();
        var config = node.BridgeConfig(
                """
                {"ipam":{"ranges":[[{"subnet":"fd00:1::/64","gateway":"fe80::1"}],[{"subnet":"fd00:2::/64","gateway":"fe80::1"}]],
                 "routes":[{"dst":"::/0"}]}}
                """
            )
            .With(keys);
        node.WriteSysctl("net/ipv6/conf/all/forwarding", "0");
        foreach (var pod in (CniPod[])[node.AddPod(), node.AddPod()])
        {
            node.Call("ADD", pod, config).Succeeded();
            Assert.Contains("default via fe80::1 dev eth0", pod.Tool("ip -6 route"), StringComparison.Ordinal);
            node.Call("CHECK", pod, config).Succeeded();
        }

        var addresses = node.Tool("ip -6 -o address show dev cni0 scope link");
        Assert.Contains("fe80::1/64", addresses, StringComparison.Ordinal);
        Assert.Equal(2, addresses.Split("inet6").Length - 1);
        Assert.Equal("1", node.ReadSysctl("net/ipv6/conf/all/forwarding"));
        Assert.True(node.Pods[0].Reaches("fe80::1%eth0"));
    }

    // As operators write it for an address without a gateway.
    [KernelTheory]
    [InlineData("10.9.0.5/24", "0.0.0.0", "0.0.0.0/0")]
    [InlineData("fd00:9::5/64", "::", "::/0")]
    public void A_gateway_of_zeros_is_none(string address, string gateway, string route)
    {
        using var node = new CniNode();
        var ipam = $$"""{"type":"static","addresses":[{"address":"{{address}}","gateway":"{{gateway}}"}],"routes":[{"dst":"{{route}}"}]}""";
        var config = node.BridgeConfig($$"""{"isGateway":null,"ipam":null}""").With($$"""{"ipam":{{ipam}}}""");
        var pod = node.AddPod();
        node.Call("ADD", pod, config).Succeeded();
        Assert.Null(pod.Result!["ips"]![0]!["gateway"]);
        Assert.StartsWith(
            "default dev eth0",
            pod.Tool($"ip {(gateway == "::" ? "-6" : "-4")} route show default"),
            StringComparison.Ordinal
        );
        node.Call("CHECK", pod, config).Succeeded();
        node.Call("DEL", pod, config).Succeeded();

        var ptp = config.With("""{"type":"ptp","bridge":null}""");
        var refused = node.Call("ADD", node.AddPod(), ptp);
        Assert.Equal((7, $"address {address} has no gateway"), (refused.Code, refused.Message));
    }

    [KernelFact]
    public void A_bridge_that_is_no_gateway_has_no_address_and_turns_no_forwarding_on()
    {
        using var node = new CniNode();
        node.WriteSysctl("net/ipv4/ip_forward", "0");
        var (blue, green) = (node.AddPod(), node.AddPod());
        var config = node.BridgeConfig("""{"isGateway":false,"ipam":{"routes":[]}}""");
        node.Call("ADD", blue, config).Succeeded();
        node.Call("ADD", green, config).Succeeded();
        Assert.Empty(node.GlobalAddresses("cni0"));
        Assert.Equal("0", node.ReadSysctl("net/ipv4/ip_forward"));
        Assert.True(blue.Reaches(green.Address));
    }

    [KernelFact]
    public void A_default_gateway_gives_the_pod_a_default_route_per_family()
    {
        using var node = new CniNode();
        var pod = node.AddPod();
        var result = node.Call("ADD", pod, node.BridgeConfig(DualStack).With("""{"isGateway":false,"isDefaultGateway":true}"""))
            .Succeeded()
            .Json;

        Assert.Equal(["default via 10.1.0.1 dev eth0"], pod.Routes("default"));
        Assert.StartsWith("default via fd00:1::1 dev eth0", Assert.Single(pod.Routes("-6 default")), StringComparison.Ordinal);
        Assert.Equal(
            ["0.0.0.0/0 10.1.0.1", "::/0 fd00:1::1"],
            result["routes"]!.AsArray().Select(static each => $"{each!["dst"]} {each["gw"]}")
        );
        Assert.Equal(["10.1.0.1/16", "fd00:1::1/64"], node.GlobalAddresses("cni0"));
    }

    [KernelFact]
    public void A_default_gateway_beside_a_default_route_without_a_gateway_makes_one_route()
    {
        using var node = new CniNode();
        var pod = node.AddPod();
        node.Call("ADD", pod, node.BridgeConfig("""{"isDefaultGateway":true}""")).Succeeded();
        Assert.Equal(["default via 10.1.0.1 dev eth0"], pod.Routes("default"));
    }

    [KernelFact]
    public void A_default_route_of_ipam_with_a_gateway_comes_before_the_default_gateway()
    {
        using var node = new CniNode();
        var pod = node.AddPod();
        node.Call("ADD", pod, node.BridgeConfig("""{"isDefaultGateway":true,"ipam":{"routes":[{"dst":"0.0.0.0/0","gw":"10.1.0.99"}]}}"""))
            .Succeeded();
        Assert.Equal(["default via 10.1.0.99 dev eth0"], pod.Routes("default"));
    }

    [KernelFact]
    public void Another_address_of_the_bridge_is_refused_and_both_are_named()
    {
        using var node = new CniNode();
        var config = node.BridgeConfig();
        node.Call("ADD", node.AddPod(), config).Succeeded();
        var second = node.AddPod();
        var refused = node.Call("ADD", second, config.With("""{"name":"other","ipam":{"ranges":[[{"subnet":"10.2.0.0/16"}]]}}"""));

        Assert.Equal(7, refused.Code);
        Assert.Equal("failed to set bridge addr: \"cni0\" already has an IP address different from 10.2.0.1/16", refused.Message);
        Assert.Contains("10.1.0.1/16", refused.Details, StringComparison.Ordinal);
        Assert.Equal(["10.1.0.1/16"], node.GlobalAddresses("cni0"));
        Assert.False(second.HasLink("eth0"));
        Assert.Empty(node.Leases("other"));
    }

    [KernelFact]
    public void ForceAddress_replaces_the_other_address()
    {
        using var node = new CniNode();
        node.Call("ADD", node.AddPod(), node.BridgeConfig()).Succeeded();
        var pod = node.AddPod();
        node.Call("ADD", pod, node.BridgeConfig("""{"name":"other","forceAddress":true,"ipam":{"ranges":[[{"subnet":"10.2.0.0/16"}]]}}"""))
            .Succeeded();
        Assert.Equal(["10.2.0.1/16"], node.GlobalAddresses("cni0"));
        Assert.True(pod.Reaches("10.2.0.1"));
    }

    [KernelFact]
    public void Networks_of_IPv6_share_a_bridge_unless_they_overlap()
    {
        using var node = new CniNode();
        var config = node.BridgeConfig("""{"ipam":{"ranges":[[{"subnet":"fd00:1::/64"}]],"routes":[]}}""");
        node.Call("ADD", node.AddPod(), config).Succeeded();
        node.Call("ADD", node.AddPod(), config.With("""{"name":"b","ipam":{"ranges":[[{"subnet":"fd00:2::/64"}]]}}""")).Succeeded();
        Assert.Equal(["fd00:1::1/64", "fd00:2::1/64"], node.GlobalAddresses("cni0").Order(StringComparer.Ordinal));

        var overlapping = config.With("""{"name":"c","ipam":{"ranges":[[{"subnet":"fd00:1::/48"}]]}}""");
        Assert.Equal(7, node.Call("ADD", node.AddPod(), overlapping).Code);
        node.Call("ADD", node.AddPod(), overlapping.With("""{"forceAddress":true}""")).Succeeded();
        Assert.Equal(["fd00:1::1/48", "fd00:2::1/64"], node.GlobalAddresses("cni0").Order(StringComparer.Ordinal));
    }

    [KernelFact]
    public void Pods_of_both_families_reach_each_other_over_each()
    {
        using var node = new CniNode();
        var (blue, green) = (node.AddPod(), node.AddPod());
        node.Call("ADD", blue, node.BridgeConfig(DualStack)).Succeeded();
        node.Call("ADD", green, node.BridgeConfig(DualStack)).Succeeded();
        Assert.Equal(["10.1.0.3/16", "fd00:1::3/64"], green.Addresses);
        Assert.All(green.Addresses, address => Assert.True(blue.Reaches(address.Split('/')[0])));
    }
}
