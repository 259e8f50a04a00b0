using System.Text.Json.Nodes;
using Plugboard.Testing;
using Plugboard.Tests.EndToEnd.Harness;

namespace Plugboard.Tests.EndToEnd.RealUse;

/// <summary>static beside the reference's: the four sources of addresses, and what is wrong with them.</summary>
public sealed class StaticTests
{
    private const string TwoFamilies =
        """{"addresses":[{"address":"10.9.0.5/24","gateway":"10.9.0.1"},{"address":"fd00:9::5/64"}],"routes":[{"dst":"0.0.0.0/0"}]}""";

    [KernelTheory]
    [InlineData(TwoFamilies, "", "{}")]
    [InlineData("""{"addresses":[{"address":"10.9.0.5/24"}],"dns":{"nameservers":["10.9.0.53"],"search":["a.example"]}}""", "", "{}")]
    [InlineData("""{"addresses":[]}""", "IP=10.9.0.7/24,fd00:9::7/64;GATEWAY=10.9.0.1", "{}")]
    [InlineData(TwoFamilies, "", """{"args":{"cni":{"ips":["10.8.0.5/24"]}}}""")]
    [InlineData(TwoFamilies, "", """{"args":{"cni":{"ips":["10.8.0.5/24"]}},"runtimeConfig":{"ips":["10.7.0.5/24","fd00:7::5/64"]}}""")]
    [InlineData("""{"addresses":[]}""", "IP=10.9.0.7/24;GATEWAY=10.9.0.1", """{"runtimeConfig":{"ips":["10.9.0.77/24"]}}""")]
    [InlineData("""{"addresses":[{"address":"fd00:9::5/64"}],"routes":[{"dst":"fd00:1::1/64","gw":"fd00:9::1"}]}""", "", "{}")]
    [InlineData("""{"addresses":[{"address":"10.9.0.5/24","Address":{"IP":"10.9.0.5","Mask":"////AA=="},"version":"4"}]}""", "", "{}")]
    [InlineData("{}", "", "{}")]
    public void Each_source_gives_what_it_gives_with_the_reference(string ipam, string arguments, string more) =>
        Transcript.AssertSame(
            PluginDirectory.Reference,
            PluginDirectory.Ours,
            exactErrors: false,
            transcript =>
            {
                var config = Config(ipam, more);
                var pod = transcript.Node.AddPod();
                string[] variables = arguments.Length == 0 ? [] : ["CNI_ARGS=" + arguments];
                transcript.Call("ADD", pod, config, variables).Succeeded();
                transcript.Call("CHECK", pod, config, variables).Succeeded();
                transcript.Call("DEL", pod, config, variables).Succeeded();
            }
        );

    [KernelTheory]
    [InlineData("""{"addresses":[{"address":"10.9.0.5"}]}""", "", "{}")]
    [InlineData("{}", "IP=10.9.0.7", "{}")]
    [InlineData("{}", "IP=10.9.0.7/24;GATEWAY=zz", "{}")]
    [InlineData("{}", "", """{"runtimeConfig":{"ips":["10.2.2.2"]}}""")]
    [InlineData("""{"addresses":[{"address":"10.9.0.5/24","gateway":"zz"}]}""", "", "{}")]
    [InlineData("""{"addresses":[{"address":"10.9.0.5/24"},{"address":"10.9.0.6/24"}]}""", "", """{"cniVersion":"0.2.0"}""")]
    public void What_is_wrong_has_the_words_of_the_reference(string ipam, string arguments, string more) =>
        Transcript.AssertSame(
            PluginDirectory.Reference,
            PluginDirectory.Ours,
            exactErrors: false,
            transcript =>
            {
                string[] variables = arguments.Length == 0 ? [] : ["CNI_ARGS=" + arguments];
                Assert.Equal(1, transcript.Call("ADD", transcript.Node.AddPod(), Config(ipam, more), variables).ExitCode);
            }
        );

