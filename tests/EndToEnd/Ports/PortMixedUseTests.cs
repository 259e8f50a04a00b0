using Plugboard.Testing;
using Plugboard.Tests.EndToEnd.Harness;

namespace Plugboard.Tests.EndToEnd.Ports;

/// <summary>
/// Ports and masquerading on a node that changes hands: between ours and the reference, and between the kinds of iptables.
/// </summary>
public sealed class PortMixedUseTests
{
    public static TheoryData<string, bool> Versions =>
        new()
        {
            { "0.4.0", false },
            { "1.0.0", false },
            { "0.4.0", true },
            { "1.0.0", true },
        };

    [KernelTheory]
    [MemberData(nameof(Versions))]
    public void What_the_reference_gave_a_pod_our_DEL_takes_away(string version, bool isLegacy)
    {
        using var node = new MixedNode(version, isLegacy);
        node.Use(ours: false);
        var pod = node.Add(8080);
        node.AssertWorks(pod, 8080);
        Assert.NotEmpty(node.PodChains());

        node.Use(ours: true);
        node.Chain.Check(pod, PortNode.Ports(MixedNode.PortsOf(8080))).Succeeded();
        node.Delete(pod, 8080);

        Assert.Empty(node.PodChains());
        node.AssertClosed(8080);
        node.Ports.AssertNoPodLeft();
    }

