using Plugboard.Testing;
using Plugboard.Tests.EndToEnd.Harness;

namespace Plugboard.Tests.EndToEnd.Keys;

/// <summary>Configs that are refused before anything is done.</summary>
public sealed class RefusalTests
{
    private static void NothingWasDone(CniNode node)
    {
        Assert.Equal("lo", Assert.Single(node.Json("ip -j link show").EnumerateArray()).GetProperty("ifname").GetString());
        Assert.Empty(node.Leases());
    }

    [KernelFact]
    public void A_backend_that_there_is_none_of_is_refused_by_key_and_value()
    {
        using var node = new CniNode();
        var pod = node.AddPod();
        var config = node.BridgeConfig("""{"cniVersion":"1.1.0","ipMasq":true,"ipMasqBackend":"ipfw"}""");
        foreach (var verb in new[] { "ADD", "CHECK", "STATUS" })
        {
            var refused = node.Call(verb, verb == "STATUS" ? null : pod, config);
            Assert.Equal((2, "unknown ipmasq backend \"ipfw\""), (refused.Code, refused.Message));
        }

        NothingWasDone(node);
        node.Call("DEL", pod, config).Succeeded();
    }

    [KernelFact]
    public void Keys_that_are_off_make_no_rules()
    {
        using var node = new CniNode();
        node.Call("ADD", node.AddPod(), node.BridgeConfig("""{"ipMasq":false,"ipMasqBackend":"","macspoofchk":false}""")).Succeeded();
        Assert.Equal("", node.Tool("nft list ruleset"));
        Assert.NotEqual(0, node.TryTool(["ls", "/run/plugboard"]).ExitCode);
    }

    [KernelTheory]
    [InlineData("""{"hairpinMode":true,"promiscMode":true}""", "cannot set hairpin mode and promiscuous mode at the same time")]
    [InlineData("""{"disableContainerInterface":true}""", "cannot use IPAM when DisableContainerInterface flag is set")]
    [InlineData("""{"vlan":5000}""", "invalid VLAN ID 5000 (must be between 0 and 4094)")]
    [InlineData("""{"vlan":-1}""", "invalid VLAN ID -1 (must be between 0 and 4094)")]
    [InlineData("""{"vlanTrunk":[{"minID":0,"maxID":5}]}""", "incorrect trunk minID parameter")]
    [InlineData("""{"vlanTrunk":[{"minID":1,"maxID":4095}]}""", "incorrect trunk maxID parameter")]
    [InlineData("""{"vlanTrunk":[{"minID":9,"maxID":5}]}""", "minID is greater than maxID in trunk parameter")]
    [InlineData("""{"vlanTrunk":[{"maxID":5}]}""", "minID and maxID should be configured simultaneously, minID is missing")]
    [InlineData("""{"vlanTrunk":[{"minID":5}]}""", "minID and maxID should be configured simultaneously, maxID is missing")]
    [InlineData("""{"vlanTrunk":[{"id":4095}]}""", "incorrect trunk id parameter")]
    [InlineData("""{"runtimeConfig":{"mac":"nonsense"}}""", "address nonsense: invalid MAC address")]
    [InlineData("""{"mtu":-5}""", "invalid mtu -5")]
    [InlineData("""{"bridge":"a-name-of-sixteen"}""", "invalid bridge name \"a-name-of-sixteen\"")]
    [InlineData("""{"bridge":"a/b"}""", "invalid bridge name \"a/b\"")]
    [InlineData("""{"name":""}""", "missing network name")]
    [InlineData("""{"name":"a b"}""", "invalid characters found in network name")]
    public void An_invalid_value_is_error_7_with_the_references_text(string patch, string message)
    {
        using var node = new CniNode();
        var refused = node.Call("ADD", node.AddPod(), node.BridgeConfig(patch));
        Assert.Equal((7, message), (refused.Code, refused.Message));
        NothingWasDone(node);
    }

    [KernelTheory]
    [InlineData("""{"mtu":"1500"}""", "mtu")]
    [InlineData("""{"mtu":100.5}""", "mtu")]
    [InlineData("""{"isGateway":"yes"}""", "isGateway")]
    [InlineData("""{"bridge":7}""", "bridge")]
    [InlineData("""{"vlanTrunk":{"id":5}}""", "vlanTrunk")]
    [InlineData("""{"ipam":"host-local"}""", "ipam")]
    [InlineData("""{"dns":{"nameservers":"10.0.0.1"}}""", "nameservers")]
    public void A_value_of_the_wrong_type_is_error_6_and_its_key_is_named(string patch, string key)
    {
        using var node = new CniNode();
        var refused = node.Call("ADD", node.AddPod(), node.BridgeConfig(patch));
        Assert.Equal(6, refused.Code);
        Assert.Contains(key, refused.Message, StringComparison.Ordinal);
        NothingWasDone(node);
    }

