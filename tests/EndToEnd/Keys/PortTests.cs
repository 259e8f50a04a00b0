using Plugboard.Testing;
using Plugboard.Tests.EndToEnd.Harness;

namespace Plugboard.Tests.EndToEnd.Keys;

public sealed class PortTests
{
    [KernelFact]
    public void Mtu_is_that_of_both_ends_and_of_the_bridge_when_it_is_made()
    {
        using var node = new CniNode();
        var (blue, green) = (node.AddPod(), node.AddPod());
        node.Call("ADD", blue, node.BridgeConfig("""{"mtu":1400}""")).Succeeded();
        Assert.All(
            [node.Link("cni0"), node.Link(blue.PortName()), blue.Link("eth0")],
            static link => Assert.Equal(1400, link.GetProperty("mtu").GetInt32())
        );

        node.Call("ADD", green, node.BridgeConfig("""{"mtu":1300}""")).Succeeded();
        Assert.Equal(1300, green.Link("eth0").GetProperty("mtu").GetInt32());
        Assert.Equal(1400, blue.Link("eth0").GetProperty("mtu").GetInt32());
    }

    [KernelFact]
    public void Hairpin_mode_is_the_ports_and_off_unless_asked_for()
    {
        using var node = new CniNode();
        var (blue, green) = (node.AddPod(), node.AddPod());
        node.Call("ADD", blue, node.BridgeConfig("""{"hairpinMode":true}""")).Succeeded();
        node.Call("ADD", green, node.BridgeConfig()).Succeeded();
        Assert.True(node.Port(blue.PortName()).GetProperty("hairpin").GetBoolean());
        Assert.False(node.Port(green.PortName()).GetProperty("hairpin").GetBoolean());
    }

    [KernelFact]
    public void With_hairpin_mode_a_pod_hears_itself()
    {
        using var node = new CniNode();
        var (blue, green) = (node.AddPod(), node.AddPod());
        node.Call("ADD", blue, node.Layer2Config("""{"hairpinMode":true}""")).Succeeded();
        node.Call("ADD", green, node.Layer2Config()).Succeeded();
        Assert.True(HearsItself(blue));
        Assert.False(HearsItself(green));
    }

    // The bridge floods frames to a stranger's address: none but this very port could send them back.
    private static bool HearsItself(CniPod pod)
    {
        pod.Tool("ip addr add 192.0.2.1/24 dev eth0");
        pod.Tool("ip neigh add 192.0.2.2 lladdr 02:00:00:00:00:77 dev eth0");
        const string script =
            "timeout 3 tcpdump -Q in -c 1 -i eth0 ether dst 02:00:00:00:00:77 & ping -c 15 -i 0.1 -W 0.1 192.0.2.2; wait $!";
        return pod.TryTool(["sh", "-c", script]).ExitCode == 0;
    }

    [KernelFact]
    public void PromiscMode_is_the_bridges()
    {
        using var node = new CniNode();
        var pod = node.AddPod();
        node.Call("ADD", pod, node.BridgeConfig()).Succeeded();
        Assert.Equal(0, node.Link("cni0").GetProperty("promiscuity").GetInt32());
        var promiscuous = node.AddPod();
        var config = node.BridgeConfig("""{"promiscMode":true}""");
        node.Call("ADD", promiscuous, config).Succeeded();
        Assert.Equal(1, node.Link("cni0").GetProperty("promiscuity").GetInt32());
        node.Call("CHECK", promiscuous, config).Succeeded();
    }

    [KernelFact]
    public void Isolated_pods_reach_the_gateway_and_not_each_other()
    {
        using var node = new CniNode();
        var (blue, green, open) = (node.AddPod(), node.AddPod(), node.AddPod());
        var isolated = node.BridgeConfig("""{"portIsolation":true}""");
        node.Call("ADD", blue, isolated).Succeeded();
        node.Call("ADD", green, isolated).Succeeded();
        node.Call("ADD", open, node.BridgeConfig()).Succeeded();

        Assert.True(node.Port(blue.PortName()).GetProperty("isolated").GetBoolean());
        Assert.False(node.Port(open.PortName()).GetProperty("isolated").GetBoolean());
        Assert.True(blue.Reaches("10.1.0.1"));
        Assert.True(blue.Reaches(open.Address));
        Assert.False(blue.Reaches(green.Address));
    }

