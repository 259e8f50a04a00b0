using Plugboard.Testing;
using Plugboard.Tests.EndToEnd.Harness;

namespace Plugboard.Tests.EndToEnd.Policy;

/// <summary>explain names the pods that plugins reported; and without a source it calls no address one of another network.</summary>
public sealed class ExplainTests
{
    private const string Alone = "--node-name n1 --source none";

    [KernelFact]
    public void A_pod_that_only_its_plugin_reported_is_named_and_judged()
    {
        using var node = new PolicyCoordinator(2, "");
        node.Start();
        var (locked, free, sink) = (node.Node.AddPod("p0"), node.Node.AddPod("p1"), node.Node.AddPod("sink"));
        node.Add(locked, "x", "p0").Succeeded();
        node.Add(free, "x", "p1").Succeeded();
        node.Add(sink, "z", "sink").Succeeded();
        var policy = $"{Alone} --network-policy files --policy-dir {node.Node.Directory}";

        foreach (var ends in new[] { "x/p0 z/sink", $"{locked.Address} {sink.Address}" })
        {
            var (exitCode, refused) = Run(node, $"explain {ends} {policy}");
            Assert.Equal(1, exitCode);
            Assert.Contains($"{locked.Address}: pod x/p0 of this node", refused, StringComparison.Ordinal);
            Assert.Contains($"{sink.Address}: pod z/sink of this node", refused, StringComparison.Ordinal);
            Assert.Contains("refused on node n1: x/p0 is isolated by policy x/locked", refused, StringComparison.Ordinal);
        }

        var (code, allowed) = Run(node, $"explain x/p1 z/sink {policy}");
        Assert.Equal(0, code);
        Assert.Contains("no policy isolates x/p1 for egress: allowed", allowed, StringComparison.Ordinal);
        Assert.Contains($"x/p0    {locked.Address}", Run(node, $"policies {policy}").Output, StringComparison.Ordinal);
    }

    [KernelFact]
    public void Without_a_source_of_nodes_no_address_is_said_to_be_outside_the_cluster()
    {
        using var node = new PolicyCoordinator(1, "");
        var pod = node.Node.AddPod("p0");
        node.Add(pod, "x", "p0").Succeeded();

        var (_, text) = Run(node, $"explain {pod.Address} 192.0.2.77 {Alone}");

        Assert.Contains($"{pod.Address}: on this node's link cni0 (10.1.0.0/16)", text, StringComparison.Ordinal);
        Assert.Contains("192.0.2.77: on this node's link eth1 (192.0.2.0/24)", text, StringComparison.Ordinal);
        Assert.Contains(
            "198.51.100.1: elsewhere: with --source none no nodes are known",
            Run(node, $"explain {pod.Address} 198.51.100.1 {Alone}").Output,
            StringComparison.Ordinal
        );
    }

    private static (int ExitCode, string Output) Run(PolicyCoordinator node, string arguments)
    {
        string[] command = [Path.Combine(PluginDirectory.Ours, "coordinator"), .. arguments.Split(' ')];
        var (exitCode, output, error) = node.Node.TryTool(command);
        return (exitCode, output + error);
    }
}
