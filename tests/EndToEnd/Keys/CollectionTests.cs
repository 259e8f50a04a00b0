using System.Text.Json.Nodes;
using Plugboard.Testing;
using Plugboard.Tests.EndToEnd.Harness;

namespace Plugboard.Tests.EndToEnd.Keys;

/// <summary>GC and STATUS through bridge.</summary>
public sealed class CollectionTests
{
    private static JsonObject Config(CniNode node, string patch = "{}") => node.BridgeConfig("""{"cniVersion":"1.1.0"}""").With(patch);

    private static CniPod Add(CniNode node, JsonObject config)
    {
        var pod = node.AddPod();
        node.Call("ADD", pod, config).Succeeded();
        return pod;
    }

    [KernelFact]
    public void GC_takes_ports_and_leases_of_what_is_not_valid_and_of_no_other_network()
    {
        using var node = new CniNode();
        var (kept, stale) = (Add(node, Config(node)), Add(node, Config(node)));
        var other = Add(node, Config(node, """{"name":"other"}"""));
        var collected = node.Call("GC", null, Config(node, """{"cni.dev/valid-attachments":[{"containerID":"pod0","ifname":"eth0"}]}"""))
            .Succeeded();

        Assert.Equal("", collected.Output);
        Assert.Equal(["10.1.0.2"], node.Leases().Keys);
        Assert.Equal(["10.1.0.2"], node.Leases("other").Keys);
        Assert.False(node.HasLink(stale.PortName()));
        Assert.False(stale.HasLink("eth0"));
        Assert.True(node.HasLink(other.PortName()));
        node.Call("CHECK", kept, Config(node)).Succeeded();
    }

    [KernelTheory]
    [InlineData("{}", 2)]
    [InlineData("""{"cni.dev/valid-attachments":[]}""", 0)]
    [InlineData("""{"cni.dev/attachments":[{"containerID":"pod1","ifname":"eth0"}]}""", 1)]
    [InlineData("""{"cni.dev/valid-attachments":[{"containerID":"pod0","ifname":"eth1"}]}""", 0)]
    public void GC_without_a_list_does_nothing_and_an_empty_list_is_everything(string patch, int left)
    {
        using var node = new CniNode();
        Add(node, Config(node));
        Add(node, Config(node));
        node.Call("GC", null, Config(node, patch)).Succeeded();
        Assert.Equal(left, node.Leases().Count);
        Assert.Equal(left, node.Json("ip -j link show type veth").GetArrayLength());
    }

    [KernelFact]
    public void GC_and_STATUS_of_layer_2_need_no_ipam()
    {
        using var node = new CniNode();
        var config = node.Layer2Config("""{"cniVersion":"1.1.0"}""");
        var pod = Add(node, config);
        node.Call("STATUS", null, config).Succeeded();
        node.Call("GC", null, config.With("""{"cni.dev/valid-attachments":[]}""")).Succeeded();
        Assert.False(node.HasLink(pod.PortName()));
    }

    [KernelFact]
    public void STATUS_is_silent_where_an_ADD_would_succeed()
    {
        using var node = new CniNode();
        Assert.Equal("", node.Call("STATUS", null, Config(node)).Succeeded().Output);
        Add(node, Config(node));
        Assert.Equal("", node.Call("STATUS", null, Config(node)).Succeeded().Output);
    }

    [KernelFact]
    public void STATUS_succeeds_while_a_range_is_used_up_and_ADD_says_try_again_later()
    {
        using var node = new CniNode();
        var config = Config(node, """{"ipam":{"ranges":[[{"subnet":"10.1.0.0/29","rangeEnd":"10.1.0.3"}]]}}""");
        Add(node, config);
        var last = Add(node, config);
        node.Call("STATUS", null, config).Succeeded();
        var refused = node.Call("ADD", node.AddPod(), config);
        Assert.Equal(11, refused.Code);
        Assert.Contains("of 2 addresses 2 are leased", refused.Details, StringComparison.Ordinal);
        node.Call("DEL", last, config).Succeeded();
        Add(node, config);
    }

