using Plugboard.Testing;
using Plugboard.Tests.EndToEnd.Harness;

namespace Plugboard.Tests.EndToEnd.RealUse;

/// <summary>firewall beside the reference's: the forward chain accepts pods, by iptables.</summary>
public sealed class FirewallTests
{
    private const string Iptables = """{"backend":"iptables"}""";

    [KernelTheory]
    [InlineData(Iptables, false, "nft")]
    [InlineData(Iptables, true, "nft")]
    [InlineData(Iptables, true, "legacy")]
    [InlineData("""{"backend":"iptables","iptablesAdminChainName":"MY-RULES"}""", false, "nft")]
    [InlineData("""{"cniVersion":"0.4.0","backend":"iptables","ingressPolicy":"open"}""", true, "nft")]
    [InlineData("""{}""", false, "nft")]
    public void The_result_and_the_rules_are_the_reference_s(string keys, bool isDualStack, string variant)
    {
        var (theirs, ours) = (Play(PluginDirectory.Reference), Play(PluginDirectory.Ours));
        Assert.Equal(theirs.Rules, ours.Rules);
        Assert.Equal(theirs.Result, ours.Result);
        Assert.Contains("-A CNI-FORWARD -s 10.1.0.2/32 -j ACCEPT", ours.Rules, StringComparison.Ordinal);

        (string Result, string Rules) Play(string plugins)
        {
            using var node = new FirewallNode();
            node.UseVariant(variant);
            var pod = node.Attach(isDualStack: isDualStack);
            var result = node.Call("ADD", pod, keys, plugins).Succeeded().Json;
            node.Call("CHECK", pod, keys, plugins).Succeeded();
            // 1.1.1 prints an empty dns.
            result.AsObject().Remove("dns");
            foreach (var each in result["interfaces"]!.AsArray())
            {
                foreach (var key in (string[])["mac", "sandbox", "name"])
                    each!.AsObject().Remove(key);
            }

            return (Transcript.Ordered(result)!.ToJsonString(), node.Rules($"-{variant}"));
        }
    }

    [KernelTheory]
    [InlineData(PluginDirectoryName.Ours, PluginDirectoryName.Reference, "nft")]
    [InlineData(PluginDirectoryName.Reference, PluginDirectoryName.Ours, "nft")]
    [InlineData(PluginDirectoryName.Ours, PluginDirectoryName.Reference, "legacy")]
    [InlineData(PluginDirectoryName.Reference, PluginDirectoryName.Ours, "legacy")]
    public void Each_checks_and_removes_what_the_other_made(string first, string second, string variant)
    {
        using var node = new FirewallNode();
        node.UseVariant(variant);
        var pod = node.Attach(isDualStack: true);
        node.Call("ADD", pod, plugins: Of(first)).Succeeded();
        node.Call("CHECK", pod, plugins: Of(second)).Succeeded();
        node.Call("DEL", pod, plugins: Of(second)).Succeeded();
        Assert.DoesNotContain("-j ACCEPT", node.Rules($"-{variant}"), StringComparison.Ordinal);
        node.Call("DEL", pod, plugins: Of(first)).Succeeded();
        node.Call("DEL", pod).Succeeded();
        Assert.Equal("", node.Records());
    }

    private static string Of(string name) => name == PluginDirectoryName.Ours ? PluginDirectory.Ours : PluginDirectory.Reference;

    [KernelTheory]
    [InlineData("0.1.0")]
    [InlineData("0.4.0")]
    [InlineData("1.0.0")]
    [InlineData("1.1.0")]
    public void Each_version_is_served(string version)
    {
        using var node = new FirewallNode();
        var pod = node.Attach();
        var keys = $$"""{"cniVersion":"{{version}}","backend":"iptables"}""";
        if (version == "0.1.0")
            keys = keys.Replace("}", ""","prevResult":{"cniVersion":"0.1.0","ip4":{"ip":"10.1.0.2/24"}}}""", StringComparison.Ordinal);
        Assert.Equal(version, (string)node.Call("ADD", pod, keys).Succeeded().Json["cniVersion"]!);
        Assert.Contains("-A CNI-FORWARD -s 10.1.0.2/32 -j ACCEPT", node.Rules(), StringComparison.Ordinal);
        node.Call("DEL", pod, keys).Succeeded();
        Assert.DoesNotContain("-j ACCEPT", node.Rules(), StringComparison.Ordinal);
    }

