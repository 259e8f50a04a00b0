using System.Text.Json.Nodes;
using Plugboard.Testing;
using Plugboard.Tests.EndToEnd.Harness;

namespace Plugboard.Tests.EndToEnd.RealUse;

/// <summary>STATUS of the links above a master: a runtime takes a node whose network fails it for a broken one.</summary>
public sealed class LinkStatusTests
{
    [KernelTheory]
    [InlineData("macvlan", """{"master":"wire"}""")]
    [InlineData("macvlan", "{}")]
    [InlineData("macvlan", """{"master":"absent","linkInContainer":true}""")]
    [InlineData("ipvlan", """{"master":"wire","ipam":{"type":"static"}}""")]
    [InlineData("ipvlan", "{}")]
    [InlineData("vlan", """{"master":"wire","vlanId":5,"ipam":{"type":"static"}}""")]
    [InlineData("dummy", """{"ipam":{"type":"static"}}""")]
    public void A_node_that_can_have_the_link_is_well_though_its_master_has_no_carrier(string type, string keys)
    {
        using var node = new CniNode();
        node.Tool("ip link add wire type veth peer name beyond");
        node.Tool("ip address add 192.0.2.1/24 dev wire");
        node.Tool("ip link set wire up");
        node.Tool("ip link set beyond up");
        node.Tool("ip route add default via 192.0.2.2");
        node.Tool("ip link set beyond down");
        node.Call("STATUS", null, Config(type, keys)).Succeeded();
    }

    // Only the ADD of a chain knows the plugin before it, so nobody can say that its master is missing.
    [KernelFact]
    public void An_ipvlan_after_another_plugin_is_well_on_a_node_without_a_default_route()
    {
        using var node = new CniNode();
        node.Call("STATUS", null, Config("ipvlan", "{}")).Succeeded();
    }

    // A runtime calls STATUS for no pod, so without what it gives with each pod's ADD.
    [KernelTheory]
    [InlineData("bridge", """{"isGateway":true,"capabilities":{"ips":true},"ipam":{"type":"static"}}""")]
    [InlineData("ptp", """{"capabilities":{"ips":true},"ipam":{"type":"static"}}""")]
    [InlineData("bridge", """{"isGateway":true,"capabilities":{"ipRanges":true},"ipam":{"type":"host-local"}}""")]
    [InlineData("ptp", """{"capabilities":{"ipRanges":true},"ipam":{"type":"host-local"}}""")]
    [InlineData("macvlan", """{"master":"lo","capabilities":{"ipRanges":true},"ipam":{"type":"host-local"}}""")]
    [InlineData("host-device", """{"capabilities":{"deviceID":true}}""")]
    public void A_node_whose_pods_bring_their_addresses_or_devices_is_well(string type, string keys)
    {
        using var node = new CniNode();
        node.Call("STATUS", null, Config(type, keys)).Succeeded();
    }

    [KernelTheory]
    [InlineData("bridge", """{"capabilities":{"ipRanges":false},"ipam":{"type":"host-local"}}""", "no IP ranges specified")]
    [InlineData("bridge", """{"capabilities":{"ips":true},"ipam":{"type":"host-local"}}""", "no IP ranges specified")]
    public void A_network_that_no_runtime_completes_is_not(string type, string keys, string message)
    {
        using var node = new CniNode();
        Assert.Equal(message, node.Call("STATUS", null, Config(type, keys)).Message);
    }

    [KernelTheory]
    [InlineData("bridge", "{}")]
    [InlineData("ptp", "{}")]
    [InlineData("macvlan", """{"master":"lo"}""")]
    [InlineData("tap", "{}")]
    [InlineData("host-device", """{"device":"lo"}""")]
    public void A_network_whose_route_no_pod_can_have_is_refused_by_STATUS_and_validate(string type, string keys)
    {
        using var node = new CniNode();
        var config = Config(type, keys);
        config["ipam"] = JsonNode.Parse(
            """
            {"type":"static","addresses":[{"address":"10.1.0.5/16","gateway":"10.1.0.1"}],"routes":[{"dst":"10.9.0.0/16","gw":"10.3.0.1"}]}
            """
        );
        const string Fault = "gateway 10.3.0.1 of route 10.9.0.0/16 is in none of the pod's networks (10.1.0.0/16)";
        Assert.Contains(Fault, node.Call("STATUS", null, config).Message, StringComparison.Ordinal);
        var (exitCode, output, _) = node.TryTool([Path.Combine(node.Plugins, type), "validate"], config.ToJsonString());
        Assert.Equal(1, exitCode);
        Assert.Contains(Fault, output, StringComparison.Ordinal);
    }