    // The reference writes nothing where no port has an address to lead to.
    [KernelTheory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_pod_without_addresses_has_no_rules_and_our_CHECK_wants_none(bool isOurs)
    {
        using var node = new MixedNode();
        foreach (var key in (ReadOnlySpan<string>)["ipam", "ipMasq", "isGateway"])
            node.Ports.Bridge.Remove(key);
        node.Use(isOurs);
        var pod = node.Node.AddPod();
        node.Chain.Add(pod, PortNode.Ports(MixedNode.PortsOf(8080))).Succeeded();
        Assert.Empty(node.PodChains());

        node.Use(ours: true);
        node.Chain.Check(pod, PortNode.Ports(MixedNode.PortsOf(8080))).Succeeded();
        node.Delete(pod, 8080);
        node.Ports.AssertNoPodLeft();
    }

    [KernelTheory]
    [MemberData(nameof(Versions))]
    public void What_ours_wrote_with_iptables_the_references_DEL_takes_away(string version, bool isLegacy)
    {
        using var node = new MixedNode(version, isLegacy, "iptables");
        node.Use(ours: true);
        var pod = node.Add(8080);
        node.AssertWorks(pod, 8080);
        Assert.NotEmpty(node.PodChains());
        node.Chain.Check(pod, PortNode.Ports(MixedNode.PortsOf(8080))).Succeeded();

        // Its portmap's CHECK is not asked: in a pod of two families it looks for the one's rules in the other, and fails for its own.
        node.Use(ours: false);
        node.Node.CallBeside("CHECK", pod, node.Chain.Config(node.Ports.Bridge, null), node.Chain.Variables).Succeeded();
        node.Delete(pod, 8080);

        Assert.Empty(node.PodChains());
        node.AssertClosed(8080);
    }

    [KernelTheory]
    [MemberData(nameof(Versions))]
    public void What_the_reference_wrote_ours_with_iptables_takes_away(string version, bool isLegacy)
    {
        using var node = new MixedNode(version, isLegacy, "iptables");
        node.Use(ours: false);
        var pod = node.Add(8080);
        var neighbour = node.Add(8081);
        node.Use(ours: true);
        node.Delete(pod, 8080);

        node.AssertClosed(8080);
        node.AssertWorks(neighbour, 8081);
        node.Delete(neighbour, 8081);
        Assert.Empty(node.PodChains());
    }

    [KernelTheory]
    [InlineData(false)]
    [InlineData(true)]
    public void What_ours_wrote_with_iptables_ours_removes_whatever_the_config_says_by_then(bool isLegacy)
    {
        using var node = new MixedNode(isLegacy: isLegacy, backend: "iptables");
        var pod = node.Add(8080);
        node.Ports.Portmap.Remove("backend");
        node.Ports.Bridge.Remove("ipMasqBackend");
        node.Ports.Chain.Del(pod, PortNode.Ports(MixedNode.PortsOf(8080))).Succeeded();
        Assert.Empty(node.PodChains());
        node.AssertClosed(8080);
        node.Ports.AssertNoPodLeft();
    }

    [KernelTheory]
    [MemberData(nameof(Versions))]
    public void Pods_of_the_reference_go_on_while_ours_come_and_go_beside_them(string version, bool isLegacy)
    {
        using var node = new MixedNode(version, isLegacy);
        node.Use(ours: false);
        var theirs = node.Add(8080);
        var chains = node.PodChains();
        node.Use(ours: true);
        var ours = node.Add(8081);
        node.AssertWorks(theirs, 8080);
        node.AssertWorks(ours, 8081);
        node.Chain.Check(ours, PortNode.Ports(MixedNode.PortsOf(8081))).Succeeded();

        node.Delete(ours, 8081);

        Assert.Equal(chains, node.PodChains());
        node.AssertWorks(theirs, 8080);
        node.AssertClosed(8081);
        node.Ports.AssertNoPortLeft();
    }

    [KernelTheory]
    [MemberData(nameof(Versions))]
    public void A_node_that_changes_hands_and_back_forwards_at_each_step(string version, bool isLegacy)
    {
        using var node = new MixedNode(version, isLegacy);
        var pods = new Dictionary<int, CniPod>();
        var port = 8080;
        foreach (var ours in (ReadOnlySpan<bool>)[false, true, false, true])
        {
            node.Use(ours);
            pods[port] = node.Add(port);
            port++;
            foreach (var (at, pod) in pods)
                node.AssertWorks(pod, at);
        }

        // Each ends whom it began.
        foreach (var (ours, ending) in (ReadOnlySpan<(bool, int)>)[(false, 8080), (true, 8081), (true, 8082), (true, 8083)])
        {
            node.Use(ours);
            node.Delete(pods[ending], ending);
            pods.Remove(ending);
            node.AssertClosed(ending);
            foreach (var (at, pod) in pods)
                node.AssertWorks(pod, at);
        }

        Assert.Empty(node.PodChains());
        node.Ports.AssertNoPodLeft();
    }

    [KernelFact]
    public void A_pod_of_ours_that_the_reference_ended_leaves_its_port_to_the_next_of_ours()
    {
        using var node = new MixedNode();
        var pod = node.Add(8080);
        node.Use(ours: false);
        // It misses the rules that it would have made itself, after it took the pod's link and leases away; a runtime asks again.
        var first = node.Chain.Del(pod, PortNode.Ports(MixedNode.PortsOf(8080)));
        Assert.Equal(999, first.Code);
        node.Delete(pod, 8080);

        node.Use(ours: true);
        var heir = node.Add(8080);
        node.AssertWorks(heir, 8080);
        node.Delete(heir, 8080);
        node.Chain.Gc().Succeeded();
        node.Ports.AssertNoPodLeft();
    }

    [KernelFact]
    public void Where_the_kernel_has_no_netlink_of_netfilter_UDP_ports_too_come_and_go_by_iptables()
    {
        using var node = new MixedNode(isLegacy: true);
        var pod = node.Node.AddPod();
        node.Node.CallBeside("ADD", pod, node.Chain.Config(node.Ports.Bridge, null).With("""{"ipMasq":null}""")).Succeeded();
        var config = node.Chain.Config(node.Ports.Portmap, PortNode.Ports(MixedNode.PortsOf(8080)));
        config["prevResult"] = pod.Result!.DeepClone();
        node.Ports.Serve(pod);

        // ADD's first socket asks for the route to the pod.
        Run("ADD", "2+");
        Assert.Equal("192.0.2.2", node.Ports.Other.AskTcp("192.0.2.1:8080"));
        Assert.Equal("192.0.2.2", node.Ports.Other.AskUdp("192.0.2.1:8080"));
        Assert.NotEmpty(node.PodChains());
        // The second of DEL reads the tables of iptables-legacy.
        Run("DEL", "1+2");
        Assert.Empty(node.PodChains());
        node.AssertClosed(8080);
        Assert.Empty(node.Ports.Records());

        void Run(string verb, string refused) =>
            node
                .Node.RunBeside(
                    verb,
                    pod,
                    "portmap",
                    config.ToJsonString(),
                    [
                        "/usr/bin/strace",
                        "-qq",
                        "-o",
                        "/dev/null",
                        "-e",
                        "trace=socket",
                        "-e",
                        $"inject=socket:error=EPROTONOSUPPORT:when={refused}",
                    ],
                    node.Chain.Variables
                )
                .Succeeded();
    }
}
