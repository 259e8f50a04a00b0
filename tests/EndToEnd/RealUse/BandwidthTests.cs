using System.Text.Json.Nodes;
using Plugboard.Testing;
using Plugboard.Tests.EndToEnd.Harness;
using Plugboard.Tests.EndToEnd.Ports;
using static Plugboard.Tests.EndToEnd.RealUse.BandwidthNode;

namespace Plugboard.Tests.EndToEnd.RealUse;

/// <summary>bandwidth beside the reference's: token buckets, the filter and the ifb, which each can check and remove.</summary>
public sealed class BandwidthTests
{
    private const string BothLists = "unshapedSubnets and shapedSubnets cannot be both specified, one of them should be discarded";

    [KernelTheory]
    [InlineData(Both)]
    [InlineData(Egress)]
    [InlineData(Ingress)]
    [InlineData("{}")]
    [InlineData("""{"runtimeConfig":{"bandwidth":{"ingressRate":8000000,"ingressBurst":800000}}}""")]
    [InlineData("""{"ingressRate":0,"runtimeConfig":{"bandwidth":{"ingressRate":8000000,"ingressBurst":800000}}}""")]
    [InlineData("""{"egressBurst":null,"runtimeConfig":{"bandwidth":{"ingressRate":8000000,"ingressBurst":800000}}}""")]
    [InlineData("""{"ingressRate":40000000000,"ingressBurst":34359738000}""")]
    [InlineData("""{"egressRate":1000000,"egressBurst":2147483647,"ingressRate":100000000,"ingressBurst":2147483647}""")]
    [InlineData("""{"egressRate":123456,"egressBurst":456000,"ingressRate":9999999999,"ingressBurst":12345678}""")]
    public void A_pod_is_limited_as_by_the_reference(string keys) =>
        Transcript.AssertSame(
            PluginDirectory.Reference,
            PluginDirectory.Ours,
            exactErrors: false,
            transcript =>
            {
                var pod = transcript.Node.Attached();
                transcript.Call("ADD", pod, Config(keys).After(pod)).Succeeded();
                transcript.Note("traffic", transcript.Node.Traffic(pod));
            }
        );

    [KernelFact]
    public void CHECK_with_limits_that_ADD_did_not_have_says_that_the_config_may_have_changed()
    {
        using var node = new CniNode();
        var pod = node.Attached();
        node.Call("ADD", pod, Config(Ingress).After(pod)).Succeeded();
        var check = node.Call("CHECK", pod, Config("""{"ingressRate":9000000,"ingressBurst":800000}"""));
        Assert.Equal(100, check.Code);
        Assert.Contains("or the network config, was changed after ADD", check.Output, StringComparison.Ordinal);
    }

    [KernelTheory]
    [InlineData("0.3.0")]
    [InlineData("0.3.1")]
    [InlineData("0.4.0")]
    [InlineData("1.0.0")]
    public void The_result_is_the_references_in_each_version(string version) =>
        Transcript.AssertSame(
            PluginDirectory.Reference,
            PluginDirectory.Ours,
            exactErrors: false,
            transcript =>
            {
                var pod = transcript.Node.AddPod();
                var plugins = transcript.Node.Plugins;
                transcript.Node.Plugins = PluginDirectory.Ours;
                transcript.Node.Call("ADD", pod, transcript.Node.BridgeConfig(config => config["cniVersion"] = version)).Succeeded();
                transcript.Node.Plugins = plugins;
                transcript.Call("ADD", pod, Config(Both, version).After(pod)).Succeeded();
                if (version is "0.4.0" or "1.0.0")
                    transcript.Call("CHECK", pod, Config(Both, version)).Succeeded();
                transcript.Call("DEL", pod, Config(Both, version)).Succeeded();
                transcript.Note("ifbs", string.Join('\n', transcript.Node.Ifbs()));
            }
        );

    // Results before 0.3.0 list no interfaces; the reference refuses these versions as a whole.
    [KernelTheory]
    [InlineData("0.1.0")]
    [InlineData("0.2.0")]
    public void A_version_without_interfaces_passes_a_result_on_and_has_no_limits(string version)
    {
        using var node = new CniNode();
        var pod = node.AddPod();
        node.Call("ADD", pod, node.BridgeConfig(config => config["cniVersion"] = version)).Succeeded();
        var refused = node.Call("ADD", pod, Config(Both, version).After(pod));
        Assert.Equal((7, "no interfaces provided"), (refused.Code, refused.Message));
        node.Call("ADD", pod, Config("{}", version).After(pod)).Succeeded();
        node.Call("DEL", pod, Config(Both, version)).Succeeded();
        Assert.Empty(node.Ifbs());
    }