    [KernelTheory]
    [InlineData("bridge", "10.1.0.5/16", "10.1.0.5/16")]
    [InlineData("tap", "fd00:1::5/64", "fd00:1::5/48")]
    public void An_address_that_is_named_twice_is_refused_by_STATUS_validate_and_ADD(string type, string first, string second)
    {
        using var node = new CniNode();
        var config = Config(type, "{}");
        config["ipam"] = JsonNode.Parse($$"""{"type":"static","addresses":[{"address":"{{first}}"},{"address":"{{second}}"}]}""");
        var fault = $"IPAM plugin returned what an interface cannot have: address {second} twice";
        Assert.Equal(fault, node.Call("STATUS", null, config).Message);
        Assert.Equal(fault, node.Call("ADD", node.AddPod(), config).Message);
        var (exitCode, output, _) = node.TryTool([Path.Combine(node.Plugins, type), "validate"], config.ToJsonString());
        Assert.Equal((1, $"ipam: {fault}\n"), (exitCode, output));
    }

    [KernelFact]
    public void A_macvlan_with_the_hardware_address_of_its_master_is_refused_with_that_reason()
    {
        using var node = new CniNode();
        node.Ip(
            """
            link add wire type veth peer name beyond
            link set beyond up
            link set wire address 02:00:00:00:00:55 up
            """
        );
        var (pod, config) = (node.AddPod(), Config("macvlan", """{"master":"wire","mac":"02:00:00:00:00:55"}"""));
        var add = node.Call("ADD", pod, config);
        Assert.Equal((7, "failed to set \"eth0\" UP: address already in use"), (add.Code, add.Message));
        Assert.Contains("the master, or another macvlan above it, has this hardware address", add.Details, StringComparison.Ordinal);
        Assert.False(pod.HasLink("eth0"));
    }

    // The pods' own addresses may be in the gateway's network.
    [KernelFact]
    public void A_route_that_the_addresses_of_pods_may_reach_is_well()
    {
        using var node = new CniNode();
        var config = Config("tap", """{"capabilities":{"ips":true}}""");
        config["ipam"] = JsonNode.Parse(
            """{"type":"static","addresses":[{"address":"10.1.0.5/16"}],"routes":[{"dst":"10.9.0.0/16","gw":"10.3.0.1"}]}"""
        );
        node.Call("STATUS", null, config).Succeeded();
    }

    [KernelFact]
    public void A_bridge_that_cannot_have_both_gateways_is_refused_unless_it_has_them()
    {
        using var node = new CniNode();
        var config = node.BridgeConfig(static config =>
        {
            config["cniVersion"] = "1.1.0";
            config["ipam"]!["ranges"]!.AsArray().Add(new JsonArray(new JsonObject { ["subnet"] = "10.2.0.0/16" }));
        });
        const string Fault = "failed to set bridge addr: \"cni0\" cannot have both gateways 10.1.0.1/16 and 10.2.0.1/16";
        Assert.Equal((7, Fault), (node.Call("STATUS", null, config).Code, node.Call("ADD", node.AddPod(), config).Message));
        Assert.Equal(Fault, node.Call("STATUS", null, config).Message);
        Assert.False(node.HasLink("cni0"));
        Assert.Empty(node.Leases());
        node.Ip(
            """
            link add cni0 type bridge
            address add 10.1.0.1/16 dev cni0
            address add 10.2.0.1/16 dev cni0
            """
        );
        node.Call("STATUS", null, config).Succeeded();
        node.Call("ADD", node.AddPod(), config).Succeeded();
    }

    // Of one range set pods have addresses of the second subnet when the first one is used up.
    [KernelFact]
    public void A_bridge_with_two_subnets_in_one_range_set_is_well()
    {
        using var node = new CniNode();
        var config = node.BridgeConfig(static config =>
        {
            config["cniVersion"] = "1.1.0";
            config["ipam"]!["ranges"]![0]!.AsArray().Add(new JsonObject { ["subnet"] = "10.2.0.0/16" });
        });
        node.Call("STATUS", null, config).Succeeded();
        node.Call("ADD", node.AddPod(), config).Succeeded();
    }

