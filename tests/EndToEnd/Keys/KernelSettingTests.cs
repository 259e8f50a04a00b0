using System.Text.Json.Nodes;
using Plugboard.Testing;
using Plugboard.Tests.EndToEnd.Harness;

namespace Plugboard.Tests.EndToEnd.Keys;

/// <summary>
/// Kernel settings: the node's own network keeps working when they are written, and they are written only where they must be.
/// </summary>
public sealed class KernelSettingTests
{
    private const string DualStack =
        """{"ipam":{"ranges":[[{"subnet":"10.1.0.0/16"}],[{"subnet":"fd00:1::/64"}]],"routes":[{"dst":"0.0.0.0/0"},{"dst":"::/0"}]}}""";

    // The second IPv4 gateway is refused once the IPv6 one is there and forwards.
    private const string RefusedAtTheEnd =
        """{"ipam":{"ranges":[[{"subnet":"fd00:1::/64"}],[{"subnet":"10.1.0.0/16"}],[{"subnet":"10.2.0.0/16"}]],"routes":[]}}""";

    private const string IPv6Only = """{"ipam":{"ranges":[[{"subnet":"fd00:1::/64"}]],"routes":[]}}""";

    private static void MakeReadOnly(CniNode node)
    {
        node.Tool("mount --bind /proc/sys /proc/sys");
        node.Tool("mount -o remount,bind,ro /proc/sys");
    }

    private static void SwitchIPv6Off(CniNode node)
    {
        node.WriteSysctl("net/ipv6/conf/all/disable_ipv6", "1");
        node.WriteSysctl("net/ipv6/conf/default/disable_ipv6", "1");
    }

    [KernelFact]
    public void A_route_of_IPv6_for_a_pod_that_has_it_switched_off_names_the_setting()
    {
        using var node = new CniNode();
        var pod = node.AddPod();
        pod.WriteSysctl("net/ipv6/conf/all/disable_ipv6", "1");
        pod.WriteSysctl("net/ipv6/conf/default/disable_ipv6", "1");
        var refused = node.Call(
            "ADD",
            pod,
            node.BridgeConfig("""{"ipam":{"ranges":[[{"subnet":"10.1.0.0/16"}]],"routes":[{"dst":"::/0"}]}}""")
        );
        Assert.Equal(7, refused.Code);
        Assert.Contains(
            "IPv6 is off on eth0 (net.ipv6.conf.eth0.disable_ipv6 is 1): remove the route",
            refused.Details,
            StringComparison.Ordinal
        );
    }

    [KernelFact]
    public void The_node_keeps_the_default_route_that_a_router_advertised()
    {
        using var node = new CniNode();
        using var router = new AdvertisingRouter(node);
        router.AdvertiseUntilKnown();
        node.Call("ADD", node.AddPod(), node.BridgeConfig(DualStack)).Succeeded();
        Assert.Equal("1", node.ReadSysctl("net/ipv6/conf/all/forwarding"));
        Assert.True(router.IsKnown, "the node has lost its default route");
        node.Tool("ip -6 route del default proto ra");
        router.AdvertiseUntilKnown();
        Assert.Equal("0", node.ReadSysctl("net/ipv6/conf/cni0/accept_ra"));
    }

    [KernelFact]
    public void A_failed_ADD_sets_forwarding_and_advertisements_back()
    {
        using var node = new CniNode();
        using var router = new AdvertisingRouter(node);
        node.WriteSysctl("net/ipv6/conf/all/forwarding", "0");
        var config = node.BridgeConfig(RefusedAtTheEnd);
        Assert.Equal(7, node.Call("ADD", node.AddPod(), config).Code);
        Assert.Equal(("0", "1"), (node.ReadSysctl("net/ipv6/conf/all/forwarding"), node.ReadSysctl("net/ipv6/conf/eth0/accept_ra")));
    }

