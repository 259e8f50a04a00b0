using System.Text.Json.Nodes;
using Plugboard.Testing;
using Plugboard.Tests.EndToEnd.Harness;

namespace Plugboard.Tests.EndToEnd.RealUse;

/// <summary>What vrf does on any kernel; the rest is tested in a guest that has VRFs.</summary>
public sealed class VrfTests
{
    // A runtime calls DEL after an ADD that failed, and ends with the first plugin that fails: the others then keep what they have.
    [KernelTheory]
    [InlineData("{}")]
    [InlineData("""{"vrfname":""}""")]
    [InlineData("""{"vrfname":5}""")]
    [InlineData("""{"vrfname":"longer-than-a-name"}""")]
    [InlineData("""{"vrfname":"a b","table":254}""")]
    public void DEL_succeeds_with_a_config_that_no_ADD_accepts(string keys)
    {
        using var node = new CniNode();
        var pod = node.AddPod();
        node.Call("ADD", pod, node.BridgeConfig()).Succeeded();
        var config = JsonNode.Parse(keys)!.AsObject();
        (config["cniVersion"], config["name"], config["type"]) = ("1.0.0", "test", "vrf");
        config["prevResult"] = pod.Result!.DeepClone();
        Assert.NotEqual(0, node.Call("ADD", pod, (JsonObject)config.DeepClone()).Code);
        node.Call("DEL", pod, config).Succeeded();
    }
}
