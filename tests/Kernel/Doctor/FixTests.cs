using Plugboard.Doctor;
using Plugboard.Linux;
using Plugboard.Testing;

namespace Plugboard.Tests.Kernel.Doctor;

// One after the other: all nodes have the same addresses, and the doctor looks into every namespace of the machine.
[Collection("doctor")]
public sealed class FixTests
{
    private static (IReadOnlyList<FixOutcome> Outcomes, List<string> Said) Fix(DoctoredNode node) =>
        node.Run(() =>
        {
            var said = new List<string>();
            var doctor = new NodeDoctor(node.Options, TimeProvider.System);
            return (new DoctorFixes(doctor, said.Add).Apply(doctor.Examine()), said);
        });

    private static void AssertHelps(DoctoredNode node, string intention)
    {
        var (outcomes, said) = Fix(node);
        Assert.Equal(FixState.Helped, Assert.Single(outcomes).State);
        Assert.StartsWith($"will {intention}", Assert.Single(said), StringComparison.Ordinal);
        Assert.Equal("", node.Ids());
    }

    [KernelFact]
    public void Forwarding_is_switched_on()
    {
        using var node = new DoctoredNode();
        node.Run(static () => Sysctl.Write("net/ipv4/ip_forward", "0"));
        AssertHelps(node, "set net.ipv4.ip_forward to 1");
        Assert.Equal("1", node.Run(static () => Sysctl.Find("net/ipv4/ip_forward")));
    }

    [KernelFact]
    public void Forwarding_of_IPv6_is_switched_on_without_the_node_losing_its_routes()
    {
        using var node = new DoctoredNode();
        node.Tool("ip -6 addr add fd00:201::1/64 dev cni0 nodad");
        using var router = new AdvertisingRouter(node, "eth9");
        router.AdvertiseUntilKnown();
        AssertHelps(node, "set net.ipv6.conf.all.forwarding to 1");
        Assert.True(router.IsKnown, "the node has lost its default route");
    }

    [KernelFact]
    public void A_lease_without_a_container_whose_address_is_unused_is_released()
    {
        using var node = new DoctoredNode();
        node.AddLease("10.201.1.77", "gone");
        AssertHelps(node, "release 10.201.1.77 of network pods (lease of container gone, interface eth0)");
        Assert.False(File.Exists(node.Under("/var/lib/cni/networks/pods/10.201.1.77")));
        Assert.True(File.Exists(node.Under("/var/lib/cni/networks/pods/10.201.1.2")));
    }

    [KernelFact]
    public void A_lease_whose_address_is_in_use_is_left_to_a_person()
    {
        using var node = new DoctoredNode();
        node.AddNamespace("left", "veth2", "10.201.1.9", "cni:pods/gone/eth0");
        node.AddLease("10.201.1.9", "gone");
        var (outcomes, said) = Fix(node);
        Assert.Empty(outcomes);
        Assert.Empty(said);
        Assert.Equal($"{FindingIds.LeaseWithoutContainer} {FindingIds.VethOrphaned}", node.Ids());
    }

    [KernelFact]
    public void A_temporary_file_is_removed()
    {
        using var node = new DoctoredNode();
        node.Write("/etc/cni/net.d/.10-pods_conflist.new", "{");
        AssertHelps(node, "remove /etc/cni/net.d/.10-pods_conflist.new");
        Assert.Equal("10-pods.conflist", Path.GetFileName(Assert.Single(Directory.GetFiles(node.Under("/etc/cni/net.d")))));
    }

    [KernelFact]
    public void The_host_ports_of_a_pod_that_is_gone_are_withdrawn()
    {
        using var node = new DoctoredNode();
        node.Publish("gone", "veth-gone", "10.201.1.77", "8081/tcp");
        AssertHelps(node, "withdraw the host ports of pods/gone/eth0");
        Assert.DoesNotContain("8081", node.Tool("nft list table inet plugboard_portmap"), StringComparison.Ordinal);
        Assert.Contains("8080", node.Tool("nft list table inet plugboard_portmap"), StringComparison.Ordinal);
    }

    [KernelFact]
    public void A_link_of_an_attachment_that_was_killed_is_deleted()
    {
        using var node = new DoctoredNode();
        node.Shell(
            """
            ip link add veth2 mtu 1450 type veth peer name half mtu 1450
            ip link set veth2 master cni0
            ip link set veth2 alias cni:pods/gone/eth0
            """
        );
        AssertHelps(node, "delete link veth2 and its other end half");
        Assert.NotEqual(0, node.TryTool(["ip", "link", "show", "half"]).ExitCode);
    }

    [KernelFact]
    public void The_verb_tells_first_then_does_and_ends_well()
    {
        using var node = new DoctoredNode();
        node.AddLease("10.201.1.77", "gone");
        var printed = "";
        var order = new List<string>();
        var run = new DoctorRun(node.Options with { Fix = true, IsJson = true }, TimeProvider.System);
        var code = node.Run(() =>
            run.Run(
                text => printed = text,
                sentence => order.Add($"{sentence} {File.Exists(node.Under("/var/lib/cni/networks/pods/10.201.1.77"))}")
            )
        );
        Assert.Equal(0, code);
        Assert.EndsWith("[lease-without-container] True", Assert.Single(order), StringComparison.Ordinal);
        Assert.Contains("\"state\": \"done\"", printed, StringComparison.Ordinal);
        Assert.Contains("\"healthy\": true", printed, StringComparison.Ordinal);
    }
}
