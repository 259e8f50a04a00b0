using System.Text.Json.Nodes;
using Plugboard.Testing;
using Plugboard.Tests.EndToEnd.Harness;

namespace Plugboard.Tests.EndToEnd.Ports;

/// <summary>Which backend writes the rules, and what is refused.</summary>
public sealed class BackendTests
{
    private static JsonArray Words(params string[] words) => new([.. words.Select(static word => JsonValue.Create(word))]);

    [KernelFact]
    public void Conditions_in_nfts_words_hold_for_their_own_pod_only()
    {
        using var node = new PortNode(static portmap =>
            portmap["conditionsV4"] = Words("ip", "saddr", "192.0.2.0/25", "ip", "saddr", "!=", "192.0.2.9")
        );
        var restricted = node.AddPod("8080:80", "192.0.2.1:8082:80");
        var open = new CniChain(
            node.Node,
            "open",
            node.Bridge,
            new JsonObject
            {
                ["type"] = "portmap",
                ["capabilities"] = new JsonObject { ["portMappings"] = true },
            }
        );
        var pod = node.Node.AddPod();
        open.Add(pod, PortNode.Ports("8081:80")).Succeeded();
        node.Serve(pod);
        node.Other.Tool("ip address add 192.0.2.200/24 dev eth0");
        node.Other.Tool("ip address add 192.0.2.9/24 dev eth0");

        foreach (
            var (source, restrictedAnswer) in new[] { ("192.0.2.2", "192.0.2.2"), ("192.0.2.200", "refused"), ("192.0.2.9", "refused") }
        )
        {
            node.Other.Tool($"ip route replace 192.0.2.1/32 dev eth0 src {source}");
            Assert.Equal(restrictedAnswer, node.Other.AskTcp("192.0.2.1:8080"));
            Assert.Equal(restrictedAnswer, node.Other.AskTcp("192.0.2.1:8082"));
            Assert.Equal(source, node.Other.AskTcp("192.0.2.1:8081"));
        }

        node.Chain.Check(restricted, PortNode.Ports("8080:80", "192.0.2.1:8082:80")).Succeeded();
        node.Chain.Del(restricted, PortNode.Ports("8080:80", "192.0.2.1:8082:80")).Succeeded();
        open.Del(pod, PortNode.Ports("8081:80")).Succeeded();
        node.AssertNoPodLeft();
    }

    [KernelFact]
    public void DEL_removes_the_elements_of_a_pod_whose_record_says_iptables()
    {
        using var node = new PortNode();
        var pod = node.AddPod("8080:80", "8081:80/udp");
        node.Node.Tool($"sed -i s/nftables/iptables/ /run/plugboard/portmap/{node.Records().Single()}");
        node.Chain.Del(pod, PortNode.Ports("8080:80", "8081:80/udp")).Succeeded();
        node.AssertNoPodLeft();
    }

    [KernelTheory]
    [InlineData("""{"externalSetMarkChain":"-j"}""", "invalid externalSetMarkChain")]
    [InlineData("""{"externalSetMarkChain":"A\u0007"}""", "invalid externalSetMarkChain")]
    [InlineData("""{"externalSetMarkChain":"ÄÖÜÄÖÜÄÖÜÄÖÜÄÖÜ"}""", "invalid externalSetMarkChain")]
    [InlineData(
        """{"conditionsV4":["-m","comment","--comment","a\u0001b"]}""",
        "conditionsV4 has an empty word or one with a control character"
    )]
    [InlineData("""{"conditionsV6":["-m","comment","--comment","LONG"]}""", "a word of an iptables rule is longer than 1023 bytes")]
    [InlineData("""{"backend":"LONG"}""", "unrecognized backend")]
    [InlineData("""{"runtimeConfig":{"portMappings":[{"hostPort":80,"containerPort":80,"hostIP":"LONG"}]}}""", "Invalid host IP address")]
    public void Words_that_no_rule_can_hold_are_refused_in_few_words_before_anything_is_done(string patch, string named)
    {
        using var node = new PortNode();
        var pod = node.AddPod();
        var config = node.Chain.Config(node.Portmap, PortNode.Ports("8080:80"));
        config["prevResult"] = pod.Result!.DeepClone();
        foreach (var (key, value) in JsonNode.Parse(patch.Replace("LONG", new string('x', 5000), StringComparison.Ordinal))!.AsObject())
            config[key] = value?.DeepClone();

        var refused = node.Node.CallBeside("ADD", pod, config);

        Assert.InRange(refused.Code, 2, 7);
        Assert.Contains(named, refused.Message, StringComparison.Ordinal);
        Assert.InRange(refused.Message.Length, 1, 200);
        Assert.Equal("", node.Ruleset());
        Assert.Empty(node.Records());
    }

