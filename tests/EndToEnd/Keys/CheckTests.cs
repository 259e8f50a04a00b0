using System.Text.Json.Nodes;
using Plugboard.Testing;
using Plugboard.Tests.EndToEnd.Harness;

namespace Plugboard.Tests.EndToEnd.Keys;

public sealed class CheckTests
{
    private static JsonObject Config(CniNode node, string patch = "{}") =>
        node.BridgeConfig(
                """{"ipam":{"routes":[{"dst":"0.0.0.0/0"},{"dst":"192.168.0.0/16","gw":"10.1.0.9"},{"dst":"172.16.0.0/12","table":99}]}}"""
            )
            .With(patch);

    private static CniPod Add(CniNode node, JsonObject config)
    {
        var pod = node.AddPod();
        node.Call("ADD", pod, config).Succeeded();
        return pod;
    }

    [KernelTheory]
    [InlineData("ip addr del 10.1.0.2/16 dev eth0", "Failed to match addr 10.1.0.2/16 on interface eth0")]
    [InlineData("ip route del default", "Expected Route 0.0.0.0/0 not found in routing table")]
    [InlineData("ip route replace default via 10.1.0.7", "Expected Route 0.0.0.0/0 not found in routing table")]
    [InlineData("ip route del 192.168.0.0/16", "Expected Route 192.168.0.0/16 not found in routing table")]
    [InlineData("ip route replace 192.168.0.0/16 via 10.1.0.8", "Expected Route 192.168.0.0/16 not found in routing table")]
    [InlineData("ip route flush table 99", "Expected Route 172.16.0.0/12 not found in routing table")]
    [InlineData("ip link set eth0 down", "Interface eth0 is down")]
    [InlineData("ip link set eth0 name net9", "Interface name eth0 not found")]
    [InlineData("ip link set eth0 address 02:00:00:00:00:99", "doesn't match container Mac: 02:00:00:00:00:99")]
    [InlineData("ip link del eth0", "Interface name eth0 not found")]
    public void What_was_changed_in_the_pod_is_reported(string change, string message)
    {
        using var node = new CniNode();
        var config = Config(node);
        var pod = Add(node, config);
        node.Call("CHECK", pod, config).Succeeded();
        pod.Tool(change);
        var refused = node.Call("CHECK", pod, config);
        Assert.Equal(100, refused.Code);
        Assert.EndsWith(message, refused.Message, StringComparison.Ordinal);
        Assert.NotEqual("", refused.Details);
    }

    [KernelTheory]
    [InlineData("ip link set PORT nomaster", "Container interface eth0 is not attached to bridge cni0")]
    [InlineData("bridge link set dev PORT hairpin on", "Bridge port PORT hairpin mode true doesn't match hairpinMode: false")]
    [InlineData("bridge link set dev PORT isolated on", "Bridge port PORT isolation true doesn't match portIsolation: false")]
    [InlineData("ip link set PORT address 02:00:00:00:00:98", "Interface PORT Mac doesn't match: 02:00:00:00:00:98")]
    [InlineData("ip link set PORT down", "Host interface PORT is down")]
    [InlineData("ip addr del 10.1.0.1/16 dev cni0", "Failed to match gateway 10.1.0.1 on interface cni0")]
    [InlineData("ip link set cni0 address 02:00:00:00:00:97", "Bridge interface cni0 Mac doesn't match: 02:00:00:00:00:97")]
    [InlineData("ip link set cni0 down", "Bridge interface cni0 is down")]
    [InlineData("ip link del cni0", "Interface name cni0 not found")]
    public void What_was_changed_on_the_host_is_reported(string change, string message)
    {
        using var node = new CniNode();
        var config = Config(node);
        var pod = Add(node, config);
        node.Tool(change.Replace("PORT", pod.PortName(), StringComparison.Ordinal));
        var refused = node.Call("CHECK", pod, config);
        Assert.Equal((100, message.Replace("PORT", pod.PortName(), StringComparison.Ordinal)), (refused.Code, refused.Message));
        Assert.NotEqual("", refused.Details);
    }