    [KernelFact]
    public void A_device_of_another_kind_is_no_bridge()
    {
        using var node = new CniNode();
        node.Tool("ip link add cni0 type veth peer name other");
        var pod = node.AddPod();
        var refused = node.Call("ADD", pod, node.BridgeConfig());
        Assert.Equal((7, "failed to create bridge \"cni0\": \"cni0\" already exists but is not a bridge"), (refused.Code, refused.Message));
        Assert.Contains("veth", refused.Details, StringComparison.Ordinal);
        Assert.False(pod.HasLink("eth0"));
    }

    [KernelTheory]
    [InlineData("ADD", "9.9.9", 1, "incompatible CNI versions")]
    [InlineData("DEL", "1.0", 1, "incompatible CNI versions")]
    [InlineData("CHECK", "0.3.1", 1, "config version does not allow CHECK")]
    [InlineData("CHECK", "2.0.0", 1, "plugin version does not allow CHECK")]
    [InlineData("GC", "1.0.0", 1, "config version does not allow GC")]
    [InlineData("STATUS", "1.0.0", 1, "config version does not allow STATUS")]
    [InlineData("STATUS", "1.2.0", 1, "plugin version does not allow STATUS")]
    [InlineData("CHECK", "x.0.0", 6, "failed to convert major version part \"x\": strconv.Atoi: parsing \"x\": invalid syntax")]
    public void A_version_that_does_not_allow_the_verb_is_refused(string verb, string version, int code, string message)
    {
        using var node = new CniNode();
        var refused = node.Call(verb, node.AddPod(), node.BridgeConfig($$"""{"cniVersion":"{{version}}"}"""));
        Assert.Equal((code, message), (refused.Code, refused.Message));
        NothingWasDone(node);
    }

    [KernelTheory]
    [InlineData("""{"mtu":-1,"vlan":5000,"hairpinMode":"x"}""", "mtu: invalid mtu -1", "vlan: invalid VLAN ID 5000", "hairpinMode: ")]
    [InlineData("""{"ipMasq":"yes","ipMasqBackend":"ipfw"}""", "ipMasq: ", "ipMasqBackend: unknown ipmasq backend \"ipfw\"")]
    [InlineData("""{"hairPinMod":true}""", "hairPinMod: is no key of bridge")]
    [InlineData("""{"vlanTrunk":[{"id":0}]}""", "vlanTrunk: incorrect trunk id parameter")]
    [InlineData("""{"hairpinMode":true,"promiscMode":true}""", "cannot set hairpin mode and promiscuous mode")]
    [InlineData("""{"disableContainerInterface":true}""", "disableContainerInterface: cannot use IPAM")]
    [InlineData("""{"args":{"cni":{"mac":"zz"}}}""", "mac: address zz: invalid MAC address")]
    [InlineData("""{"ipam":{"ranges":[[{"subnet":"10.1.0.1/16"}]]}}""", "10.1.0.0")]
    [InlineData("""{"ipam":{"ranges":null}}""", "no IP ranges specified")]
    [InlineData("""{"cniVersion":"3.0.0"}""", "incompatible CNI versions")]
    [InlineData("""{"name":null}""", "missing network name")]
    public void Validate_says_each_thing_that_is_wrong_and_where(string patch, params string[] findings)
    {
        using var node = new CniNode();
        var (exitCode, output, _) = node.TryTool([Path.Combine(node.Plugins, "bridge"), "validate"], node.BridgeConfig(patch).ToJsonString());
        Assert.Equal(1, exitCode);
        Assert.All(findings, finding => Assert.Contains(finding, output, StringComparison.Ordinal));
        Assert.Equal(findings.Length, output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
    }

    [KernelFact]
    public void Validate_has_nothing_to_say_about_a_good_config()
    {
        using var node = new CniNode();
        var config = node.BridgeConfig("""{"MTU":1400,"vlanTrunk":[{"id":5},{"minID":7,"maxID":9}],"capabilities":{"mac":true},"promiscMode":null}""");
        Assert.Equal((0, "The config is valid.\n", ""), node.TryTool([Path.Combine(node.Plugins, "bridge"), "validate"], config.ToJsonString()));
    }
}
