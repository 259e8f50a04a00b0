using System.Text.Json;
using System.Text.Json.Nodes;
using Plugboard.Tests.EndToEnd.Harness;

namespace Plugboard.Tests.EndToEnd.RealUse;

/// <summary>What tests of bandwidth share: a pod behind a bridge, configs, and what tc(8) and ip(8) say.</summary>
internal static class BandwidthNode
{
    public const string Both = """{"ingressRate":8000000,"ingressBurst":800000,"egressRate":16000000,"egressBurst":1600000}""";
    public const string Egress = """{"egressRate":16000000,"egressBurst":1600000}""";
    public const string Ingress = """{"ingressRate":8000000,"ingressBurst":800000}""";

    public const string BothBySubnet =
        """{"ingressRate":8000000,"ingressBurst":800000,"egressRate":16000000,"egressBurst":1600000,"unshapedSubnets":["10.9.0.0/16"]}""";

    /// <summary>Both interfaces of a pod are of this network.</summary>
    public const string Network = "test";

    /// <summary>The first 12 digits of the SHA-512 of <c>testpod0</c>.</summary>
    public const string Ifb = "bwp60cc321a44ce";

    /// <summary>A pod with an interface of our bridge, whatever executables the node has.</summary>
    public static CniPod Attached(this CniNode node) => node.Attach(node.AddPod());

    /// <summary>Gives a pod an interface.</summary>
    public static CniPod Attach(this CniNode node, CniPod pod, params string[] variables)
    {
        var plugins = node.Plugins;
        node.Plugins = PluginDirectory.Ours;
        node.Call("ADD", pod, node.BridgeConfig(), variables).Succeeded();
        node.Plugins = plugins;
        return pod;
    }

    /// <summary>A config of some keys.</summary>
    public static JsonObject Config(string keys, string version = "1.0.0")
    {
        var config = JsonNode.Parse(keys)!.AsObject();
        config["cniVersion"] = version;
        config["name"] = Network;
        config["type"] = "bandwidth";
        return config;
    }

    /// <summary>As a runtime has it for ADD: with the result of the plugin before it.</summary>
    public static JsonObject After(this JsonObject config, CniPod pod)
    {
        var chained = (JsonObject)config.DeepClone();
        chained["prevResult"] = pod.Result!.DeepClone();
        return chained;
    }

    /// <summary>The pod's link on the node.</summary>
    public static string HostEnd(this CniPod pod) => (string)pod.Result!["interfaces"]![1]!["name"]!;

    /// <summary>The ifbs' names, in their order.</summary>
    public static IReadOnlyList<string> Ifbs(this CniNode node) =>
        [
            .. node.Json("ip -j link show type ifb")
                .EnumerateArray()
                .Where(static link => link.TryGetProperty("ifname", out _))
                .Select(static link => link.GetProperty("ifname").GetString()!)
                .Order(StringComparer.Ordinal),
        ];

    /// <summary>
    /// The qdiscs and filters of the node's links but the kernel's own, and the ifbs, a line each, without random numbers.
    /// </summary>
    public static string Traffic(this CniNode node, CniPod pod)
    {
        var lines = new List<string>();
        lines.AddRange(
            node.Json("tc -j qdisc show")
                .EnumerateArray()
                .Where(static qdisc => qdisc.GetProperty("kind").GetString() != "noqueue")
                .Select(static qdisc => qdisc.GetRawText())
                .Order(StringComparer.Ordinal)
        );
        lines.AddRange(
            node.Json($"tc -j filter show dev {pod.HostEnd()} ingress").EnumerateArray().Select(static each => each.GetRawText())
        );
        foreach (
            var link in node.Json("ip -j -d link show type ifb").EnumerateArray().Where(static link => link.TryGetProperty("ifname", out _))
        )
            lines.Add(string.Join(' ', link.EnumerateObject().Where(IsCompared).Select(static member => member.ToString())));
        return string.Join('\n', lines);
    }

    // The alias is ours alone.
    private static bool IsCompared(JsonProperty member) => member.Name is not ("ifindex" or "ifalias" or "address");

    /// <summary>The node as before any limit, but for what a test lists.</summary>
    public static void AssertUnlimited(this CniNode node, CniPod pod) => Assert.Equal("", node.Traffic(pod));
}
