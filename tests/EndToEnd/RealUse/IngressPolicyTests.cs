using Plugboard.Testing;
using Plugboard.Tests.EndToEnd.Harness;

namespace Plugboard.Tests.EndToEnd.RealUse;

/// <summary>firewall's ingressPolicy: which pods reach those of a bridge.</summary>
public sealed class IngressPolicyTests
{
    private const string SameBridge = """{"backend":"iptables","ingressPolicy":"same-bridge"}""";
    private const string Isolated = """{"backend":"iptables","ingressPolicy":"isolated"}""";
    private const string Open = """{"backend":"iptables","ingressPolicy":"open"}""";
    private const string Unset = """{"backend":"iptables"}""";

    // Bridged packets meet the forward chain only so; what is routed does always.
    private static bool CanFilterBridged(FirewallNode node) =>
        node.Node.TryTool(["sh", "-c", "echo 1 > /proc/sys/net/bridge/bridge-nf-call-iptables"]).ExitCode == 0;

    [KernelTheory]
    [InlineData("ours")]
    [InlineData("reference")]
    public void Same_bridge_keeps_pods_of_other_bridges_away_and_lets_those_of_the_bridge_through(string whose)
    {
        using var node = new FirewallNode();
        var plugins = whose == "ours" ? PluginDirectory.Ours : PluginDirectory.Reference;
        var one = node.Attach();
        var (beside, other) = (node.Attach(one), node.Attach());
        Assert.True(FirewallNode.Reaches(one, other));
        foreach (var pod in (CniPod[])[one, beside, other])
            node.Call("ADD", pod, SameBridge, plugins).Succeeded();
        node.Call("CHECK", one, SameBridge).Succeeded();
        Assert.True(FirewallNode.Reaches(one, beside));
        Assert.False(FirewallNode.Reaches(one, other));
        Assert.False(FirewallNode.Reaches(other, one));
        foreach (var pod in (CniPod[])[one, beside, other])
            node.Call("DEL", pod, SameBridge).Succeeded();
        if (whose == "ours")
            Assert.True(FirewallNode.Reaches(one, other));
    }

    [KernelFact]
    public void Isolated_keeps_pods_of_the_bridge_from_each_other_too()
    {
        using var node = new FirewallNode();
        var one = node.Attach(isDualStack: true);
        var (beside, other) = (node.Attach(one, isDualStack: true), node.Attach(isDualStack: true));
        var filters = CanFilterBridged(node);
        foreach (var pod in (CniPod[])[one, beside, other])
            node.Call("ADD", pod, Isolated).Succeeded();
        Assert.False(FirewallNode.Reaches(one, other));
        Assert.False(FirewallNode.Reaches(one, other, is6: true));
        if (filters)
            Assert.False(FirewallNode.Reaches(one, beside));
        node.Call("CHECK", one, Isolated).Succeeded();
    }

    [KernelFact]
    public void A_bridge_without_a_policy_is_reached_from_one_with_a_policy()
    {
        using var node = new FirewallNode();
        var (one, other) = (node.Attach(), node.Attach());
        node.Call("ADD", one, Isolated).Succeeded();
        node.Call("ADD", other, Unset).Succeeded();
        Assert.True(FirewallNode.Reaches(one, other));
        Assert.True(FirewallNode.Reaches(other, one));
    }

    [KernelTheory]
    [InlineData(Isolated, SameBridge, "bridges within_bridges")]
    [InlineData(SameBridge, Isolated, "bridges within_bridges isolated_bridges")]
    [InlineData(Isolated, Open, "")]
    [InlineData(SameBridge, Unset, "")]
    public void A_changed_policy_takes_the_place_of_the_earlier_one_for_all_pods_of_the_network(string first, string second, string sets)
    {
        using var node = new FirewallNode();
        var old = node.Attach();
        var (next, last) = (node.Attach(old), node.Attach(old));
        node.Call("ADD", old, first).Succeeded();
        node.Call("ADD", last, first).Succeeded();
        node.Call("ADD", next, second).Succeeded();
        Assert.Equal(sets, SetsOf(node));
        node.Call("CHECK", old, second).Succeeded();
        node.Call("DEL", next, second).Succeeded();
        Assert.Equal(sets, SetsOf(node));
        node.Call("DEL", old, second).Succeeded();
        node.Call("DEL", last, second).Succeeded();
        Assert.Equal("", SetsOf(node));
    }

    [KernelFact]
    public void Of_two_networks_on_one_bridge_the_stricter_policy_holds_until_its_last_pod_is_gone()
    {
        using var node = new FirewallNode();
        var one = node.Attach();
        var other = node.Attach(one);
        node.Call("ADD", one, Isolated).Succeeded();
        node.Call("ADD", other, """{"backend":"iptables","ingressPolicy":"same-bridge","args":{}}""").Succeeded();
        // The network's name is what tells them apart.
        var config = FirewallNode.Config(other, SameBridge);
        config["name"] = "second";
        config["prevResult"] = other.Result!.DeepClone();
        node.Call("DEL", other, SameBridge).Succeeded();
        node.Call("ADD", one, Isolated).Succeeded();
        node.Node.CallRaw("ADD", other, "firewall", config.ToJsonString(), []).Succeeded();
        Assert.Equal("bridges within_bridges isolated_bridges", SetsOf(node));
        node.Call("DEL", one, Isolated).Succeeded();
        Assert.Equal("bridges within_bridges", SetsOf(node));
        node.Node.CallRaw("DEL", other, "firewall", config.ToJsonString(), []).Succeeded();
        Assert.Equal("", SetsOf(node));
    }