    [KernelFact]
    public void Pods_pass_a_forward_chain_whose_policy_is_drop_from_their_ADD_to_their_DEL()
    {
        using var node = new FirewallNode();
        var (one, other) = (node.Attach(isDualStack: true), node.Attach(isDualStack: true));
        foreach (var tool in (string[])["iptables", "ip6tables"])
            node.Node.Tool($"{tool} -P FORWARD DROP");
        Assert.False(FirewallNode.Reaches(one, other));
        node.Call("ADD", one).Succeeded();
        Assert.True(FirewallNode.Reaches(one, other));
        Assert.True(FirewallNode.Reaches(one, other, is6: true));
        Assert.False(FirewallNode.Reaches(other, one));
        node.Call("ADD", other).Succeeded();
        Assert.True(FirewallNode.Reaches(other, one));
        node.Call("DEL", one).Succeeded();
        Assert.False(FirewallNode.Reaches(one, other));
    }

    [KernelFact]
    public void The_last_DEL_leaves_the_chains_without_a_pod_as_the_reference_and_with_what_others_have_put_there()
    {
        using var node = new FirewallNode();
        var (one, other) = (node.Attach(isDualStack: true), node.Attach(isDualStack: true));
        node.Call("ADD", one, plugins: PluginDirectory.Reference).Succeeded();
        node.Call("DEL", one, plugins: PluginDirectory.Reference).Succeeded();
        var left = node.Rules();
        node.Node.Tool("nft flush ruleset");
        node.Call("ADD", one).Succeeded();
        node.Call("ADD", other).Succeeded();
        node.Call("DEL", one).Succeeded();
        node.Call("DEL", other).Succeeded();
        Assert.Equal(left, node.Rules());

        node.Node.Tool("iptables -A CNI-ADMIN -s 192.0.2.1/32 -j DROP");
        node.Node.Tool("iptables -A CNI-FORWARD -s 192.0.2.1/32 -j ACCEPT");
        left = node.Rules();
        node.Call("ADD", one).Succeeded();
        node.Call("DEL", one).Succeeded();
        Assert.Equal(left, node.Rules());
    }

    [KernelFact]
    public void The_late_DEL_of_a_pod_leaves_the_rules_of_the_next_one_with_its_address()
    {
        using var node = new FirewallNode();
        var (old, next) = (node.Attach(), node.Node.AddPod());
        node.Call("ADD", old).Succeeded();
        next.Result = old.Result!.DeepClone();
        node.Call("ADD", next).Succeeded();
        node.Call("DEL", old).Succeeded();
        node.Call("CHECK", next).Succeeded();
        Assert.Contains("-A CNI-FORWARD -s 10.1.0.2/32 -j ACCEPT", node.Rules(), StringComparison.Ordinal);
        // Also that of a pod of the reference, which has no record.
        node.Call("DEL", old).Succeeded();
        node.Call("CHECK", next).Succeeded();
        node.Call("DEL", next).Succeeded();
        Assert.DoesNotContain("10.1.0.2", node.Rules(), StringComparison.Ordinal);
    }

    [KernelFact]
    public void A_DEL_without_prevResult_removes_what_the_record_says()
    {
        using var node = new FirewallNode();
        var pod = node.Attach(isDualStack: true);
        node.Call("ADD", pod).Succeeded();
        node.Call("DEL", pod, """{"backend":"iptables","prevResult":null}""").Succeeded();
        Assert.DoesNotContain("-j ACCEPT", node.Rules(), StringComparison.Ordinal);
    }

    [KernelTheory]
    [InlineData("ADD")]
    [InlineData("CHECK")]
    public void Without_an_earlier_plugin_it_is_refused(string verb)
    {
        using var node = new FirewallNode();
        var refused = node.Call(verb, node.Attach(), """{"backend":"iptables","prevResult":null}""");
        Assert.Equal((7, "missing prevResult from earlier plugin"), (refused.Code, refused.Message));
    }

