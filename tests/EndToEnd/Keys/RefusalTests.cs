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
        Assert.Equal("locks\n", node.Tool("ls /run/plugboard"));
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
    [InlineData("""{"bridge":"br%d"}""", "invalid bridge name \"br%d\"")]
    [InlineData("""{"bridge":"all"}""", "invalid bridge name \"all\"")]
    [InlineData("""{"bridge":".."}""", "invalid bridge name \"..\"")]
    [InlineData("""{"bridge":"a:b"}""", "invalid bridge name \"a:b\"")]
    [InlineData("""{"bridge":"a b"}""", "invalid bridge name \"a b\"")]
    [InlineData("""{"bridge":"\u00e0"}""", "invalid bridge name \"à\"")]
    [InlineData("""{"mtu":67}""", "invalid mtu 67")]
    [InlineData("""{"mtu":65536}""", "invalid mtu 65536")]
    [InlineData("""{"mtu":1000,"ipam":{"subnet":"fd00:1::/64"}}""", "invalid mtu 1000: the IPv6 range fd00:1::/64 needs 1280")]
    [InlineData("""{"vlan":4095}""", "invalid VLAN ID 4095 (must be between 0 and 4094)")]
    [InlineData(
        """{"vlan":4000,"bridge":"elevenbytes"}""",
        "failed to create vlan interface \"elevenbytes.4000\": the name is longer than 15 bytes"
    )]
    [InlineData("""{"runtimeConfig":{"mac":"01:00:00:00:00:01"}}""", "address 01:00:00:00:00:01: invalid MAC address")]
    [InlineData("""{"runtimeConfig":{"mac":"00:00:00:00:00:00"}}""", "address 00:00:00:00:00:00: invalid MAC address")]
    [InlineData("""{"runtimeConfig":{"mac":"ff:ff:ff:ff:ff:ff"}}""", "address ff:ff:ff:ff:ff:ff: invalid MAC address")]
    [InlineData("""{"runtimeConfig":{"mac":"02:00:00:00:00"}}""", "address 02:00:00:00:00: invalid MAC address")]
    [InlineData("""{"args":{"cni":{"mac":"02:00:00:00:00:00:00:01"}}}""", "address 02:00:00:00:00:00:00:01: invalid MAC address")]
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
    [InlineData("""{"runtimeConfig":{"mac":"03:00:00:00:00:01"}}""", "", "runtimeConfig.mac has the group bit")]
    [InlineData("""{"args":{"cni":{"mac":"00:00:00:00:00:00"}}}""", "", "args.cni.mac is zero")]
    [InlineData("{}", "MAC=e7:d1:44:8d:65:b0", "the MAC of CNI_ARGS has the group bit")]
    [InlineData("{}", "MAC=e7", "the MAC of CNI_ARGS wants six bytes")]
    public void A_hardware_address_that_is_not_one_interfaces_is_refused_with_key_and_reason(string patch, string args, string reason)
    {
        using var node = new CniNode();
        var refused = node.Call("ADD", node.AddPod(), node.BridgeConfig(patch), $"CNI_ARGS={args}");
        Assert.Equal(7, refused.Code);
        Assert.StartsWith(reason, refused.Details, StringComparison.Ordinal);
        NothingWasDone(node);
    }

    [KernelTheory]
    [InlineData("eth%d")]
    [InlineData("all")]
    public void An_interface_name_that_the_kernel_does_not_give_is_refused_and_DEL_of_it_succeeds(string name)
    {
        using var node = new CniNode();
        var pod = node.AddPod();
        var refused = node.Call("ADD", pod, node.BridgeConfig(), $"CNI_IFNAME={name}");
        Assert.Equal((4, $"invalid interface name \"{name}\""), (refused.Code, refused.Message));
        NothingWasDone(node);
        node.Call("DEL", pod, node.BridgeConfig(), $"CNI_IFNAME={name}").Succeeded();
    }

    [KernelTheory]
    [InlineData("""{"vlan":100}""")]
    [InlineData("""{"vlanTrunk":[{"id":5}]}""")]
    public void VLANs_that_the_kernel_does_not_know_are_error_2_and_named(string patch)
    {
        using var node = new CniNode();
        if (node.TryTool(["ip", "link", "add", "probe", "type", "bridge", "vlan_filtering", "1"]).ExitCode == 0)
        {
            node.Tool("ip link del probe");
            node.Call("ADD", node.AddPod(), node.Layer2Config(patch)).Succeeded();
            return;
        }

        var refused = node.Call("ADD", node.AddPod(), node.Layer2Config(patch));
        Assert.Equal(2, refused.Code);
        Assert.Contains("VLANs on bridges", refused.Message, StringComparison.Ordinal);
        Assert.Contains("remove vlan and vlanTrunk", refused.Details, StringComparison.Ordinal);
        NothingWasDone(node);
        node.Tool("ip link add cni0 type bridge");
        Assert.Equal(2, node.Call("ADD", node.AddPod(), node.Layer2Config(patch)).Code);
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
    [InlineData("""{"hairPinMod":true}""", "hairPinMod: is not a key of bridge")]
    [InlineData("""{"vlanTrunk":[{"id":0}]}""", "vlanTrunk: incorrect trunk id parameter")]
    [InlineData("""{"hairpinMode":true,"promiscMode":true}""", "cannot set hairpin mode and promiscuous mode")]
    [InlineData("""{"disableContainerInterface":true}""", "disableContainerInterface: cannot use IPAM")]
    [InlineData("""{"args":{"cni":{"mac":"zz"}}}""", "mac: address zz: invalid MAC address")]
    [InlineData("""{"ipam":{"ranges":[[{"subnet":"10.1.0.1/16"}]]}}""", "10.1.0.0")]
    [InlineData("""{"ipam":{"ranges":null}}""", "no IP ranges specified")]
    [InlineData(
        """{"ipam":{"ranges":[[{"subnet":"10.1.0.0/16"}],[{"subnet":"10.2.0.0/16"}]]}}""",
        "ipam: failed to set bridge addr: \"cni0\" cannot have both gateways 10.1.0.1/16 and 10.2.0.1/16"
    )]
    [InlineData(
        """{"forceAddress":true,"ipam":{"ranges":[[{"subnet":"10.1.0.0/16"}],[{"subnet":"10.2.0.0/16"}]]}}""",
        "ipam: with forceAddress \"cni0\" keeps only the gateway 10.2.0.1/16, and pods lose 10.1.0.1/16"
    )]
    [InlineData(
        """{"ipam":{"type":"static","dataDir":null,"ranges":null,"addresses":[{"address":"10.1.0.5/16","gateway":"10.3.0.1"}]}}""",
        "gateway 10.3.0.1 of route 0.0.0.0/0 is in none of the pod's networks (10.1.0.0/16)"
    )]
    [InlineData("""{"cniVersion":"3.0.0"}""", "incompatible CNI versions")]
    [InlineData("""{"name":null}""", "missing network name")]
    public void Validate_says_each_thing_that_is_wrong_and_where(string patch, params string[] findings)
    {
        using var node = new CniNode();
        var (exitCode, output, _) = node.TryTool(
            [Path.Combine(node.Plugins, "bridge"), "validate"],
            node.BridgeConfig(patch).ToJsonString()
        );
        Assert.Equal(1, exitCode);
        Assert.All(findings, finding => Assert.Contains(finding, output, StringComparison.Ordinal));
        Assert.Equal(findings.Length, output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
    }

    [KernelFact]
    public void Validate_has_nothing_to_say_about_a_good_config()
    {
        using var node = new CniNode();
        var config = node.BridgeConfig(
            """{"MTU":1400,"vlanTrunk":[{"id":5},{"minID":7,"maxID":9}],"capabilities":{"mac":true},"promiscMode":null}"""
        );
        Assert.Equal(
            (0, "The config is valid.\n", ""),
            node.TryTool([Path.Combine(node.Plugins, "bridge"), "validate"], config.ToJsonString())
        );
    }
}