    [KernelTheory]
    [InlineData("""{"backend":"ipfw"}""", 2, "unrecognized backend \"ipfw\"")]
    [InlineData(
        """{"backend":"nftables","conditionsV4":["-s","10.0.0.0/8"]}""",
        7,
        "nftables backend was requested but configuration contains iptables-specific options [conditionsV4]"
    )]
    [InlineData(
        """{"backend":"nftables","externalSetMarkChain":"X"}""",
        7,
        "nftables backend was requested but configuration contains iptables-specific options [externalSetMarkChain]"
    )]
    [InlineData(
        """{"backend":"iptables","conditionsV6":["ip6","saddr","::1"]}""",
        7,
        "iptables backend was requested but configuration contains nftables-specific options [conditionsV6]"
    )]
    [InlineData(
        """{"conditionsV4":["ip","saddr","10.0.0.1"],"conditionsV6":["-s","::1"]}""",
        7,
        "configuration contains both iptables-specific options [conditionsV6] and nftables-specific options [conditionsV4]"
    )]
    [InlineData(
        """{"conditionsV4":["ip","ttl","5"]}""",
        2,
        "unsupported value of conditionsV4 or conditionsV6: \"ip ttl\" is not understood: saddr or daddr is"
    )]
    [InlineData("""{"markMasqBit":32}""", 7, "failed to parse config: MasqMarkBit must be between 0 and 31")]
    [InlineData(
        """{"markMasqBit":5,"externalSetMarkChain":"X"}""",
        7,
        "failed to parse config: Cannot specify externalSetMarkChain and markMasqBit"
    )]
    [InlineData(
        """{"runtimeConfig":{"portMappings":[{"hostPort":0,"containerPort":80}]}}""",
        7,
        "failed to parse config: Invalid host port number: 0"
    )]
    [InlineData(
        """{"runtimeConfig":{"portMappings":[{"hostPort":65536,"containerPort":80}]}}""",
        7,
        "failed to parse config: Invalid host port number: 65536"
    )]
    [InlineData(
        """{"runtimeConfig":{"portMappings":[{"hostPort":80,"containerPort":-1}]}}""",
        7,
        "failed to parse config: Invalid container port number: -1"
    )]
    [InlineData(
        """{"runtimeConfig":{"portMappings":[{"hostPort":80,"containerPort":80,"protocol":"icmp"}]}}""",
        2,
        "unsupported value of protocol: icmp"
    )]
    [InlineData(
        """{"runtimeConfig":{"portMappings":[{"hostPort":80,"containerPort":80,"hostIP":"all"}]}}""",
        7,
        "failed to parse config: Invalid host IP address: all"
    )]
    [InlineData("""{"prevResult":null}""", 7, "must be called as chained plugin")]
    public void What_is_wrong_is_refused_before_anything_is_done(string patch, int code, string message)
    {
        using var node = new PortNode();
        var pod = node.AddPod();
        var config = node.Chain.Config(node.Portmap, PortNode.Ports("8080:80"));
        config["prevResult"] = pod.Result!.DeepClone();
        foreach (var (key, value) in JsonNode.Parse(patch)!.AsObject())
            config[key] = value?.DeepClone();

        var refused = node.Node.CallBeside("ADD", pod, config);

        Assert.Equal((code, message), (refused.Code, refused.Message));
        Assert.Equal("", node.Ruleset());
        Assert.Empty(node.Records());
        node.Node.CallBeside("DEL", pod, config).Succeeded();
    }