    [KernelTheory]
    [InlineData("""{"backend":"ipfw"}""", 2, "unrecognized backend \"ipfw\"")]
    [InlineData("""{"backend":"iptables","ingressPolicy":"foo"}""", 2, "unknown ingress policy: \"foo\"")]
    [InlineData("""{"backend":"iptables","iptablesAdminChainName":"ACCEPT"}""", 7, "invalid iptablesAdminChainName \"ACCEPT\"")]
    [InlineData("""{"backend":"iptables","iptablesAdminChainName":"two words"}""", 7, "invalid iptablesAdminChainName \"two words\"")]
    [InlineData("""{"backend":"firewalld","firewalldZone":"a\nb"}""", 7, "invalid firewalldZone \"a\nb\"")]
    public void A_wrong_config_is_refused_before_anything_changes_and_DEL_succeeds(string keys, int code, string message)
    {
        using var node = new FirewallNode();
        var pod = node.Attach();
        var before = node.Rules();
        foreach (var verb in (string[])["ADD", "CHECK"])
        {
            var refused = node.Call(verb, pod, keys);
            Assert.Equal((code, message), (refused.Code, refused.Message));
        }

        node.Call("DEL", pod, keys).Succeeded();
        Assert.Equal(before, node.Rules());
        Assert.Equal("", node.Records());
    }

    [KernelFact]
    public void Without_the_tools_an_ADD_by_iptables_is_refused_and_leaves_nothing()
    {
        using var node = new FirewallNode();
        var pod = node.Attach();
        node.Node.Tool("mount -t tmpfs none /usr/sbin");
        var refused = node.Call("ADD", pod);
        Assert.Equal(2, refused.Code);
        Assert.Contains("iptables-save", refused.Message, StringComparison.Ordinal);
        Assert.Equal(50, node.Call("STATUS", pod, """{"cniVersion":"1.1.0","backend":"iptables"}""").Code);
        Assert.Equal("", node.Records());
        // Nothing drops: nothing need be accepted.
        node.Call("ADD", pod, "{}").Succeeded();
        node.Call("CHECK", pod, "{}").Succeeded();
        node.Call("STATUS", pod, """{"cniVersion":"1.1.0"}""").Succeeded();
        node.Call("DEL", pod, "{}").Succeeded();
        Assert.Equal("", node.Records());
    }

    [KernelFact]
    public void A_pod_of_IPv6_alone_needs_no_iptables_of_IPv4()
    {
        using var node = new FirewallNode();
        var pod = node.Attach(isDualStack: true);
        pod.Result!["ips"]!.AsArray().RemoveAt(0);
        var folder = Directory.CreateDirectory(Path.Combine(node.Node.Directory, "six")).FullName;
        foreach (var tool in (string[])["ip6tables-save", "ip6tables-restore", "ip6tables-nft-save", "ip6tables-nft-restore"])
            File.Copy("/usr/sbin/xtables-nft-multi", $"{folder}/{tool}");
        node.Node.Tool("mount -t tmpfs none /usr/sbin");
        node.Node.Variables = [$"PATH={folder}:/usr/bin:/bin"];
        node.Call("ADD", pod).Succeeded();
        node.Call("CHECK", pod).Succeeded();
        node.Call("STATUS", pod, """{"cniVersion":"1.1.0","backend":"iptables"}""").Succeeded();
        node.Call("DEL", pod).Succeeded();
        Assert.DoesNotContain("-j ACCEPT", node.Node.Tool($"{folder}/ip6tables-save"), StringComparison.Ordinal);
    }

    [KernelTheory]
    [InlineData("iptables -D FORWARD 1", "expected FORWARD rule [-m comment --comment CNI firewall plugin rules -j CNI-FORWARD] not found")]
    [InlineData(
        "iptables -D CNI-FORWARD 1",
        "expected CNI-FORWARD rule [-m comment --comment CNI firewall plugin admin overrides -j CNI-ADMIN] not found"
    )]
    [InlineData("iptables -D CNI-FORWARD -s 10.1.0.2/32 -j ACCEPT", "expected rule [-s 10.1.0.2/32 -j ACCEPT] not found")]
    [InlineData("nft flush ruleset", "expected FORWARD rule [-m comment --comment CNI firewall plugin rules -j CNI-FORWARD] not found")]
    public void CHECK_says_what_is_missing_and_changes_nothing(string damage, string difference)
    {
        using var node = new FirewallNode();
        var pod = node.Attach();
        node.Call("ADD", pod).Succeeded();
        node.Call("CHECK", pod).Succeeded();
        node.Node.Tool(damage);
        var before = node.Rules();
        var output = node.Call("CHECK", pod);
        Assert.Equal((100, difference), (output.Code, output.Message));
        Assert.Equal(before, node.Rules());
        node.Call("ADD", pod).Succeeded();
        node.Call("CHECK", pod).Succeeded();
        node.Call("DEL", pod).Succeeded();
        Assert.DoesNotContain("-j ACCEPT", node.Rules(), StringComparison.Ordinal);
    }

