using Plugboard.Firewall;
using Plugboard.Firewall.HostPorts;
using Plugboard.Testing;

namespace Plugboard.Tests.Kernel.Firewall.Pods;

/// <summary>
/// Records that do not say all that a pod has, as after a way back from a later build: a DEL takes the pod's elements by their tag.
/// </summary>
public sealed class IncompleteRecordTests
{
    private static readonly PodHostPorts Ports = FirewallNode.Forward("a", "net", 1, "8080/tcp", "53/udp");

    [KernelTheory]
    [InlineData("^port.*$", "")]
    [InlineData("^port 53/udp.*$", "port 53/udp/quic 80")]
    [InlineData("^address.*$", "address somewhere")]
    [InlineData("^(address|port|snat|masq-all|localhost).*$", "")]
    [InlineData("^(backend|address|port|snat|masq-all|localhost).*$", "")]
    [InlineData("^backend.*$", "backend ebpf")]
    [InlineData("$", "\\r")]
    public void A_pods_ports_go_whatever_its_record_lacks(string pattern, string replacement)
    {
        using var node = new FirewallNode();
        node.Publish(Ports);
        Edit(node, "portmap", pattern, replacement);

        node.Withdraw(Ports);

        Assert.Empty(node.Ports());
        Assert.Empty(node.Ports(is6: true));
        Assert.Empty(node.Files("portmap"));
    }

    [KernelTheory]
    [InlineData("^masquerade.*$", "masquerade somewhere")]
    [InlineData("^mac.*$", "mac none")]
    [InlineData("^(masquerade|mac).*$", "")]
    public void So_does_its_masquerading(string pattern, string replacement)
    {
        using var node = new FirewallNode();
        var traffic = FirewallNode.Traffic("a", "net", 1, "v1");
        node.AddLink("v1");
        node.WithTraffic(rules => rules.Apply(traffic, FirewallBackend.Nftables));
        Edit(node, "bridge", pattern, replacement);

        node.WithTraffic(rules =>
        {
            rules.Withdraw(traffic.Owner, null);
            return 0;
        });

        node.Tool("sleep 0.02");
        Assert.DoesNotContain("net/a/eth0", node.Tool("nft list ruleset"), StringComparison.Ordinal);
        Assert.Empty(node.Files("bridge"));
    }

    private static void Edit(FirewallNode node, string directory, string pattern, string replacement)
    {
        var record = $"/run/plugboard/{directory}/{Assert.Single(node.Files(directory))}";
        var before = node.Tool($"cat {record}");
        var (exitCode, _, error) = node.TryTool(["sed", "-E", "-i", $"s#{pattern}#{replacement}#; /^$/d", record]);
        Assert.True(exitCode == 0, error);
        Assert.NotEqual(before, node.Tool($"cat {record}"));
    }
}
