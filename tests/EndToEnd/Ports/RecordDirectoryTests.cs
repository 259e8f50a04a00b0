using Plugboard.Testing;
using Plugboard.Tests.EndToEnd.Harness;

namespace Plugboard.Tests.EndToEnd.Ports;

/// <summary>Where records cannot be kept nothing is made, and what was made can still be taken away.</summary>
public sealed class RecordDirectoryTests
{
    private static PortNode Node() => new(bridge: static bridge => bridge["ipMasq"] = true);

    [KernelTheory]
    [InlineData("size=4k,nr_inodes=1", "no space left")]
    [InlineData("ro", "read-only")]
    public void An_ADD_that_cannot_keep_a_record_says_where_and_leaves_nothing(string options, string reason)
    {
        using var node = Node();
        node.Node.Tool("mkdir -p /run/plugboard");
        node.Node.Tool($"mount -t tmpfs -o {options} records /run/plugboard");
        var pod = node.Node.AddPod();

        var refused = node.Chain.Add(pod, PortNode.Ports("8080:80"));

        Assert.Equal(5, refused.Code);
        Assert.Contains("/run/plugboard", refused.Message, StringComparison.Ordinal);
        Assert.Contains(reason, refused.Message, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("elements", node.Ruleset(), StringComparison.Ordinal);
        Assert.Empty(node.Node.Leases());
        Assert.False(pod.HasLink("eth0"));
        node.Chain.Del(pod, PortNode.Ports("8080:80")).Succeeded();
    }

    [KernelFact]
    public void A_pod_whose_records_are_on_a_filesystem_that_fills_up_is_taken_away()
    {
        using var node = Node();
        node.Node.Tool("mkdir -p /run/plugboard");
        node.Node.Tool("mount -t tmpfs -o size=64k records /run/plugboard");
        var pod = node.AddPod("8080:80");
        node.Node.TryTool(["sh", "-c", "head -c 1000000 /dev/zero > /run/plugboard/full"]);
        Assert.Equal(5, node.Chain.Add(node.Node.AddPod(), PortNode.Ports("8081:80")).Code);
        node.Chain.Check(pod, PortNode.Ports("8080:80")).Succeeded();
        node.Chain.Del(pod, PortNode.Ports("8080:80")).Succeeded();
        node.AssertNoPodLeft();
    }

    [KernelFact]
    public void CHECK_of_a_pod_without_record_and_rules_says_so()
    {
        using var node = Node();
        var pod = node.AddPod();
        node.Node.Tool("rm -r /run/plugboard");
        node.Node.Tool("nft flush ruleset");
        var failed = node.Chain.Check(pod);
        Assert.Equal(100, failed.Code);
        Assert.Contains("neither a record nor a chain", failed.Message, StringComparison.Ordinal);
    }
}