    [KernelFact]
    public void A_pod_without_an_address_of_static_is_refused_with_where_addresses_come_from()
    {
        using var node = new CniNode();
        var add = node.Call("ADD", node.AddPod(), Config("bridge", """{"ipam":{"type":"static"}}"""));
        Assert.Equal((7, "IPAM plugin returned missing IP config"), (add.Code, add.Message));
        Assert.Contains("\"capabilities\": {\"ips\": true}", add.Details, StringComparison.Ordinal);
    }

    [KernelFact]
    public void A_pod_without_the_ranges_that_its_runtime_should_give_is_refused()
    {
        using var node = new CniNode();
        var add = node.Call("ADD", node.AddPod(), Config("bridge", """{"capabilities":{"ipRanges":true},"ipam":{"type":"host-local"}}"""));
        Assert.Equal((7, "no IP ranges specified"), (add.Code, add.Message));
    }

    [KernelTheory]
    [InlineData("macvlan", """{"master":"absent"}""", "failed to lookup master \"absent\": Link not found")]
    [InlineData("macvlan", "{}", "no default route interface found")]
    [InlineData("ipvlan", """{"master":"absent"}""", "failed to lookup master \"absent\": Link not found")]
    [InlineData("vlan", """{"master":"absent","ipam":{"type":"static"}}""", "failed to lookup master \"absent\": Link not found")]
    public void A_node_without_the_master_is_not(string type, string keys, string message)
    {
        using var node = new CniNode();
        var status = node.Call("STATUS", null, Config(type, keys));
        Assert.Equal((50, message), (status.Code, status.Message));
    }

    [KernelTheory]
    [InlineData("macvlan", -100)]
    [InlineData("macvlan", 1500)]
    [InlineData("ipvlan", -100)]
    [InlineData("vlan", -100)]
    [InlineData("vlan", 1500)]
    public void An_MTU_beyond_the_masters_is_refused_with_the_words_of_the_reference(string type, int mtu)
    {
        using var node = new CniNode();
        node.Tool("ip link add wire mtu 1400 type veth peer name beyond");
        var pod = node.AddPod();
        var keys = $$$"""{"master":"wire","mtu":{{{mtu}}},"ipam":{"type":"static","addresses":[{"address":"10.9.0.5/24"}]}}""";
        var refused = node.Call("ADD", pod, Config(type, keys));
        Assert.Equal((7, $"invalid MTU {mtu}, must be [0, master MTU(1400)]"), (refused.Code, refused.Message));
        Assert.DoesNotContain("eth0", pod.Tool("ip -br link"), StringComparison.Ordinal);
    }

    // The runtime's DEL after an ADD that was refused because of it.
    [KernelFact]
    public void DEL_leaves_an_interface_of_another_kind_that_nobody_marked()
    {
        using var node = new CniNode();
        node.Tool("ip link add wire type veth peer name beyond");
        var pod = node.AddPod();
        pod.Tool("ip link add eth0 type veth peer name other");
        var config = Config("macvlan", """{"master":"wire"}""");
        Assert.Equal(101, node.Call("ADD", pod, config).Code);
        node.Call("DEL", pod, config).Succeeded();
        Assert.Contains("eth0", pod.Tool("ip -br link show dev eth0"), StringComparison.Ordinal);
    }

    [KernelFact]
    public void Duplicate_address_detection_stays_as_the_namespace_has_it()
    {
        using var node = new CniNode();
        node.Tool("ip link add wire type veth peer name beyond");
        node.Tool("ip link set wire up");
        node.Tool("ip link set beyond up");
        var pod = node.AddPod();
        pod.TryTool(["sh", "-c", "echo 0 > /proc/sys/net/ipv6/conf/default/accept_dad"]);
        var ipam = """{"type":"static","addresses":[{"address":"fd00:1::5/64","gateway":"fd00:1::1"}]}""";
        var config = Config("macvlan", $$$"""{"master":"wire","ipam":{{{ipam}}}}""");
        node.Call("ADD", pod, config).Succeeded();
        Assert.Equal("0", pod.ReadSysctl("net/ipv6/conf/eth0/accept_dad"));
    }

    private static JsonObject Config(string type, string keys)
    {
        var config = JsonNode.Parse(keys)!.AsObject();
        config["cniVersion"] = "1.1.0";
        config["name"] = "test";
        config["type"] = type;
        return config;
    }
}
