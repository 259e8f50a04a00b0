using System.Text.Json.Nodes;
using Plugboard.Testing;
using Plugboard.Tests.EndToEnd.Harness;

namespace Plugboard.Tests.EndToEnd.Keys;

/// <summary>A range that holds an address of the node.</summary>
public sealed class NodeAddressTests
{
    [KernelTheory]
    [InlineData("bridge", "10.1.0.2/16", "10.1.0.0/16")]
    [InlineData("bridge", "fd00:1::2/64", "fd00:1::/64")]
    [InlineData("ptp", "10.1.0.2/16", "10.1.0.0/16")]
    [InlineData("ptp", "fd00:1::2/64", "fd00:1::/64")]
    public void A_pod_does_not_get_it_and_the_next_ADD_gives_another(string type, string address, string subnet)
    {
        using var node = new CniNode();
        var own = address.Split('/')[0];
        node.Tool("ip link set lo up");
        node.Tool($"ip addr add {own} dev lo{(own.Contains(':') ? " nodad" : "")}");
        node.WaitUntilLocal(own);
        var config = node.BridgeConfig(config =>
        {
            config["type"] = type;
            config["ipam"]!["ranges"] = new JsonArray(new JsonArray(new JsonObject { ["subnet"] = subnet }));
            config["ipam"]!["routes"] = new JsonArray();
        });
        var pod = node.AddPod();

        var refused = node.Call("ADD", pod, config);

        Assert.Equal((7, $"IPAM plugin returned address {address}, which the node itself has"), (refused.Code, refused.Message));
        Assert.Empty(node.Leases());
        Assert.Equal("", node.Tool("ip -brief link show type veth"));
        node.Call("ADD", pod, config).Succeeded();
        Assert.NotEqual(own, pod.Address);
    }
}