    [KernelFact]
    public void Where_proc_sys_is_read_only_a_network_that_needs_no_change_works()
    {
        using var node = new CniNode();
        node.WriteSysctl("net/ipv4/ip_forward", "1");
        node.WriteSysctl("net/ipv6/conf/all/forwarding", "1");
        MakeReadOnly(node);
        foreach (var config in new[] { node.BridgeConfig(), node.BridgeConfig(IPv6Only).With("""{"name":"six","bridge":"cni6"}""") })
        {
            var pod = node.AddPod();
            var added = node.Call("ADD", pod, config).Succeeded();
            Assert.True(pod.Reaches((string)added.Json["ips"]![0]!["gateway"]!));
            node.Call("CHECK", pod, config).Succeeded();
            node.Call("DEL", pod, config).Succeeded();
        }
    }

    [KernelFact]
    public void What_is_left_as_it_is_there_is_reported_on_stderr()
    {
        using var node = new CniNode();
        node.WriteSysctl("net/ipv4/ip_forward", "1");
        MakeReadOnly(node);
        var added = node.Call("ADD", node.AddPod(), node.BridgeConfig()).Succeeded();
        Assert.Contains("cannot set net.ipv6.conf.cni0.accept_ra, which is 1, to 0", added.Error, StringComparison.Ordinal);
    }

    [KernelTheory]
    [InlineData("{}", "net.ipv4.ip_forward, which is 0, to 1", "net.ipv4.ip_forward=1")]
    [InlineData(
        IPv6Only,
        "net.ipv6.conf.eth0.accept_ra, which is 1, to 2",
        "net.ipv6.conf.eth0.accept_ra=2, net.ipv6.conf.all.forwarding=1"
    )]
    public void What_must_be_changed_there_is_error_5_that_names_all_of_it(string patch, string setting, string advice)
    {
        using var node = new CniNode();
        using var router = new AdvertisingRouter(node);
        node.WriteSysctl("net/ipv4/ip_forward", "0");
        node.WriteSysctl("net/ipv6/conf/all/forwarding", "0");
        MakeReadOnly(node);
        var refused = node.Call("ADD", node.AddPod(), node.BridgeConfig(patch));
        Assert.Equal(5, refused.Code);
        Assert.Contains(setting, refused.Message, StringComparison.Ordinal);
        Assert.Contains(advice, refused.Details, StringComparison.Ordinal);
        Assert.False(node.HasLink("cni0"));
        Assert.Empty(node.Leases());
    }

    [KernelFact]
    public void On_a_node_with_IPv6_switched_off_it_is_switched_on_for_the_bridge_alone()
    {
        using var node = new CniNode();
        SwitchIPv6Off(node);
        node.Tool("ip link add up0 type veth peer name other");
        var pod = node.AddPod();
        var config = node.BridgeConfig(DualStack);
        node.Call("ADD", pod, config).Succeeded();
        Assert.True(pod.Reaches("fd00:1::1"));
        Assert.Equal(["10.1.0.1/16", "fd00:1::1/64"], node.GlobalAddresses("cni0"));
        Assert.All(["all", "default", "lo", "up0"], link => Assert.Equal("1", node.ReadSysctl($"net/ipv6/conf/{link}/disable_ipv6")));
        node.Call("CHECK", pod, config).Succeeded();
        node.Call("DEL", pod, config).Succeeded();
    }

    // The reference: "permission denied".
    [KernelTheory]
    [InlineData("""[[{"subnet":"10.1.0.0/16"}],[{"subnet":"fd00:1::/64"}]]""")]
    [InlineData("""[[{"subnet":"fd00:1::/64"}],[{"subnet":"10.1.0.0/16"}]]""")]
    [InlineData("""[[{"subnet":"fd00:1::/64"}]]""")]
    public void The_node_s_end_of_a_ptp_pair_is_switched_on_and_no_other_link(string ranges)
    {
        using var node = new CniNode();
        SwitchIPv6Off(node);
        var pod = node.AddPod();
        var config = node.BridgeConfig();
        config["type"] = "ptp";
        config["ipam"]!["ranges"] = JsonNode.Parse(ranges);
        node.Call("ADD", pod, config).Succeeded();
        Assert.True(pod.Reaches("fd00:1::1"));
        Assert.All(["all", "default", "lo"], link => Assert.Equal("1", node.ReadSysctl($"net/ipv6/conf/{link}/disable_ipv6")));
        node.Call("CHECK", pod, config).Succeeded();
        node.Call("DEL", pod, config).Succeeded();
    }