    [KernelTheory]
    [InlineData(Both)]
    [InlineData(Egress)]
    [InlineData(Ingress)]
    [InlineData("""{"ingressRate":40000000000,"ingressBurst":34359738000}""")]
    [InlineData("""{"egressRate":1000000,"egressBurst":2147483647,"ingressRate":123456,"ingressBurst":456000}""")]
    public void Each_checks_and_removes_what_the_other_has_set(string keys)
    {
        foreach (
            var (first, second) in ((string, string)[])
                [(PluginDirectory.Ours, PluginDirectory.Reference), (PluginDirectory.Reference, PluginDirectory.Ours)]
        )
        {
            using var node = new CniNode { Plugins = first };
            var pod = node.Attached();
            var config = Config(keys);
            node.Call("ADD", pod, config.After(pod)).Succeeded();
            node.Plugins = second;
            node.Call("CHECK", pod, config).Succeeded();
            node.Call("DEL", pod, config).Succeeded();
            Assert.Empty(node.Ifbs());
            // The reference leaves the rest to the end of the pod.
            if (second == PluginDirectory.Ours)
                node.AssertUnlimited(pod);
        }
    }

    [KernelTheory]
    [InlineData(Ingress, Egress)]
    [InlineData(Egress, Ingress)]
    public void Two_entries_of_a_conflist_limit_a_direction_each(string first, string second)
    {
        using var node = new CniNode();
        var pod = node.AddPod();
        var chain = new CniChain(node, Network, node.BridgeConfig(), Config(first), Config(second));
        chain.Add(pod).Succeeded();
        chain.Check(pod).Succeeded();
        node.Call("CHECK", pod, Config(Both)).Succeeded();
        chain.Del(pod).Succeeded();
        Assert.Empty(node.Ifbs());
    }

    [KernelFact]
    public void The_name_of_the_ifb_is_the_references_and_its_alias_names_the_attachment()
    {
        using var node = new CniNode();
        var pod = node.Attached();
        var output = node.Call("ADD", pod, Config(Egress).After(pod)).Succeeded();
        var link = node.Link(Ifb);
        Assert.Equal(
            ("cni:test/pod0/eth0", link.GetProperty("address").GetString()),
            (link.GetProperty("ifalias").GetString(), (string?)output.Json["interfaces"]![3]!["mac"])
        );
    }

    // Its DEL leaves a filter that drops all that the pod sends.
    [KernelFact]
    public void A_pod_that_lives_on_after_the_references_DEL_is_repaired_by_ours()
    {
        using var node = new CniNode { Plugins = PluginDirectory.Reference };
        var pod = node.Attached();
        node.Call("ADD", pod, Config(Both).After(pod)).Succeeded();
        node.Call("DEL", pod, Config(Both)).Succeeded();
        Assert.False(node.Reaches(pod.Address));

        node.Plugins = PluginDirectory.Ours;
        var check = node.Call("CHECK", pod, Config(Both));
        Assert.Equal((100, "get ifb device: Link not found"), (check.Code, check.Message));
        node.Call("DEL", pod, Config(Both)).Succeeded();
        node.AssertUnlimited(pod);
        Assert.True(node.Reaches(pod.Address));
    }

    [KernelFact]
    public void An_ADD_after_the_references_DEL_redirects_to_the_new_ifb()
    {
        using var node = new CniNode { Plugins = PluginDirectory.Reference };
        var pod = node.Attached();
        var result = pod.Result;
        node.Call("ADD", pod, Config(Both).After(pod)).Succeeded();
        var before = node.Traffic(pod);
        node.Call("DEL", pod, Config(Both)).Succeeded();
        node.Plugins = PluginDirectory.Ours;
        pod.Result = result;
        node.Call("ADD", pod, Config(Both).After(pod)).Succeeded();
        Assert.Equal(WithoutIndices(before), WithoutIndices(node.Traffic(pod)));
        Assert.True(node.Reaches(pod.Address));
    }

    // The kernel counts actions up.
    private static string WithoutIndices(string text) =>
        System.Text.RegularExpressions.Regex.Replace(
            text,
            "\"index\":[0-9]+",
            "",
            System.Text.RegularExpressions.RegexOptions.None,
            TimeSpan.FromSeconds(1)
        );

    [KernelTheory]
    [InlineData("""{"ingressRate":8000000,"ingressBurst":0}""", "if rate is set, burst must also be set")]
    [InlineData("""{"egressBurst":800000}""", "if burst is set, rate must also be set")]
    [InlineData("""{"egressRate":1,"egressBurst":34359738360}""", "burst cannot be more than 4GB")]
    public void A_wrong_pair_is_refused_in_the_references_words(string keys, string message)
    {
        using var node = new CniNode();
        var pod = node.Attached();
        foreach (var plugins in (string[])[PluginDirectory.Ours, PluginDirectory.Reference])
        {
            node.Plugins = plugins;
            Assert.Equal(message, node.Call("ADD", pod, Config(keys).After(pod)).Message);
        }
    }

