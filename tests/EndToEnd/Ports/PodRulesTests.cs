using Plugboard.Testing;
using Plugboard.Tests.EndToEnd.Harness;

namespace Plugboard.Tests.EndToEnd.Ports;

/// <summary>bridge's ipMasq and macspoofchk.</summary>
public sealed class PodRulesTests
{
    [KernelFact]
    public void With_ipMasq_a_pod_is_seen_by_its_nodes_address_but_not_within_its_network()
    {
        using var node = new PortNode(bridge: static bridge => bridge["ipMasq"] = true);
        var pod = node.AddPod();
        var neighbour = node.AddPod();
        node.Serve(node.Other);
        Assert.Equal("192.0.2.1", pod.AskTcp("192.0.2.2:80"));
        Assert.Equal("192.0.2.1", pod.AskUdp("192.0.2.2:80"));
        Assert.Equal("fd00:9::1", pod.AskTcp("[fd00:9::2]:80"));
        Assert.Equal(pod.Address, pod.AskTcp($"{neighbour.Address}:80"));
        using var local = EchoServer.Tcp(node.Node, 81);
        Assert.Equal(pod.Address, pod.AskTcp("10.1.0.1:81"));
    }

    [KernelFact]
    public void Without_ipMasq_a_pod_is_seen_by_its_own_address()
    {
        using var node = new PortNode();
        var pod = node.AddPod();
        node.Other.Tool("ip route add 10.1.0.0/16 via 192.0.2.1");
        node.Serve(node.Other);
        Assert.Equal(pod.Address, pod.AskTcp("192.0.2.2:80"));
    }

    public static TheoryData<string> PoorDels => ["all", "no prevResult", "no netns", "no link", "no record", "no longer asked for"];

    [KernelTheory]
    [MemberData(nameof(PoorDels))]
    public void DEL_takes_a_pods_rules_away_however_little_is_left(string lacking)
    {
        using var node = new PortNode(bridge: static bridge =>
        {
            bridge["ipMasq"] = true;
            bridge["macspoofchk"] = true;
        });
        var pod = node.AddPod();
        var other = node.AddPod();
        Assert.Contains(pod.ContainerId + "/eth0", node.Ruleset(), StringComparison.Ordinal);
        if (lacking == "no link")
            pod.Tool("ip link del eth0");
        if (lacking == "no prevResult")
            pod.Result = null;
        if (lacking == "no record")
            node.Node.Tool("rm -r /run/plugboard/bridge");
        var config = node.Chain.Config(node.Bridge, null);
        if (lacking == "no longer asked for")
            (config["ipMasq"], config["macspoofchk"]) = (false, false);

        node.Node.CallBeside("DEL", pod, config, lacking == "no netns" ? ["CNI_NETNS="] : []).Succeeded();

        node.Node.Tool("sleep 0.02");
        Assert.DoesNotContain(pod.ContainerId + "/eth0", node.Ruleset(), StringComparison.Ordinal);
        Assert.Contains(other.ContainerId + "/eth0", node.Ruleset(), StringComparison.Ordinal);
        node.Serve(node.Other);
        Assert.Equal("192.0.2.1", other.AskTcp("192.0.2.2:80"));
    }

    [KernelFact]
    public void With_macspoofchk_a_pod_sends_with_its_own_hardware_address_only()
    {
        using var node = new PortNode(bridge: static bridge => bridge["macspoofchk"] = true);
        var pod = node.AddPod();
        var other = node.AddPod();
        pod.Tool($"ping -c 1 -W 1 {other.Address}");
        pod.Tool("ip link set eth0 address 02:00:00:00:00:99");
        Assert.NotEqual(0, pod.TryTool(["ping", "-c", "1", "-W", "1", other.Address]).ExitCode);
        other.Tool("ping -c 1 -W 1 10.1.0.1");
    }

    [KernelFact]
    public void CHECK_finds_rules_that_are_gone()
    {
        using var node = new PortNode(bridge: static bridge =>
        {
            bridge["ipMasq"] = true;
            bridge["macspoofchk"] = true;
        });
        foreach (
            var damage in (ReadOnlySpan<string>)
                [
                    "flush set inet plugboard_masquerade pods4",
                    "flush chain inet plugboard_masquerade leaving",
                    "flush set bridge plugboard_macspoof addresses",
                    "flush ruleset",
                ]
        )
        {
            var pod = node.AddPod();
            node.Chain.Check(pod).Succeeded();
            node.Node.Tool("nft " + damage);
            Assert.Equal(100, node.Chain.Check(pod).Code);
            node.Chain.Del(pod).Succeeded();
        }
    }

    [KernelFact]
    public void GC_takes_the_rules_of_what_is_not_valid()
    {
        using var node = new PortNode(bridge: static bridge => bridge["ipMasq"] = true);
        var valid = node.AddPod();
        var stale = node.AddPod();
        node.Chain.Gc(valid).Succeeded();
        node.Node.Tool("sleep 0.02");
        Assert.Contains(valid.ContainerId + "/eth0", node.Ruleset(), StringComparison.Ordinal);
        Assert.DoesNotContain(stale.ContainerId + "/eth0", node.Ruleset(), StringComparison.Ordinal);
    }
}