    // A network that was IPv4 only gets an IPv6 range; the bridge is of before, perhaps an operator's.
    [KernelFact]
    public void A_bridge_from_before_is_switched_on_too_and_learns_no_routes_by_that()
    {
        using var node = new CniNode();
        node.Tool("ip link add cni0 type bridge");
        node.Tool("ip link set cni0 up");
        node.WriteSysctl("net/ipv6/conf/cni0/disable_ipv6", "1");
        var pod = node.AddPod();
        node.Call("ADD", pod, node.BridgeConfig(DualStack)).Succeeded();
        Assert.True(pod.Reaches("fd00:1::1"));
        Assert.Equal("0", node.ReadSysctl("net/ipv6/conf/cni0/accept_ra"));
    }

    [KernelFact]
    public void A_failed_ADD_switches_IPv6_off_on_the_bridge_again()
    {
        using var node = new CniNode();
        node.Tool("ip link add cni0 type bridge");
        node.Tool("ip link set cni0 up");
        node.WriteSysctl("net/ipv6/conf/cni0/disable_ipv6", "1");
        var config = node.BridgeConfig(RefusedAtTheEnd);
        Assert.Equal(7, node.Call("ADD", node.AddPod(), config).Code);
        Assert.Equal("1", node.ReadSysctl("net/ipv6/conf/cni0/disable_ipv6"));
    }

    [KernelFact]
    public void Where_it_cannot_be_switched_on_the_setting_is_named()
    {
        using var node = new CniNode();
        SwitchIPv6Off(node);
        node.WriteSysctl("net/ipv4/ip_forward", "1");
        MakeReadOnly(node);
        var refused = node.Call("ADD", node.AddPod(), node.BridgeConfig(DualStack));
        Assert.Equal(5, refused.Code);
        Assert.Contains("net.ipv6.conf.cni0.disable_ipv6, which is 1, to 0", refused.Message, StringComparison.Ordinal);
        Assert.Contains("fd00:1::1/64", refused.Message, StringComparison.Ordinal);
    }

    [KernelFact]
    public void A_pod_with_IPv6_switched_off_gets_it_on_its_interface_and_lo()
    {
        using var node = new CniNode();
        var pod = node.AddPod();
        pod.WriteSysctl("net/ipv6/conf/all/disable_ipv6", "1");
        pod.WriteSysctl("net/ipv6/conf/default/disable_ipv6", "1");
        node.Call("ADD", pod, node.BridgeConfig(DualStack)).Succeeded();
        Assert.All(["lo", "eth0"], link => Assert.Equal("0", pod.ReadSysctl($"net/ipv6/conf/{link}/disable_ipv6")));
        Assert.True(pod.Reaches("fd00:1::1"));
    }

    [KernelFact]
    public void An_IPv6_pod_keeps_its_addresses_when_it_is_down_and_tells_neighbours_of_changes()
    {
        using var node = new CniNode();
        var pod = node.AddPod();
        node.Call("ADD", pod, node.BridgeConfig(DualStack)).Succeeded();
        Assert.All(["keep_addr_on_down", "ndisc_notify"], name => Assert.Equal("1", pod.ReadSysctl($"net/ipv6/conf/eth0/{name}")));
    }

    [KernelFact]
    public void A_bridge_whose_MTU_is_too_small_for_its_IPv6_gateway_is_named()
    {
        using var node = new CniNode();
        node.Tool("ip link add cni0 mtu 1200 type bridge");
        node.Tool("ip link set cni0 up");
        // The bridge's MTU is pinned by a change.
        node.Tool("ip link set cni0 mtu 1201");
        var refused = node.Call("ADD", node.AddPod(), node.BridgeConfig(IPv6Only));
        Assert.Equal(7, refused.Code);
        Assert.Contains("cni0", refused.Message, StringComparison.Ordinal);
        Assert.Contains("MTU of cni0 is 1201, and IPv6 needs 1280", refused.Details, StringComparison.Ordinal);
    }
}
