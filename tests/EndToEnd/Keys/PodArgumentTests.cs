using Plugboard.Testing;
using Plugboard.Tests.EndToEnd.Harness;

namespace Plugboard.Tests.EndToEnd.Keys;

/// <summary>What a runtime passes per pod: CNI_ARGS, args.cni, runtimeConfig; and name resolution.</summary>
public sealed class PodArgumentTests
{
    private static CniPod Add(CniNode node, string patch, string args = "")
    {
        var pod = node.AddPod();
        node.Call("ADD", pod, node.BridgeConfig(patch), $"CNI_ARGS={args}").Succeeded();
        return pod;
    }

    [KernelTheory]
    [InlineData("{}", "IP=10.1.0.50", "10.1.0.50/16")]
    [InlineData("""{"args":{"cni":{"ips":["10.1.0.51"]}}}""", "", "10.1.0.51/16")]
    [InlineData("""{"runtimeConfig":{"ips":["10.1.0.52/16"]}}""", "", "10.1.0.52/16")]
    [InlineData("{}", "IgnoreUnknown=1;K8S_POD_NAME=x;IP=10.1.0.53", "10.1.0.53/16")]
    public void A_requested_address_is_given(string patch, string args, string expected)
    {
        using var node = new CniNode();
        var pod = Add(node, patch, args);
        Assert.Equal([expected], pod.Addresses);
        Assert.Equal([expected], pod.GlobalAddresses("eth0"));
    }

    [KernelFact]
    public void Requests_of_all_three_sources_add_up()
    {
        using var node = new CniNode();
        var pod = Add(
            node,
            """
            {"args":{"cni":{"ips":["10.2.0.51"]}},"runtimeConfig":{"ips":["fd00:1::52"]},
             "ipam":{"ranges":[[{"subnet":"10.1.0.0/16"}],[{"subnet":"10.2.0.0/16"}],[{"subnet":"fd00:1::/64"}]],"routes":[]},
             "isGateway":false}
            """,
            "IP=10.1.0.50"
        );
        Assert.Equal(["10.1.0.50/16", "10.2.0.51/16", "fd00:1::52/64"], pod.Addresses);
    }

    // As Multus passes a pod's "ips", beside the same in runtimeConfig.
    [KernelTheory]
    [InlineData("{}")]
    [InlineData("""{"runtimeConfig":{"ips":["10.1.0.50/16","fd00:1::50/64"]}}""")]
    public void An_address_of_each_family_is_requested_by_one_argument(string keys)
    {
        using var node = new CniNode();
        var config = node.BridgeConfig("""{"ipam":{"ranges":[[{"subnet":"10.1.0.0/16"}],[{"subnet":"fd00:1::/64"}]],"routes":[]}}""")
            .With(keys);
        var pod = node.AddPod();
        node.Call("ADD", pod, config, "CNI_ARGS=IgnoreUnknown=true;K8S_POD_NAME=x;IP=10.1.0.50/16,fd00:1::50/64").Succeeded();
        Assert.Equal(["10.1.0.50/16", "fd00:1::50/64"], pod.Addresses);
    }

    [KernelFact]
    public void IpRanges_of_the_runtime_come_before_the_configs()
    {
        using var node = new CniNode();
        var pod = Add(
            node,
            """{"runtimeConfig":{"ipRanges":[[{"subnet":"fd00:5::/64","rangeStart":"fd00:5::10"}]]},"ipam":{"routes":[]}}"""
        );
        Assert.Equal(["fd00:5::10/64", "10.1.0.2/16"], pod.Addresses);
        Assert.Equal(["10.1.0.2/16", "fd00:5::10/64"], pod.GlobalAddresses("eth0"));
    }

    [KernelTheory]
    [InlineData("K8S_POD_NAME=x", "ARGS: unknown args [\"K8S_POD_NAME=x\"]")]
    [InlineData("mac=02:00:00:00:00:01", "ARGS: unknown args [\"mac=02:00:00:00:00:01\"]")]
    [InlineData("MAC=02:00:00:00:00:01;", "ARGS: invalid pair \"\"")]
    [InlineData("MAC", "ARGS: invalid pair \"MAC\"")]
    [InlineData("IgnoreUnknown=maybe", null)]
    public void Unknown_arguments_are_refused(string args, string? message)
    {
        using var node = new CniNode();
        var refused = node.Call("ADD", node.AddPod(), node.BridgeConfig(), $"CNI_ARGS={args}");
        Assert.Equal(1, refused.ExitCode);
        Assert.NotEqual(999, refused.Code);
        if (message is not null)
            Assert.Equal(message, refused.Message);
        Assert.False(node.HasLink("cni0"));
    }

    [KernelFact]
    public void The_address_of_the_one_and_the_hardware_address_of_the_other_are_no_strangers()
    {
        using var node = new CniNode();
        var pod = Add(node, "{}", "IP=10.1.0.50;MAC=02:00:00:00:00:0a");
        Assert.Equal("02:00:00:00:00:0a", pod.Link("eth0").GetProperty("address").GetString());
        Assert.Equal("10.1.0.50", pod.Address);
    }

    [KernelFact]
    public void Arguments_do_not_hinder_DEL()
    {
        using var node = new CniNode();
        var pod = Add(node, "{}");
        node.Call("DEL", pod, node.BridgeConfig(), "CNI_ARGS=K8S_POD_NAME=x").Succeeded();
        Assert.Empty(node.Leases());
    }

    [KernelFact]
    public void ResolvConf_is_the_results_name_resolution_and_dns_replaces_it_whole()
    {
        using var node = new CniNode();
        var file = Path.Combine(node.Directory, "resolv.conf");
        File.WriteAllText(
            file,
            "nameserver 10.9.0.1\nnameserver fd00::53\ndomain example.org\nsearch a.example b.example\noptions ndots:5\n"
        );
        var read = Add(node, $$$"""{"ipam":{"resolvConf":"{{{file}}}"}}""");
        Assert.Equal(
            """{"domain":"example.org","nameservers":["10.9.0.1","fd00::53"],"options":["ndots:5"],"search":["a.example","b.example"]}""",
            read.Result!["dns"]!.ToJsonString()
        );

        var replaced = Add(node, $$$"""{"dns":{"search":["c.example"]},"ipam":{"resolvConf":"{{{file}}}"}}""");
        Assert.Equal("""{"search":["c.example"]}""", replaced.Result!["dns"]!.ToJsonString());
        var empty = Add(node, $$$"""{"dns":{},"ipam":{"resolvConf":"{{{file}}}"}}""");
        Assert.Equal("example.org", (string)empty.Result!["dns"]!["domain"]!);
    }

    [KernelFact]
    public void Keys_match_without_regard_to_case_and_null_is_absent()
    {
        using var node = new CniNode();
        var config = node.BridgeConfig("""{"MTU":1400,"ISGATEWAY":true}""");
        config["hairpinMode"] = null;
        var pod = node.AddPod();
        node.Call("ADD", pod, config).Succeeded();
        Assert.Equal(1400, pod.Link("eth0").GetProperty("mtu").GetInt32());
    }
}
