using System.Globalization;
using System.Text.Json.Nodes;
using Plugboard.Testing;
using Plugboard.Tests.EndToEnd.Harness;

namespace Plugboard.Tests.EndToEnd.Keys;

/// <summary>A bridge of the node's own: what the node is known by on its network stays when pods come and go.</summary>
public sealed class LanBridgeTests
{
    private const string LowAddress = "02:00:00:00:00:01";

    private static JsonObject Config(CniNode node, string patch = "{}") =>
        node.BridgeConfig("""{"bridge":"br0","isGateway":false,"ipam":{"routes":[]}}""").With(patch);

    private static string Mac(CniNode node) => node.Link("br0").GetProperty("address").GetString()!;

    private static int Mtu(CniNode node) => node.Link("br0").GetProperty("mtu").GetInt32();

    private static void AddUplink(CniNode node, string more = "")
    {
        node.Tool($"ip link add up0 address 52:54:00:12:34:56 {more} type veth peer name wire0");
        node.Tool("ip link set up0 master br0 up");
        node.Tool("ip link set wire0 up");
    }

    [KernelFact]
    public void It_keeps_its_hardware_address_from_the_first_pod_on_with_ports_or_without()
    {
        foreach (var hasUplink in new[] { true, false })
        {
            using var node = new CniNode();
            node.Tool("ip link add br0 type bridge");
            if (hasUplink)
                AddUplink(node);
            node.Tool("ip link set br0 up");
            var was = Mac(node);
            for (var i = 0; i < 3; i++)
                node.Call("ADD", node.AddPod(), Config(node)).Succeeded();
            Assert.Equal(was, Mac(node));
        }
    }

    [KernelFact]
    public void A_bridge_that_is_down_keeps_it_too()
    {
        using var node = new CniNode();
        node.Tool("ip link add br0 type bridge");
        var was = Mac(node);
        node.Call("ADD", node.AddPod(), Config(node)).Succeeded();
        Assert.Equal(was, Mac(node));
    }

    // As the reference's pods: their host ends have any address, which the bridge may have taken.
    [KernelFact]
    public void It_keeps_the_address_that_a_pod_lent_it_when_that_pod_goes()
    {
        using var node = new CniNode();
        node.Tool("ip link add br0 type bridge");
        node.Tool("ip link set br0 up");
        node.Tool($"ip link add lender address {LowAddress} type veth peer name other");
        node.Tool("ip link set lender master br0 up");
        Assert.Equal(LowAddress, Mac(node));
        node.Call("ADD", node.AddPod(), Config(node)).Succeeded();
        node.Tool("ip link del lender");
        Assert.Equal(LowAddress, Mac(node));
    }

    [KernelFact]
    public void A_gateway_that_another_program_made_keeps_it_from_the_first_pod_on()
    {
        using var node = new CniNode();
        node.Tool("ip link add br0 type bridge");
        node.Tool("ip link set br0 up");
        var was = Mac(node);
        var pod = node.AddPod();
        var config = Config(node, """{"isGateway":true}""");
        node.Call("ADD", pod, config).Succeeded();
        Assert.Equal(was, Mac(node));
        node.Call("CHECK", pod, config).Succeeded();
    }

    // Writing the address, even the same one, empties the node's neighbour cache.
    [KernelFact]
    public void The_address_is_written_once_and_a_tag_says_so()
    {
        using var node = new CniNode();
        node.Tool("ip link add br0 type bridge");
        node.Tool("ip link set br0 up");
        node.Tool("ip addr add 192.0.2.1/24 dev br0");
        node.Call("ADD", node.AddPod(), Config(node)).Succeeded();
        Assert.NotEqual("0", node.ReadSysctl("net/ipv4/conf/br0/tag"));
        node.Tool($"ip neigh add 192.0.2.2 lladdr {LowAddress} dev br0 nud stale");
        node.Call("ADD", node.AddPod(), Config(node)).Succeeded();
        Assert.Contains(LowAddress, node.Tool("ip neigh show dev br0"), StringComparison.Ordinal);
    }

    [KernelFact]
    public void A_tag_of_the_operators_own_stays()
    {
        using var node = new CniNode();
        node.Tool("ip link add br0 type bridge");
        AddUplink(node);
        node.WriteSysctl("net/ipv4/conf/br0/tag", "7");
        node.Tool("ip link set br0 up");
        var was = Mac(node);
        node.Call("ADD", node.AddPod(), Config(node)).Succeeded();
        node.Call("ADD", node.AddPod(), Config(node)).Succeeded();
        Assert.Equal(("7", was), (node.ReadSysctl("net/ipv4/conf/br0/tag"), Mac(node)));
    }

    [KernelTheory]
    [InlineData("{}", 9000)]
    [InlineData("""{"mtu":1300}""", 9000)]
    [InlineData("""{"mtu":65535}""", 9000)]
    public void It_keeps_its_MTU_when_pods_have_another(string patch, int mtu)
    {
        using var node = new CniNode();
        node.Tool("ip link add br0 type bridge");
        AddUplink(node, $"mtu {mtu.ToString(CultureInfo.InvariantCulture)}");
        node.Tool("ip link set br0 up");
        Assert.Equal(mtu, Mtu(node));
        node.Call("ADD", node.AddPod(), Config(node, patch)).Succeeded();
        Assert.Equal(mtu, Mtu(node));
        node.Call("ADD", node.AddPod(), Config(node, patch)).Succeeded();
        Assert.Equal(mtu, Mtu(node));
    }

    // The kernel would cut the bridge's MTU to the port's, and take the bridge's IPv6 addresses for ever.
    [KernelFact]
    public void A_gateway_keeps_its_IPv6_address_when_a_pod_of_another_network_has_a_small_mtu()
    {
        using var node = new CniNode();
        node.Call("ADD", node.AddPod(), node.BridgeConfig("""{"ipam":{"ranges":[[{"subnet":"fd00:1::/64"}]],"routes":[]}}""")).Succeeded();
        var small = node.BridgeConfig("""{"name":"small","isGateway":false,"mtu":1000,"ipam":{"routes":[]}}""");
        for (var i = 0; i < 2; i++)
            node.Call("ADD", node.AddPod(), small).Succeeded();
        Assert.Equal(["fd00:1::1/64"], node.GlobalAddresses("cni0"));
    }
}