    [KernelFact]
    public void The_reference_s_rules_of_another_policy_go_when_a_config_states_one()
    {
        using var node = new FirewallNode();
        var pod = node.Attach();
        node.Call("ADD", pod, SameBridge, PluginDirectory.Reference).Succeeded();
        // As newer versions of the reference have it; 1.1.1 does not know this policy.
        foreach (var line in ReferenceIsolation())
            node.Node.TryTool(["sh", "-c", $"iptables {line}"]);
        node.Call("ADD", pod, Unset).Succeeded();
        Assert.Contains("-i br1 -o br1", node.Rules(), StringComparison.Ordinal);
        node.Call("ADD", pod, SameBridge).Succeeded();
        var rules = node.Rules();
        Assert.DoesNotContain("isolated", rules, StringComparison.Ordinal);
        Assert.Contains("-A CNI-ISOLATION-STAGE-2 -o br1", rules, StringComparison.Ordinal);
        node.Call("ADD", pod, Open).Succeeded();
        Assert.DoesNotContain("ISOLATION", node.Rules(), StringComparison.Ordinal);
    }

    private static string[] ReferenceIsolation()
    {
        const string Comment = "-m comment --comment 'CNI firewall plugin rules (ingressPolicy: isolated)'";
        return
        [
            $"-I FORWARD -j CNI-ISOLATION-STAGE-1 {Comment}",
            $"-I CNI-ISOLATION-STAGE-1 -i br1 ! -o br1 -j CNI-ISOLATION-STAGE-2 {Comment}",
            $"-I CNI-ISOLATION-STAGE-1 -i br1 -o br1 -j DROP {Comment}",
            $"-A CNI-ISOLATION-STAGE-1 -j RETURN {Comment}",
            $"-I CNI-ISOLATION-STAGE-2 -o br1 -j DROP {Comment}",
            $"-A CNI-ISOLATION-STAGE-2 -j RETURN {Comment}",
        ];
    }

    [KernelFact]
    public void A_policy_without_a_bridge_is_refused()
    {
        using var node = new FirewallNode();
        var pod = node.Attach();
        pod.Result!["interfaces"]![0]!["sandbox"] = pod.Path;
        var refused = node.Call("ADD", pod, Isolated);
        Assert.Equal(7, refused.Code);
        Assert.StartsWith("interface needs to be set for ingress policy \"isolated\"", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("CNI-", node.Rules(), StringComparison.Ordinal);
    }

    [KernelTheory]
    [InlineData("nft delete table inet plugboard_firewall", "table inet plugboard_firewall")]
    [InlineData("nft flush chain inet plugboard_firewall forward", "inet plugboard_firewall forward")]
    [InlineData("nft flush set inet plugboard_firewall bridges", "inet plugboard_firewall bridges lacks \"br1\"")]
    public void CHECK_says_what_a_policy_lacks_and_the_next_ADD_repairs_it(string damage, string difference)
    {
        using var node = new FirewallNode();
        var one = node.Attach();
        var (beside, other) = (node.Attach(one), node.Attach());
        node.Call("ADD", one, SameBridge).Succeeded();
        node.Call("ADD", other, SameBridge).Succeeded();
        node.Node.Tool(damage);
        var output = node.Call("CHECK", one, SameBridge);
        Assert.Equal(100, output.Code);
        Assert.Contains(difference, output.Message, StringComparison.Ordinal);
        node.Call("ADD", beside, SameBridge).Succeeded();
        node.Call("CHECK", one, SameBridge).Succeeded();
    }

    [KernelFact]
    public void Pods_that_come_and_go_at_once_leave_a_bridge_its_policy_as_long_as_one_has_it()
    {
        using var node = new FirewallNode();
        var kept = node.Attach();
        var pods = Enumerable.Range(0, 12).Select(_ => node.Attach(kept)).ToList();
        CallsBeside.AtOnce(pods, pod => Beside("ADD", pod));
        for (var round = 0; round < 3; round++)
        {
            CallsBeside.AtOnce(pods, pod => Beside(pods.IndexOf(pod) % 2 == round % 2 ? "DEL" : "ADD", pod));
            Assert.Equal("bridges within_bridges", SetsOf(node));
        }

        CallsBeside.AtOnce(pods, pod => Beside("DEL", pod));
        Assert.Equal("", SetsOf(node));
        Assert.DoesNotContain("-j ACCEPT", node.Rules(), StringComparison.Ordinal);

        void Beside(string verb, CniPod pod)
        {
            var config = FirewallNode.Config(pod, SameBridge);
            config["prevResult"] = pod.Result!.DeepClone();
            node.Node.RunBeside(verb, pod, "firewall", config.ToJsonString(), []).Succeeded();
        }
    }

    private static string SetsOf(FirewallNode node)
    {
        var sets = new List<string>();
        foreach (var set in (string[])["bridges", "within_bridges", "isolated_bridges"])
        {
            if (
                node
                    .Node.TryTool(["nft", "list", "set", "inet", "plugboard_firewall", set])
                    .Output.Contains("br1", StringComparison.Ordinal)
            )
                sets.Add(set);
        }

        return string.Join(' ', sets);
    }
}
