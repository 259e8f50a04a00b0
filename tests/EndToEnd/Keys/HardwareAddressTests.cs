using Plugboard.Testing;
using Plugboard.Tests.EndToEnd.Harness;

namespace Plugboard.Tests.EndToEnd.Keys;

public sealed class HardwareAddressTests
{
    private static IReadOnlyList<string> Reported(CniPod pod) =>
        [.. pod.Result!["interfaces"]!.AsArray().Select(static each => (string)each!["mac"]!)];

    private static string MacOf(TestNamespace ns, string link) => ns.Link(link).GetProperty("address").GetString()!;

    [KernelFact]
    public void Two_nodes_give_a_container_of_one_name_addresses_of_its_own()
    {
        using var blue = new CniNode();
        using var green = new CniNode();
        var seen = new List<string>();
        foreach (var node in new[] { blue, green })
        {
            var pod = node.AddPod("web");
            node.Call("ADD", pod, node.BridgeConfig()).Succeeded();
            Assert.Equal([MacOf(node, "cni0"), MacOf(node, pod.PortName()), MacOf(pod, "eth0")], Reported(pod));
            seen.AddRange(Reported(pod));
        }

        Assert.Equal(6, seen.Distinct(StringComparer.Ordinal).Count());
    }

    [KernelFact]
    public void A_container_that_comes_again_gets_another()
    {
        using var node = new CniNode();
        var pod = node.AddPod();
        node.Call("ADD", pod, node.BridgeConfig()).Succeeded();
        var first = Reported(pod)[2];
        node.Call("DEL", pod, node.BridgeConfig()).Succeeded();
        node.Call("ADD", pod, node.BridgeConfig()).Succeeded();
        Assert.NotEqual(first, Reported(pod)[2]);
    }

    [KernelFact]
    public void The_bridges_own_is_refused_for_a_pod()
    {
        using var node = new CniNode();
        node.Call("ADD", node.AddPod(), node.BridgeConfig()).Succeeded();
        var mac = MacOf(node, "cni0");
        var refused = node.Call("ADD", node.AddPod(), node.BridgeConfig($$$"""{"runtimeConfig":{"mac":"{{{mac}}}"}}"""));
        Assert.Equal((7, $"address {mac}: the bridge cni0 has it"), (refused.Code, refused.Message));
    }

    // An ADD that was killed between making the pair and writing the alias.
    [KernelFact]
    public void DEL_removes_a_host_end_without_its_alias_by_name_and_address()
    {
        using var node = new CniNode();
        var pod = node.AddPod();
        var config = node.Layer2Config();
        node.Call("ADD", pod, config).Succeeded();
        node.TryTool(["ip", "link", "set", pod.PortName(), "alias", ""]);
        node.Call("DEL", pod, config, "CNI_NETNS=").Succeeded();
        Assert.False(node.HasLink(pod.PortName()));
    }

    [KernelFact]
    public void DEL_leaves_a_strangers_link_of_that_name()
    {
        using var node = new CniNode();
        var pod = node.AddPod();
        var config = node.Layer2Config();
        node.Call("ADD", pod, config).Succeeded();
        var name = pod.PortName();
        node.Tool($"ip link del {name}");
        node.Tool($"ip link add {name} type veth peer name other");
        node.Call("DEL", pod, config, "CNI_NETNS=").Succeeded();
        Assert.True(node.HasLink(name));
    }
}