    [KernelFact]
    public void A_bridge_that_became_another_device_is_reported()
    {
        using var node = new CniNode();
        var pod = Add(node, Config(node));
        node.Tool("ip link del cni0");
        node.Tool("ip link add cni0 type veth peer name other");
        Assert.Equal("Interface cni0 does not have link type of bridge", node.Call("CHECK", pod, Config(node)).Message);
    }

    [KernelFact]
    public void A_bridge_that_is_no_longer_promiscuous_is_reported()
    {
        using var node = new CniNode();
        var config = Config(node, """{"promiscMode":true}""");
        var pod = Add(node, config);
        node.Tool("ip link set cni0 promisc off");
        Assert.StartsWith(
            "Bridge interface cni0 configured Promisc Mode true",
            node.Call("CHECK", pod, config).Message,
            StringComparison.Ordinal
        );
    }

    [KernelFact]
    public void Hairpin_mode_and_isolation_that_were_switched_off_are_reported()
    {
        using var node = new CniNode();
        var config = Config(node, """{"hairpinMode":true,"portIsolation":true}""");
        var pod = Add(node, config);
        node.Call("CHECK", pod, config).Succeeded();
        node.Tool($"bridge link set dev {pod.PortName()} hairpin off");
        Assert.Contains(
            "hairpin mode false doesn't match hairpinMode: true",
            node.Call("CHECK", pod, config).Message,
            StringComparison.Ordinal
        );
        node.Tool($"bridge link set dev {pod.PortName()} hairpin on isolated off");
        Assert.Contains(
            "isolation false doesn't match portIsolation: true",
            node.Call("CHECK", pod, config).Message,
            StringComparison.Ordinal
        );
    }

    [KernelFact]
    public void A_lease_that_is_gone_is_reported()
    {
        using var node = new CniNode();
        var pod = Add(node, Config(node));
        File.Delete(Path.Combine(node.DataDirectory, "test", "10.1.0.2"));
        var refused = node.Call("CHECK", pod, Config(node));
        Assert.Equal((100, "host-local: Failed to find address added by container pod0"), (refused.Code, refused.Message));
    }

    [KernelFact]
    public void A_missing_prevResult_is_error_7()
    {
        using var node = new CniNode();
        var pod = Add(node, Config(node));
        pod.Result = null;
        var refused = node.Call("CHECK", pod, Config(node));
        Assert.Equal((7, "Required prevResult missing"), (refused.Code, refused.Message));
    }

    [KernelFact]
    public void A_prevResult_of_another_sandbox_is_reported()
    {
        using var node = new CniNode();
        var pod = Add(node, Config(node));
        pod.Result!["interfaces"]![2]!["sandbox"] = "/run/netns/elsewhere";
        Assert.Equal(
            $"Sandbox in prevResult /run/netns/elsewhere doesn't match configured netns: {pod.Path}",
            node.Call("CHECK", pod, Config(node)).Message
        );
    }

    [KernelFact]
    public void A_namespace_that_is_gone_is_error_3()
    {
        using var node = new CniNode();
        var pod = Add(node, Config(node));
        Assert.Equal(3, node.Call("CHECK", pod, Config(node), "CNI_NETNS=/run/netns/gone").Code);
    }

    [KernelFact]
    public void The_address_of_a_bridge_that_is_no_gateway_may_change()
    {
        using var node = new CniNode();
        var config = node.BridgeConfig("""{"isGateway":false,"ipam":{"routes":[]}}""");
        var pod = Add(node, config);
        node.Tool("ip link set cni0 address 02:00:00:00:00:97");
        node.Call("CHECK", pod, config).Succeeded();
    }

    [KernelFact]
    public void A_capture_on_the_bridge_is_no_fault()
    {
        using var node = new CniNode();
        var pod = Add(node, Config(node));
        var capture = node.TryTool(["sh", "-c", "timeout 20 tcpdump -i cni0 -w /dev/null >/dev/null 2>&1 & echo $!"]).Output.Trim();
        node.TryTool(["timeout", "10", "sh", "-c", "until ip -d link show cni0 | grep -q 'promiscuity 1'; do sleep 0.05; done"]);
        Assert.Equal(1, node.Link("cni0").GetProperty("promiscuity").GetInt32());
        node.Call("CHECK", pod, Config(node)).Succeeded();
        node.TryTool(["sh", "-c", $"kill {capture}"]);
    }