    [KernelFact]
    public void Layer_2_gives_an_interface_that_is_up_and_no_address()
    {
        using var node = new CniNode();
        var pod = node.AddPod();
        var config = node.Layer2Config();
        var result = node.Call("ADD", pod, config).Succeeded().Json;
        Assert.Equal("UP", pod.Link("eth0").GetProperty("operstate").GetString());
        Assert.Empty(pod.GlobalAddresses("eth0"));
        Assert.Null(result["ips"]);
        Assert.Equal(["cni0", pod.PortName(), "eth0"], result["interfaces"]!.AsArray().Select(static each => (string)each!["name"]!));
        node.Call("CHECK", pod, config).Succeeded();
        node.Call("DEL", pod, config).Succeeded();
        Assert.False(node.HasLink(pod.PortName()));
    }

    [KernelFact]
    public void An_ipam_section_without_a_type_is_layer_2()
    {
        using var node = new CniNode();
        var pod = node.AddPod();
        node.Call("ADD", pod, node.Layer2Config("""{"ipam":{}}""")).Succeeded();
        Assert.Null(pod.Result!["ips"]);
    }

    [KernelFact]
    public void DisableContainerInterface_leaves_it_down()
    {
        using var node = new CniNode();
        var pod = node.AddPod();
        var config = node.Layer2Config("""{"disableContainerInterface":true}""");
        node.Call("ADD", pod, config).Succeeded();
        Assert.Equal("DOWN", pod.Link("eth0").GetProperty("operstate").GetString());
        // No port has a carrier yet, and the bridge has an address all the same.
        Assert.Contains("fe80::", node.Tool("ip -6 -brief address show dev cni0"), StringComparison.Ordinal);
        Assert.Equal("0", node.Tool("cat /proc/sys/net/ipv6/conf/cni0/addr_gen_mode").Trim());
        node.Call("CHECK", pod, config).Succeeded();
        node.Call("DEL", pod, config).Succeeded();
    }

    [KernelTheory]
    [InlineData("MAC=02:00:00:00:00:0A", "{}", "02:00:00:00:00:0a")]
    [InlineData("", """{"args":{"cni":{"mac":"02:00:00:00:00:0b"}}}""", "02:00:00:00:00:0b")]
    [InlineData("", """{"runtimeConfig":{"mac":"02:00:00:00:00:0c"}}""", "02:00:00:00:00:0c")]
    [InlineData("MAC=02:00:00:00:00:0a", """{"args":{"cni":{"mac":"02:00:00:00:00:0b"}}}""", "02:00:00:00:00:0b")]
    [InlineData(
        "MAC=02:00:00:00:00:0a",
        """{"args":{"cni":{"mac":"02:00:00:00:00:0b"}},"RuntimeConfig":{"mac":"02:00:00:00:00:0c"}}""",
        "02:00:00:00:00:0c"
    )]
    public void The_pods_hardware_address_is_the_closest_of_three(string args, string patch, string expected)
    {
        using var node = new CniNode();
        var pod = node.AddPod();
        var result = node.Call("ADD", pod, node.Layer2Config(patch), $"CNI_ARGS={args}").Succeeded().Json;
        Assert.Equal(expected, pod.Link("eth0").GetProperty("address").GetString());
        Assert.Equal(expected, (string)result["interfaces"]![2]!["mac"]!);
    }

    [KernelFact]
    public void The_result_tells_the_hardware_addresses_and_the_sandbox()
    {
        using var node = new CniNode();
        var pod = node.AddPod();
        var interfaces = node.Call("ADD", pod, node.BridgeConfig()).Succeeded().Json["interfaces"]!.AsArray();
        Assert.Equal(node.Link("cni0").GetProperty("address").GetString(), (string)interfaces[0]!["mac"]!);
        Assert.Equal(node.Link(pod.PortName()).GetProperty("address").GetString(), (string)interfaces[1]!["mac"]!);
        Assert.Equal(pod.Link("eth0").GetProperty("address").GetString(), (string)interfaces[2]!["mac"]!);
        Assert.Equal([null, null, pod.Path], interfaces.Select(static each => (string?)each!["sandbox"]));
        Assert.Matches("^veth[0-9a-f]{8}$", pod.PortName());
    }

    [KernelFact]
    public void The_host_end_has_its_owner_as_alias()
    {
        using var node = new CniNode();
        var pod = node.AddPod("abc", "net1");
        node.Call("ADD", pod, node.BridgeConfig()).Succeeded();
        Assert.Equal("cni:test/abc/net1", node.Link(pod.PortName()).GetProperty("ifalias").GetString());
    }
}