    [KernelTheory]
    [InlineData("""{"backend":"iptables"}""")]
    [InlineData("""{"conditionsV4":["-s","192.0.2.0/24"]}""")]
    [InlineData("""{"externalSetMarkChain":"MY-MARK"}""")]
    public void The_iptables_backend_publishes_checks_and_withdraws(string patch)
    {
        using var node = new PortNode(portmap =>
        {
            foreach (var (key, value) in JsonNode.Parse(patch)!.AsObject())
                portmap[key] = value!.DeepClone();
        });
        node.Node.Tool("iptables -t nat -N MY-MARK");
        node.Node.Tool("ip6tables -t nat -N MY-MARK");
        var pod = node.AddPod("8080:80");
        Assert.Equal("192.0.2.2", node.Other.AskTcp("192.0.2.1:8080"));
        Assert.Contains("CNI-DN-", node.Node.Tool("iptables-save -t nat"), StringComparison.Ordinal);
        Assert.DoesNotContain("plugboard", node.Ruleset(), StringComparison.Ordinal);
        node.Chain.Check(pod, PortNode.Ports("8080:80")).Succeeded();
        node.Chain.Del(pod, PortNode.Ports("8080:80")).Succeeded();
        Assert.DoesNotContain("CNI-DN-", node.Node.Tool("iptables-save -t nat"), StringComparison.Ordinal);
        Assert.DoesNotContain("CNI-DN-", node.Node.Tool("ip6tables-save -t nat"), StringComparison.Ordinal);
        Assert.Empty(node.Records());
    }

    [KernelFact]
    public void A_pod_whose_config_changes_backends_keeps_no_rule_of_the_first()
    {
        using var node = new PortNode(static portmap => portmap["backend"] = "iptables");
        var pod = node.AddPod("8080:80");
        var config = node.Chain.Config(node.Portmap, PortNode.Ports("8080:80"));
        config["prevResult"] = pod.Result!.DeepClone();
        config["backend"] = "nftables";
        node.Node.CallBeside("ADD", pod, config).Succeeded();
        Assert.DoesNotContain("CNI-DN-", node.Node.Tool("iptables-save -t nat"), StringComparison.Ordinal);
        Assert.Equal("192.0.2.2", node.Other.AskTcp("192.0.2.1:8080"));
        config["backend"] = "iptables";
        node.Node.CallBeside("ADD", pod, config).Succeeded();
        // Elements expire: some milliseconds later they are gone.
        Eventually.True(
            () => !node.Node.Tool("nft list table inet plugboard_portmap").Contains("8080", StringComparison.Ordinal),
            () => node.Node.Tool("nft list table inet plugboard_portmap")
        );
        Assert.Equal("192.0.2.2", node.Other.AskTcp("192.0.2.1:8080"));
        node.Chain.Del(pod, PortNode.Ports("8080:80")).Succeeded();
        node.AssertNoPodLeft();
    }

    [KernelFact]
    public void STATUS_succeeds_where_no_port_can_be_published_because_pods_that_publish_none_can_start()
    {
        using var node = new PortNode();
        var config = node.Chain.Config(node.Portmap, null);
        config["cniVersion"] = "1.1.0";
        node.Node.CallBeside("STATUS", null, config).Succeeded();
        config["backend"] = "iptables";
        node.Node.CallBeside("STATUS", null, config).Succeeded();
        node.Node.Tool("mkdir /run/empty");
        foreach (var directory in (ReadOnlySpan<string>)["/usr/sbin", "/usr/bin"])
            node.Node.Tool($"mount --bind /run/empty {directory}");
        node.Node.CallBeside("STATUS", null, config, "PATH=/run/empty").Succeeded();
        config["backend"] = "ipchains";
        Assert.True(node.Node.CallBeside("STATUS", null, config, "PATH=/run/empty").Code > 0);
    }
}