    // The reference's specs compare these errors whole.
    [KernelTheory]
    [InlineData("""{"addresses":[{"address":"10.9.0.5"}]}""", "", "{}", "correct ipam.addresses[0].address in the network config")]
    [InlineData("{}", "IP=10.9.0.7", "{}", "correct CNI_ARGS")]
    [InlineData("{}", "", """{"args":{"cni":{"ips":["10.2.2.2"]}}}""", "correct args.cni.ips in the network config")]
    [InlineData("{}", "", """{"runtimeConfig":{"ips":["10.2.2.2"]}}""", "correct runtimeConfig.ips in the network config")]
    public void What_the_reference_says_without_details_has_the_place_on_stderr(string ipam, string arguments, string more, string place)
    {
        using var node = new CniNode();
        string[] variables = arguments.Length == 0 ? [] : ["CNI_ARGS=" + arguments];
        var refused = node.Call("ADD", node.AddPod(), Config(ipam, more), variables);
        Assert.Equal("", refused.Details);
        Assert.Equal($"static: {refused.Message}: {place}\n", refused.Error);
    }

    // The reference sets it only on the addresses of CNI_ARGS, and forgets the config's where the runtime asks for another of the network.
    [KernelFact]
    public void A_gateway_holds_for_every_address_of_its_network()
    {
        using var node = new CniNode();
        var pod = node.AddPod();
        var result = node.Call("ADD", pod, Config("""{"addresses":[{"address":"10.9.0.5/24"}]}""", "{}"), "CNI_ARGS=GATEWAY=10.9.0.1")
            .Succeeded();
        Assert.Equal("10.9.0.1", (string?)result.Json["ips"]![0]!["gateway"]);
        result = node.Call(
                "ADD",
                pod,
                Config("""{"addresses":[{"address":"10.9.0.5/24"}]}""", """{"runtimeConfig":{"ips":["10.9.0.77/24"]}}"""),
                "CNI_ARGS=GATEWAY=10.9.0.1"
            )
            .Succeeded();
        Assert.Equal("10.9.0.1", (string?)result.Json["ips"]![0]!["gateway"]);
        result = node.Call("ADD", pod, Config(TwoFamilies, """{"runtimeConfig":{"ips":["10.9.0.77/24"]}}""")).Succeeded();
        Assert.Equal(
            ("10.9.0.77/24", "10.9.0.1"),
            ((string?)result.Json["ips"]![0]!["address"], (string?)result.Json["ips"]![0]!["gateway"])
        );
    }

    [KernelFact]
    public void CHECK_wants_each_address_in_the_result()
    {
        using var node = new CniNode();
        var pod = node.AddPod();
        node.Call("ADD", pod, Config(TwoFamilies, "{}")).Succeeded();
        var other = Config("""{"addresses":[{"address":"10.9.0.5/24","gateway":"10.9.0.1"},{"address":"10.9.0.6/24"}]}""", "{}");
        var output = node.Call("CHECK", pod, other);
        Assert.Equal((100, "static: Failed to match addr 10.9.0.6 on interface eth0"), (output.Code, output.Message));
    }

    // In one process, because both are of one build.
    [KernelFact]
    public void Bridge_gives_a_pod_its_address_without_a_child()
    {
        using var node = new CniNode();
        var config = node.BridgeConfig(static config =>
            config["ipam"] = JsonNode.Parse(TwoFamilies.Replace("{\"addr", "{\"type\":\"static\",\"addr"))
        );
        var pod = node.AddPod();
        node.Call("ADD", pod, config).Succeeded();
        Assert.Contains("10.9.0.5/24", pod.Tool("ip -br address show dev eth0"), StringComparison.Ordinal);
        node.Call("CHECK", pod, config).Succeeded();
        node.Call("DEL", pod, config).Succeeded();
    }

    private static JsonObject Config(string ipam, string more)
    {
        var config = new JsonObject
        {
            ["cniVersion"] = "1.0.0",
            ["name"] = "test",
            ["type"] = "static",
            ["ipam"] = JsonNode.Parse(ipam),
        };
        config["ipam"]!["type"] = "static";
        foreach (var (key, value) in JsonNode.Parse(more)!.AsObject())
            config[key] = value?.DeepClone();
        return config;
    }
}
