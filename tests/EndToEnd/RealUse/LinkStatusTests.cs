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

    private static JsonObject Config(string type, string keys)
    {
        var config = JsonNode.Parse(keys)!.AsObject();
        config["cniVersion"] = "1.1.0";
        config["name"] = "test";
        config["type"] = type;
        return config;
    }
}
