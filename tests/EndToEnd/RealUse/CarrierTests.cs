using System.Text.Json.Nodes;
using Plugboard.Testing;
using Plugboard.Tests.EndToEnd.Harness;

namespace Plugboard.Tests.EndToEnd.RealUse;

/// <summary>Interfaces on a network whose cable is out, or whose switch is still starting.</summary>
public sealed class CarrierTests
{
    // No host can be asked for duplicates there: the kernel asks when there is a carrier. The reference does the same.
    [KernelTheory]
    [InlineData("host-device", "device")]
    [InlineData("macvlan", "master")]
    public void A_pod_with_IPv6_is_attached_without_a_carrier_and_has_its_address_once_there_is_one(string type, string key)
    {
        using var node = new CniNode();
        node.Tool("ip link add wire type veth peer name beyond");
        node.Tool("ip link set wire up");
        var config = node.BridgeConfig(config =>
        {
            (config["type"], config[key]) = (type, "wire");
            config["ipam"]!["ranges"] = JsonNode.Parse("""[[{"subnet":"10.1.0.0/16"}],[{"subnet":"fd00:1::/64"}]]""");
            config["ipam"]!["routes"] = JsonNode.Parse("""[{"dst":"0.0.0.0/0"},{"dst":"::/0"}]""");
        });
        var pod = node.AddPod();
        node.Call("ADD", pod, config).Succeeded();
        node.Call("CHECK", pod, config).Succeeded();
        Assert.Contains("tentative", pod.Tool("ip -6 address show dev eth0 to fd00:1::/64"), StringComparison.Ordinal);
        Assert.Contains("via fd00:1::1", pod.Tool("ip -6 route show default"), StringComparison.Ordinal);

        node.Tool("ip link set beyond up");
        Eventually.True(
            () => !pod.Tool("ip -6 address show dev eth0 to fd00:1::/64").Contains("tentative", StringComparison.Ordinal),
            () => pod.Tool("ip -6 address show dev eth0")
        );
        node.Call("DEL", pod, config).Succeeded();
        Assert.Empty(node.Leases());
    }
}