    [KernelFact]
    public void STATUS_fails_where_no_lease_can_be_written()
    {
        using var node = new CniNode();
        var config = Config(node);
        Add(node, config);
        node.Tool($"mount -t tmpfs -o ro full {node.DataDirectory}");
        Assert.Equal(50, node.Call("STATUS", null, config).Code);
        Assert.Equal(50, node.CallRaw("STATUS", null, "host-local", config.ToJsonString(), []).Code);
    }

    [KernelTheory]
    [InlineData("""[{"container":"pod0","ifname":"eth0"}]""")]
    [InlineData("""[{"containerID":"pod0","ifname":"eth0"},{"ifname":"eth0"}]""")]
    [InlineData("""[{"containerID":"pod0","ifname":"eth0"},null]""")]
    [InlineData("""[{"containerID":"pod0","ifname":"eth0"},{"containerID":"","ifname":"eth0"}]""")]
    [InlineData("""[{"containerID":"pod0","ifname":"eth0"},{"containerID":"pod1"}]""")]
    [InlineData("""{"containerID":"pod0","ifname":"eth0"}""")]
    [InlineData("\"pod0\"")]
    [InlineData("7")]
    public void GC_with_a_list_that_leaves_a_doubt_is_refused_by_every_plugin_and_collects_nothing(string list)
    {
        using var node = new CniNode();
        var config = Config(node, """{"ipMasq":true}""");
        Add(node, config);
        var pod = Add(node, config);
        var portmap = new JsonObject
        {
            ["cniVersion"] = "1.1.0",
            ["name"] = "test",
            ["type"] = "portmap",
        };
        node.Call(
                "ADD",
                pod,
                portmap.With(
                    $$$"""{"prevResult":{{{pod.Result!.ToJsonString()}}},"runtimeConfig":{"portMappings":[{"hostPort":"""
                        + $$$"""8080,"containerPort":80}]}}"""
                )
            )
            .Succeeded();
        var before = State(node);
        foreach (
            var plugin in new[]
            {
                config,
                portmap,
                config.With("""{"type":"host-local"}"""),
                config.With("""{"type":"loopback"}"""),
                config.With("""{"type":"flannel"}"""),
            }
        )
        {
            foreach (var key in new[] { "cni.dev/valid-attachments", "cni.dev/attachments" })
            {
                Assert.Equal(
                    7,
                    node.CallRaw(
                        "GC",
                        null,
                        (string)plugin["type"]!,
                        plugin.With($$$"""{"{{{key}}}":{{{list}}}}""").ToJsonString(),
                        []
                    ).Code
                );
                Assert.Equal(before, State(node));
            }
        }
    }

    private static string State(CniNode node) =>
        node.Tool("ip -o link show type veth")
        + node.Tool("nft -s list ruleset")
        + string.Join(' ', node.Leases().Keys.Order(StringComparer.Ordinal));

    [KernelFact]
    public void STATUS_tells_that_the_bridges_name_is_taken()
    {
        using var node = new CniNode();
        node.Tool("ip link add cni0 type veth peer name other");
        var refused = node.Call("STATUS", null, Config(node));
        Assert.Equal((50, "\"cni0\" already exists but is not a bridge"), (refused.Code, refused.Message));
        Assert.Contains("veth", refused.Details, StringComparison.Ordinal);
    }

    [KernelFact]
    public void STATUS_tells_that_the_delegate_is_missing()
    {
        using var node = new CniNode();
        var refused = node.Call("STATUS", null, Config(node, """{"ipam":{"type":"no-such-plugin"}}"""));
        Assert.Equal($"failed to find plugin \"no-such-plugin\" in path [{node.Plugins}]", refused.Message);
    }
}
