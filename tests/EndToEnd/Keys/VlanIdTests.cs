using System.Text.Json.Nodes;
using Plugboard.Testing;
using Plugboard.Tests.EndToEnd.Harness;

namespace Plugboard.Tests.EndToEnd.Keys;

/// <summary>The VLAN of <c>vlan</c>.</summary>
public sealed class VlanIdTests
{
    private const string Warning = "vlanId is missing: the interface has VLAN 0, which is for priorities alone";

    // The reference makes VLAN 0 without a word. Where the kernel has no VLANs, the call fails after it.
    [KernelTheory]
    [InlineData("""{"vlan":100}""", true)]
    [InlineData("""{"vlanId":null}""", true)]
    [InlineData("""{"vlanId":0}""", false)]
    [InlineData("""{"VlanID":100}""", false)]
    public void A_config_without_a_VLAN_is_for_VLAN_0_which_ADD_and_validate_say(string keys, bool warns)
    {
        using var node = new CniNode();
        node.Tool("ip link add wire type veth peer name beyond");
        node.Tool("ip link set wire up");
        var config = JsonNode.Parse("""{"cniVersion":"1.0.0","name":"test","type":"vlan","master":"wire","ipam":{"type":"static"}}""")!;
        var call = config.AsObject().With(keys).With("""{"ipam":{"addresses":[{"address":"10.9.0.5/24"}]}}""");
        var added = node.Call("ADD", node.AddPod(), call);
        Assert.True(added.ExitCode == 0 || added.Code == 2, added.Output);
        Assert.Equal(warns, added.Error.Contains(Warning, StringComparison.Ordinal));

        string[] validate = [Path.Combine(node.Plugins, "vlan"), "validate"];
        var (_, output, error) = node.TryTool(validate, call.ToJsonString(), []);
        Assert.Equal(
            warns,
            (output + error).Contains(Warning.Replace("vlanId ", "vlanId: ", StringComparison.Ordinal), StringComparison.Ordinal)
        );
    }
}