    // The reference's specs compare this error whole.
    [KernelFact]
    public void A_burst_without_a_rate_has_its_key_on_stderr()
    {
        using var node = new CniNode();
        var pod = node.Attached();
        var refused = node.Call("ADD", pod, Config("""{"egressBurst":800000}""").After(pod));
        Assert.Equal("", refused.Details);
        Assert.Contains("add egressRate in bits per second, or remove egressBurst", refused.Error, StringComparison.Ordinal);
    }

    [KernelTheory]
    [InlineData("""{"ingressRate":7,"ingressBurst":8000}""", 7, "invalid rate: 7")]
    [InlineData("""{"ingressRate":8000,"ingressBurst":7}""", 7, "invalid burst: 7")]
    [InlineData("""{"ingressRate":8000,"latency":0}""", 7, "invalid latency 0")]
    [InlineData("""{"ingressRate":8000,"maxBurst":60001}""", 7, "invalid maxBurst 60001")]
    [InlineData(
        """{"ingressRate":8000,"shapedSubnets":["10.0.0.0/33"]}""",
        7,
        "bad subnet \"10.0.0.0/33\" provided, details invalid CIDR address: 10.0.0.0/33"
    )]
    [InlineData("""{"ingressRate":8000,"shapedSubnets":["10.0.0.0/8"],"unshapedSubnets":["fd00::/8"]}""", 7, BothLists)]
    [InlineData("""{"shapedSubnets":["10.0.0.0/8"],"unshapedSubnets":["fd00::/8"]}""", 7, BothLists)]
    [InlineData("""{"ingressRate":-1}""", 6, "failed to load netconf: ingressRate wants a whole number, 0 or more, not the number -1")]
    public void A_value_that_no_limit_can_have_is_refused_before_anything_is_set(string keys, int code, string message)
    {
        using var node = new CniNode();
        var pod = node.Attached();
        var refused = node.Call("ADD", pod, Config(keys).After(pod));
        Assert.Equal((code, message), (refused.Code, refused.Message));
        node.AssertUnlimited(pod);
        node.Call("DEL", pod, Config(keys)).Succeeded();
    }

    [KernelFact]
    public void Without_an_earlier_plugin_it_is_refused()
    {
        using var node = new CniNode();
        foreach (var keys in (string[])["{}", Both])
        {
            var refused = node.Call("ADD", node.AddPod(), Config(keys));
            Assert.Equal((7, "must be called as chained plugin"), (refused.Code, refused.Message));
        }
    }

    [KernelTheory]
    [InlineData("""[]""", "no interfaces provided")]
    [InlineData("""[{"name":"cni0"},{"name":"eth0","sandbox":"x"}]""", "no veth peer of container interface found in host ns")]
    public void A_result_without_the_pods_link_is_refused_as_by_the_reference(string interfaces, string message)
    {
        using var node = new CniNode();
        var pod = node.Attached();
        var config = Config(Both).After(pod);
        config["prevResult"]!["interfaces"] = JsonNode.Parse(interfaces);
        config["prevResult"]!.AsObject().Remove("ips");
        foreach (var plugins in (string[])[PluginDirectory.Ours, PluginDirectory.Reference])
        {
            node.Plugins = plugins;
            Assert.Equal(message, node.Call("ADD", pod, config).Message);
        }

        node.AssertUnlimited(pod);
    }

    // The reference limits the other pod.
    [KernelFact]
    public void A_pair_between_other_namespaces_is_not_taken_for_one_of_the_same_indices()
    {
        using var node = new CniNode();
        var other = node.Attached();
        node.Call("ADD", other, Config(Ingress).After(other)).Succeeded();
        var before = node.Traffic(other);
        var end = node.Link(other.HostEnd());
        var (pod, beyond) = (node.AddPod(), node.AddPod());
        beyond.Tool(
            $"ip link add far index {end.GetProperty("ifindex")} type veth "
                + $"peer name eth0 index {other.Link("eth0").GetProperty("ifindex")} netns {PortNode.NameOf(pod)}"
        );
        var config = Config(Both).After(other);
        var refused = node.Call("ADD", pod, config);
        Assert.Equal((7, $"veth peer with index {end.GetProperty("ifindex")} is not in host ns"), (refused.Code, refused.Message));
        node.Call("DEL", pod, config).Succeeded();
        Assert.Equal(before, node.Traffic(other));
    }

    [KernelFact]
    public void A_macvlan_is_refused_as_by_the_reference()
    {
        using var node = new CniNode();
        node.Tool("ip link add wire type veth peer name beyond");
        var pod = node.AddPod();
        var macvlan = new JsonObject
        {
            ["cniVersion"] = "1.0.0",
            ["name"] = Network,
            ["type"] = "macvlan",
            ["master"] = "wire",
        };
        node.Call("ADD", pod, macvlan).Succeeded();
        foreach (var plugins in (string[])[PluginDirectory.Ours, PluginDirectory.Reference])
        {
            node.Plugins = plugins;
            Assert.Equal(
                "container interface eth0 has no veth peer: interface \"eth0\" was not a veth interface",
                node.Call("ADD", pod, Config(Both).After(pod)).Message
            );
        }
    }
}
