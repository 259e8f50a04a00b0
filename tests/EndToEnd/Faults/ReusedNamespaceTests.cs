using System.Text.Json.Nodes;
using Plugboard.Testing;
using Plugboard.Tests.EndToEnd.Harness;

namespace Plugboard.Tests.EndToEnd.Faults;

/// <summary>
/// A DEL whose CNI_NETNS leads to another pod by now: runtimes give paths again, and the kernel process ids.
/// </summary>
public sealed class ReusedNamespaceTests
{
    [KernelTheory]
    [InlineData("bandwidth", """{"ingressRate":8000000,"ingressBurst":800000,"egressRate":16000000,"egressBurst":1600000}""")]
    [InlineData("sbr", "{}")]
    [InlineData("sbr", """{"table":200}""")]
    [InlineData("tuning", """{"mac":"02:11:22:33:44:55","mtu":1400,"txQLen":77,"dataDir":"/run/cni/reused-namespace"}""")]
    public void A_late_DEL_leaves_the_interface_of_the_pod_that_has_the_namespace_now(string plugin, string keys)
    {
        using var node = new CniNode();
        var (old, present) = (node.AddPod("old"), node.AddPod("present"));
        var config = Config(node, plugin, keys);
        foreach (var pod in (CniPod[])[old, present])
        {
            node.Call("ADD", pod, node.BridgeConfig()).Succeeded();
            node.Call("ADD", pod, After(config, pod)).Succeeded();
        }

        node.EndPod(old);
        var before = State(node, present);
        node.Call("DEL", old, config, $"CNI_NETNS={present.Path}").Succeeded();
        Assert.Equal(before, State(node, present));
        node.Call("CHECK", present, config).Succeeded();
        node.Call("DEL", present, config).Succeeded();
        Assert.NotEqual(before, State(node, present));
    }

    [KernelFact]
    public void A_late_DEL_of_loopback_leaves_lo_of_the_pod_that_has_the_namespace_now_up()
    {
        using var node = new CniNode();
        var (old, present) = (node.AddPod("old"), node.AddPod("present"));
        var config = Config(node, "loopback", "{}");
        node.Call("ADD", present, config).Succeeded();
        node.Call("ADD", present, node.BridgeConfig()).Succeeded();
        node.Call("DEL", old, config, $"CNI_NETNS={present.Path}").Succeeded();
        node.Call("CHECK", present, config).Succeeded();
        node.Call("DEL", present, config).Succeeded();
        Assert.DoesNotContain(",UP", present.Tool("ip -o link show dev lo"), StringComparison.Ordinal);
    }

    private static JsonObject Config(CniNode node, string plugin, string keys)
    {
        var config = JsonNode.Parse(keys.Replace("/run/cni/reused-namespace", $"{node.Directory}/tuning", StringComparison.Ordinal))!;
        config["cniVersion"] = "1.0.0";
        config["name"] = "test";
        config["type"] = plugin;
        return config.AsObject();
    }

    private static JsonObject After(JsonObject config, CniPod pod)
    {
        var chained = (JsonObject)config.DeepClone();
        chained["prevResult"] = pod.Result!.DeepClone();
        return chained;
    }

    private static string State(CniNode node, CniPod pod)
    {
        var port = (string)pod.Result!["interfaces"]![1]!["name"]!;
        return string.Concat(
            pod.Tool("ip -o link show dev eth0"),
            Uplinks.State(pod),
            node.Tool($"tc qdisc show dev {port}"),
            node.Tool($"tc filter show dev {port} ingress")
        );
    }
}