    [KernelFact]
    public void A_repeated_ADD_with_another_address_takes_the_first_one_away()
    {
        using var node = new FirewallNode();
        var pod = node.Attach(isDualStack: true);
        node.Call("ADD", pod).Succeeded();
        pod.Result!["ips"]![0]!["address"] = "10.1.0.9/24";
        pod.Result!["ips"]!.AsArray().RemoveAt(1);
        node.Call("ADD", pod).Succeeded();
        Assert.Contains("10.1.0.9/32", node.Rules(), StringComparison.Ordinal);
        Assert.DoesNotContain("10.1.0.2/32", node.Rules(), StringComparison.Ordinal);
        Assert.DoesNotContain("fd00:1::2/128", node.Rules(), StringComparison.Ordinal);
        node.Call("DEL", pod).Succeeded();
        Assert.DoesNotContain("-j ACCEPT", node.Rules(), StringComparison.Ordinal);
    }

    [KernelFact]
    public void GC_removes_what_belongs_to_no_valid_pod()
    {
        using var node = new FirewallNode();
        var kept = node.Attach();
        var stale = node.Attach(kept);
        node.Call("ADD", kept).Succeeded();
        node.Call("ADD", stale).Succeeded();
        var keys = $$"""
            {"cniVersion":"1.1.0","backend":"iptables","cni.dev/valid-attachments":
             [{"containerID":"{{kept.ContainerId}}","ifname":"eth0"}]}
            """;
        node.Call("GC", kept, keys).Succeeded();
        node.Call("CHECK", kept).Succeeded();
        Assert.DoesNotContain("10.1.0.3", node.Rules(), StringComparison.Ordinal);
        node.Call("GC", kept, """{"cniVersion":"1.1.0","backend":"iptables"}""").Succeeded();
        node.Call("CHECK", kept).Succeeded();
    }

    [KernelTheory]
    [InlineData("nft")]
    [InlineData("legacy")]
    public void Fifty_pods_at_once_have_one_jump_and_two_rules_each_and_leave_nothing(string variant)
    {
        using var node = new FirewallNode();
        node.UseVariant(variant);
        var first = node.Attach();
        List<CniPod> pods = [first];
        for (var i = 1; i < 50; i++)
        {
            var pod = node.Node.AddPod();
            pod.Result = first.Result!.DeepClone();
            pod.Result!["ips"]![0]!["address"] = $"10.1.0.{i + 2}/24";
            pods.Add(pod);
        }

        CallsBeside.AtOnce(pods, pod => Beside("ADD", pod));
        var rules = node.Rules($"-{variant}").Split('\n');
        Assert.Equal(100, rules.Count(static rule => rule.EndsWith("-j ACCEPT", StringComparison.Ordinal)));
        Assert.Single(rules, static rule => rule.EndsWith("-j CNI-FORWARD", StringComparison.Ordinal));
        CallsBeside.AtOnce(pods, pod => Beside("DEL", pod));
        Assert.DoesNotContain("-j ACCEPT", node.Rules($"-{variant}"), StringComparison.Ordinal);
        Assert.Equal("", node.Records());

        void Beside(string verb, CniPod pod)
        {
            var config = FirewallNode.Config(pod, Iptables);
            config["prevResult"] = pod.Result!.DeepClone();
            node.Node.RunBeside(verb, pod, "firewall", config.ToJsonString(), []).Succeeded();
        }
    }

    [KernelFact]
    public void Where_a_chain_drops_the_backend_nftables_is_refused_and_says_which()
    {
        using var node = new FirewallNode();
        var pod = node.Attach();
        const string Nftables = """{"backend":"nftables"}""";
        node.Call("ADD", pod, Nftables).Succeeded();
        node.Call("CHECK", pod, Nftables).Succeeded();
        node.Call("DEL", pod, Nftables).Succeeded();
        node.Node.Tool("iptables -P FORWARD DROP");
        var refused = node.Call("ADD", pod, Nftables);
        Assert.Equal(2, refused.Code);
        Assert.Contains("chain FORWARD of iptables (table ip filter) drops it", refused.Message, StringComparison.Ordinal);
        Assert.Equal("", node.Records());
    }

    /// <summary>Constants for attributes.</summary>
    private static class PluginDirectoryName
    {
        public const string Ours = "ours";
        public const string Reference = "reference";
    }
}
