using System.Text.Json.Nodes;
using Plugboard.Testing;
using Plugboard.Tests.EndToEnd.Harness;

namespace Plugboard.Tests.EndToEnd.Faults;

/// <summary>DEL wants no more of its config and its environment than it needs.</summary>
public sealed class LenientDelTests
{
    [KernelTheory]
    [InlineData("""{"vlan":5000}""")]
    [InlineData("""{"vlan":"ten"}""")]
    [InlineData("""{"vlanTrunk":[{"minID":9,"maxID":2}]}""")]
    [InlineData("""{"ipMasq":true}""")]
    [InlineData("""{"macspoofchk":true}""")]
    [InlineData("""{"hairpinMode":true,"promiscMode":true}""")]
    [InlineData("""{"mtu":-1,"isGateway":"yes","dns":[],"args":7,"runtimeConfig":"x"}""")]
    [InlineData("""{"bridge":"a name that no link can have"}""")]
    [InlineData("""{"bridge":17}""")]
    [InlineData("""{"prevResult":"garbage"}""")]
    [InlineData("""{"prevResult":{"cniVersion":"9.9.9","ips":{}}}""")]
    [InlineData("""{"prevResult":{"cniVersion":"1.0.0","ips":[{"address":"10.1.0.99/16"}]}}""")]
    public void A_config_that_no_longer_validates_blocks_nothing(string change) =>
        AssertReleased(config =>
        {
            foreach (var (key, value) in JsonNode.Parse(change)!.AsObject())
                config[key] = value!.DeepClone();
        });

    [KernelTheory]
    [InlineData("""[[{"subnet":"10.1.0.7/16"}]]""")]
    [InlineData("""[[{"subnet":"nonsense"}]]""")]
    [InlineData("""[]""")]
    [InlineData("""{"no":"list"}""")]
    public void Ranges_that_no_longer_validate_block_nothing(string ranges) =>
        AssertReleased(config => config["ipam"]!["ranges"] = JsonNode.Parse(ranges));

    [KernelTheory]
    [InlineData("CNI_ARGS=K8S_POD_NAME=x")]
    [InlineData("CNI_ARGS=;;=")]
    [InlineData("CNI_ARGS=IP=none;MAC=none")]
    [InlineData("CNI_NETNS=")]
    public void Arguments_that_ADD_would_refuse_block_nothing(string variable) => AssertReleased(static _ => { }, variable);

    // Longer than a file's name and an nftables chain's can be, and as long as an id is accepted.
    [KernelTheory]
    [InlineData("bridge", """{"ipMasq":true,"macspoofchk":true}""")]
    [InlineData("ptp", """{"ipMasq":true}""")]
    [InlineData("macvlan", """{"master":"lo"}""")]
    [InlineData("tap", "{}")]
    [InlineData("host-device", """{"device":"lo"}""")]
    [InlineData("sriov", """{"deviceID":"0000:01:10.0"}""")]
    [InlineData("tuning", """{"mtu":1400}""")]
    [InlineData("portmap", """{"runtimeConfig":{"portMappings":[{"hostPort":8080,"containerPort":80}]}}""")]
    [InlineData("firewall", "{}")]
    [InlineData("bandwidth", """{"egressRate":8000000}""")]
    public void A_container_id_of_255_bytes_is_deleted(string plugin, string keys)
    {
        using var node = new CniNode();
        foreach (var family in (string[])["ip", "bridge"])
            node.Tool($"nft add table {family} nat");
        foreach (var directory in (string[])["/run/plugboard/host-device", "/run/cni/tuning", "/var/lib/cni/sriov"])
            node.Tool($"mkdir -p {directory}");
        var pod = node.AddPod(new string('c', 255), "eth0123456789ab");
        var config = node.BridgeConfig(keys).With($$"""{"type":"{{plugin}}"}""");
        node.Call("DEL", pod, config).Succeeded();
        node.Call("DEL", pod, config, "CNI_NETNS=").Succeeded();
    }

    [KernelFact]
    public void Without_its_IPAM_plugin_DEL_fails_but_the_pair_is_gone_and_the_next_one_releases_the_address()
    {
        using var node = new CniNode();
        var config = node.BridgeConfig();
        var pod = node.AddPod();
        node.Call("ADD", pod, config).Succeeded();
        var failed = node.Call("DEL", pod, config, $"CNI_PATH={node.Directory}");
        Assert.Equal(4, failed.Code);
        Assert.Contains("host-local", failed.Message, StringComparison.Ordinal);
        Assert.Equal("", node.Tool("ip -brief link show type veth"));
        Assert.Single(node.Leases());
        node.Call("DEL", pod, config).Succeeded();
        Assert.Empty(node.Leases());
    }

    [KernelFact]
    public void DEL_of_what_never_was_and_DEL_again_succeed_and_change_nothing()
    {
        using var node = new CniNode();
        var config = node.BridgeConfig();
        var (pod, other) = (node.AddPod(), node.AddPod());
        var untouched = MachineState.Of(node, pod);
        node.Call("DEL", pod, config).Succeeded();
        Assert.Empty(untouched.Difference(MachineState.Of(node, pod)));

        node.Call("ADD", other, config).Succeeded();
        var before = MachineState.Of(node, pod, other);
        node.Call("DEL", pod, config).Succeeded();
        node.Call("ADD", pod, config).Succeeded();
        node.Call("DEL", pod, config).Succeeded();
        node.Call("DEL", pod, config).Succeeded();
        Assert.Empty(before.Difference(MachineState.Of(node, pod, other)));
    }

    private static void AssertReleased(Action<JsonObject> change, params string[] variables)
    {
        using var node = new CniNode();
        var pod = node.AddPod();
        var before = MachineState.Of(node, pod);
        node.Call("ADD", pod, node.BridgeConfig()).Succeeded();
        node.Call("DEL", pod, node.BridgeConfig(change), variables).Succeeded();
        Assert.Empty(before.Difference(MachineState.Of(node, pod), FaultyMachine.IsOfTheBridge));
    }
}