    [KernelFact]
    public void What_others_add_to_the_pod_is_no_fault()
    {
        using var node = new CniNode();
        var pod = Add(node, Config(node));
        pod.Tool("ip addr add 192.0.2.1/24 dev eth0");
        pod.Tool("ip route add 198.51.100.0/24 via 10.1.0.5");
        pod.Tool("ip link add net1 type veth peer name net2");
        node.Call("CHECK", pod, Config(node)).Succeeded();
    }

    // What tuning, sbr and others do, and report or not: the chain's last result is all that CHECK gets.
    [KernelTheory]
    [InlineData("tuning: mtu", "ip link set eth0 mtu 1300")]
    [InlineData("tuning: promisc, allmulti, txQLen", "ip link set eth0 promisc on allmulticast on txqueuelen 5")]
    [InlineData(
        "sbr",
        "ip route add 10.1.0.0/16 dev eth0 table 100; ip route add default via 10.1.0.1 dev eth0 table 100; "
            + "ip route add 192.168.0.0/16 via 10.1.0.9 dev eth0 table 100; ip rule add from 10.1.0.2 table 100; ip route flush "
            + "table main dev eth0"
    )]
    [InlineData(
        "another network has the default route",
        "ip link add net1 type veth peer name net2; ip addr add 192.0.2.2/24 dev net1; "
            + "ip link set net1 up; ip route del default; ip route add default via 192.0.2.1 dev net1"
    )]
    public void What_a_later_plugin_changes_by_design_is_no_fault(string plugin, string change)
    {
        using var node = new CniNode();
        var config = Config(node, """{"mtu":1400}""");
        var pod = Add(node, config);
        foreach (var command in change.Split("; "))
            pod.Tool(command);
        var output = node.Call("CHECK", pod, config);
        Assert.True(output.ExitCode == 0, $"{plugin}: {output.Output}");
    }

    [KernelTheory]
    [InlineData("02:AA:BB:CC:DD:EE")]
    [InlineData("02-aa-bb-cc-dd-ee")]
    [InlineData("02aa.bbcc.ddee")]
    public void A_hardware_address_that_tuning_set_and_reported_is_compared_as_an_address(string reported)
    {
        using var node = new CniNode();
        var pod = Add(node, Config(node));
        pod.Tool("ip link set eth0 address 02:aa:bb:cc:dd:ee");
        pod.Result!["interfaces"]![2]!["mac"] = reported;
        node.Call("CHECK", pod, Config(node)).Succeeded();
    }

    [KernelFact]
    public void An_MTU_that_the_last_result_says_is_compared()
    {
        using var node = new CniNode();
        var config = Config(node, """{"cniVersion":"1.1.0"}""");
        var pod = Add(node, config);
        pod.Result!["interfaces"]![2]!["mtu"] = 1400;
        Assert.Equal("Interface eth0 MTU 1500 doesn't match mtu: 1400", node.Call("CHECK", pod, config).Message);
        pod.Tool("ip link set eth0 mtu 1400");
        node.Call("CHECK", pod, config).Succeeded();
    }

    private static void AddOthers(CniPod pod, string routes)
    {
        pod.Tool("ip link add net1 type veth peer name net2");
        pod.Tool("ip addr add 192.0.2.2/24 dev net1");
        pod.Tool("ip link set net1 up");
        pod.Tool("ip link set net2 up");
        pod.Result!["interfaces"]!.AsArray().Add(JsonNode.Parse($$"""{"name":"net1","sandbox":"{{pod.Path}}"}"""));
        pod.Result!["ips"]!.AsArray().Add(JsonNode.Parse("""{"address":"192.0.2.2/24","gateway":"192.0.2.1","interface":3}"""));
        foreach (var route in JsonNode.Parse(routes)!.AsArray())
            pod.Result!["routes"]!.AsArray().Add(route!.DeepClone());
    }

