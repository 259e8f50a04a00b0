using System.Text.Json.Nodes;
using Plugboard.Testing;
using Plugboard.Tests.EndToEnd.Harness;

namespace Plugboard.Tests.EndToEnd.Ports;

/// <summary>Many pods at once: each gets what it is owed, and the node's part is made once.</summary>
public sealed class PortConcurrencyTests
{
    private static IReadOnlyList<JsonObject> Listed(PortNode node, string kind) =>
        [.. JsonNode.Parse(node.Node.Tool("nft -j list ruleset"))!["nftables"]!.AsArray().Select(item => item![kind]).OfType<JsonObject>()];

    private static IReadOnlyList<string> Elements(PortNode node, string map) =>
        [
            .. Listed(node, "map")
                .Concat(Listed(node, "set"))
                .Where(each => (string)each["name"]! == map)
                .SelectMany(static each => each["elem"]?.AsArray() ?? [])
                .Select(static each => each!.ToJsonString()),
        ];

    private static IReadOnlyList<string> Rules(PortNode node) =>
        [
            .. Listed(node, "rule")
                .Select(static rule => $"{rule["table"]} {rule["chain"]} {rule["comment"]} {rule["expr"]?.ToJsonString()}"),
        ];

    [KernelFact]
    public void A_hundred_pods_publish_at_once_on_a_fresh_node_and_leave_at_once()
    {
        using var node = new PortNode(bridge: static bridge => bridge["ipMasq"] = true);
        var pods = Enumerable.Range(0, 100).Select(number => (Pod: node.Node.AddPod(), Ports: new[] { $"{10000 + number}:80" })).ToArray();

        CallsBeside.AtOnce(pods, each => node.Chain.Add(each.Pod, PortNode.Ports(each.Ports)).Succeeded());

        Assert.Equal(100, Elements(node, "ports4").Distinct(StringComparer.Ordinal).Count());
        Assert.Equal(100, Elements(node, "ports6").Count);
        Assert.Equal(100, Elements(node, "pods4").Count);
        Assert.Equal(100, node.Records().Count);
        var rules = Rules(node);
        Assert.Equal(rules.Distinct(StringComparer.Ordinal), rules);
        CallsBeside.AtOnce(pods, each => node.Chain.Check(each.Pod, PortNode.Ports(each.Ports)).Succeeded());
        node.Serve(pods[99].Pod);
        Assert.Equal("192.0.2.2", node.Other.AskTcp("192.0.2.1:10099"));

        CallsBeside.AtOnce(pods, each => node.Chain.Del(each.Pod, PortNode.Ports(each.Ports)).Succeeded());

        node.AssertNoPodLeft();
        Assert.Equal("", node.Node.Tool("find /run/plugboard -type f ! -path */locks/*"));
        Assert.Equal(rules, Rules(node));
    }

    [KernelFact]
    public void Of_thirty_pods_that_want_one_port_at_once_one_gets_it_and_the_others_nothing()
    {
        using var node = new PortNode();
        var bridges = new CniChain(node.Node, "test", node.Bridge);
        var pods = Enumerable.Range(0, 30).Select(_ => node.Node.AddPod()).ToArray();
        CallsBeside.AtOnce(pods, pod => bridges.Add(pod).Succeeded());
        for (var round = 0; round < 3; round++)
        {
            var winners = new List<CniPod>();
            CallsBeside.AtOnce(
                pods,
                pod =>
                {
                    var config = node.Chain.Config(node.Portmap, PortNode.Ports("8080:80", "8080:80/udp"));
                    config["prevResult"] = pod.Result!.DeepClone();
                    var output = node.Node.RunBeside("ADD", pod, "portmap", config.ToJsonString(), []);
                    if (output.ExitCode == 0)
                    {
                        lock (winners)
                            winners.Add(pod);
                    }
                    else
                    {
                        Assert.Equal(102, output.Code);
                    }
                }
            );

            var winner = Assert.Single(winners);
            var elements = Elements(node, "ports4")
                .Concat(Elements(node, "ports6"))
                .Concat(Elements(node, "masquerade4"))
                .Concat(Elements(node, "masquerade6"))
                .ToArray();
            Assert.Equal(2, Elements(node, "ports4").Count);
            Assert.Equal(2, Elements(node, "ports6").Count);
            Assert.All(elements, each => Assert.Contains($"test/{winner.ContainerId}/eth0", each, StringComparison.Ordinal));
            Assert.Single(node.Records());
            node.Chain.Check(winner, PortNode.Ports("8080:80", "8080:80/udp")).Succeeded();
            node.Node.CallBeside("DEL", winner, node.Chain.Config(node.Portmap, PortNode.Ports("8080:80", "8080:80/udp"))).Succeeded();
            node.AssertNoPortLeft();
        }
    }
}
