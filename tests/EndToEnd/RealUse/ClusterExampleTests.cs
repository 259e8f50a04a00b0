using Plugboard.Testing;
using Plugboard.Tests.EndToEnd.Harness;

namespace Plugboard.Tests.EndToEnd.RealUse;

/// <summary>
/// The example cluster: three nodes with the published coordinator, pods by the published bridge, broken and healed, killed while a TCP
/// stream runs.
/// </summary>
public sealed class ClusterExampleTests
{
    [KernelTheory]
    [InlineData("vxlan")]
    [InlineData("host-gw")]
    public void The_example_cluster_works_heals_and_leaves_nothing(string backend)
    {
        using var node = new CniNode();

        var (exitCode, output, error) = node.TryTool([
            Path.Combine(PluginDirectory.Root, "examples", "cluster.sh"),
            PluginDirectory.Ours,
            backend,
        ]);

        Assert.True(exitCode == 0, output + error);
        foreach (
            var said in (string[])
                [
                    "pod-n1 -> pod-n3: reached",
                    "pod-n1 -> internet: reached",
                    "n2 -> port 8080 of n1: reached",
                    "and the internet again after",
                    "and n2 the port that pod-n1 publishes",
                    "coordinators were killed",
                    "all is as it should be",
                    "It works.",
                ]
        )
            Assert.Contains(said, output, StringComparison.Ordinal);
        Assert.DoesNotContain(
            "0 coordinators were killed",
            output.Split('\n').Where(line => line.StartsWith("0 ", StringComparison.Ordinal))
        );
        Assert.Equal("", node.Tool("ip -brief link show type veth"));
    }

    [KernelFact]
    public void A_policy_in_the_example_cluster_cuts_a_pod_off_and_its_deletion_heals()
    {
        using var node = new CniNode();

        var (exitCode, output, error) = node.TryTool([
            Path.Combine(PluginDirectory.Root, "examples", "cluster.sh"),
            PluginDirectory.Ours,
            "--policy",
        ]);

        Assert.True(exitCode == 0, output + error);
        foreach (
            var said in (string[])
                [
                    "got its last answer at most",
                    "pod-n3 -> pod-n2 port 5432: nothing",
                    "shop/pod-n2 is isolated by policy shop/db-only-for-web",
                    "its open connection goes on",
                    "It works.",
                ]
        )
            Assert.Contains(said, output, StringComparison.Ordinal);
    }
}