    // Such a result says which route there is, and not by which interface: the gateway decides, and without one the kernel.
    [KernelFact]
    public void Routes_of_another_plugins_interface_are_none_of_bridges_business()
    {
        using var node = new CniNode();
        var pod = Add(node, Config(node));
        AddOthers(pod, """[{"dst":"198.51.100.0/24","gw":"192.0.2.1"},{"dst":"203.0.113.0/24"}]""");
        pod.Tool("ip route add 203.0.113.0/24 via 192.0.2.1");
        node.Call("CHECK", pod, Config(node)).Succeeded();
    }

    [KernelFact]
    public void Its_own_routes_beside_those_of_another_are_still_compared()
    {
        using var node = new CniNode();
        var pod = Add(node, Config(node));
        AddOthers(pod, "[]");
        pod.Tool("ip route del 192.168.0.0/16");
        Assert.Equal("Expected Route 192.168.0.0/16 not found in routing table", node.Call("CHECK", pod, Config(node)).Message);
    }

    [KernelFact]
    public void A_route_that_is_nowhere_is_reported_though_another_plugin_may_have_made_it()
    {
        using var node = new CniNode();
        var pod = Add(node, Config(node));
        AddOthers(pod, """[{"dst":"203.0.113.0/24"}]""");
        Assert.Equal("Expected Route 203.0.113.0/24 not found in routing table", node.Call("CHECK", pod, Config(node)).Message);
    }

    // Of host-device and the like: an interface that went from the host into the pod, or has its name there.
    [KernelFact]
    public void Interfaces_of_the_host_that_have_the_names_of_the_pods_are_reported_apart()
    {
        using var node = new CniNode();
        var pod = Add(node, Config(node));
        var interfaces = pod.Result!["interfaces"]!.AsArray();
        interfaces.Add(JsonNode.Parse("""{"name":"eth0","mac":"02:00:00:00:00:50"}"""));
        interfaces.Add(JsonNode.Parse($$"""{"name":"cni0","mac":"02:00:00:00:00:51","sandbox":"{{pod.Path}}"}"""));
        var first = interfaces[3]!.DeepClone();
        interfaces.RemoveAt(3);
        interfaces.Insert(0, first);
        pod.Result!["ips"]![0]!["interface"] = 3;
        node.Call("CHECK", pod, Config(node)).Succeeded();
    }

    [KernelFact]
    public void Another_path_of_the_same_namespace_is_the_same_sandbox()
    {
        using var node = new CniNode();
        var pod = Add(node, Config(node));
        var link = Path.Combine(node.Directory, "netns");
        File.CreateSymbolicLink(link, pod.Path);
        node.Call("CHECK", pod, Config(node), $"CNI_NETNS={link}").Succeeded();
    }

    [KernelFact]
    public void A_route_of_scope_link_is_compared_without_a_gateway()
    {
        using var node = new CniNode();
        var config = node.BridgeConfig("""{"ipam":{"routes":[{"dst":"169.254.1.1/32","scope":253},{"dst":"192.168.0.0/16","table":0}]}}""");
        var pod = Add(node, config);
        node.Call("CHECK", pod, config).Succeeded();
        pod.Tool("ip route del 169.254.1.1");
        Assert.Equal("Expected Route 169.254.1.1/32 not found in routing table", node.Call("CHECK", pod, config).Message);
    }

    [KernelFact]
    public void Two_gateways_of_one_IPv6_destination_are_found()
    {
        using var node = new CniNode();
        var config = node.BridgeConfig(
            """{"ipam":{"ranges":[[{"subnet":"fd00:1::/64"}]],"routes":[{"dst":"fd00:9::/64","gw":"fd00:1::8"},{"dst":"fd00:"""
                + """9::/64","gw":"fd00:1::9"}]}}"""
        );
        var pod = Add(node, config);
        Assert.Contains("fd00:1::8", pod.Tool("ip -6 route show fd00:9::/64"), StringComparison.Ordinal);
        Assert.Contains("fd00:1::9", pod.Tool("ip -6 route show fd00:9::/64"), StringComparison.Ordinal);
        node.Call("CHECK", pod, config).Succeeded();
    }
}
