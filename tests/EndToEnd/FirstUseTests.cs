using Plugboard.Testing;
using Plugboard.Tests.EndToEnd.Harness;

namespace Plugboard.Tests.EndToEnd;

public sealed class FirstUseTests
{
    [KernelFact]
    public void Two_pods_on_a_bridge_reach_each_other_and_the_host_and_leave_nothing()
    {
        using var node = new CniNode();
        var config = node.BridgeConfig();
        var (blue, green) = (node.AddPod(), node.AddPod());
        node.Call("ADD", blue, config).Succeeded();
        node.Call("ADD", green, config).Succeeded();

        blue.Tool($"ping -c 1 -W 2 {green.Address}");
        blue.Tool("ping -c 1 -W 2 10.1.0.1");
        Assert.Equal(["10.1.0.2", "10.1.0.3"], node.Leases().Keys.Order(StringComparer.Ordinal));
        node.Call("CHECK", blue, config).Succeeded();

        node.Call("DEL", blue, config).Succeeded();
        node.Call("DEL", green, config).Succeeded();
        Assert.Empty(node.Leases());
        Assert.Equal("", node.Tool("ip -brief link show type veth"));
    }
}
