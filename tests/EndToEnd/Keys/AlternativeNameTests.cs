using Plugboard.Testing;
using Plugboard.Tests.EndToEnd.Harness;

namespace Plugboard.Tests.EndToEnd.Keys;

/// <summary>
/// Interfaces that the config names by an alternative name. systemd gives one to each device whose predictable name has more than 15
/// bytes.
/// </summary>
public sealed class AlternativeNameTests
{
    private const string Long = "enp129s0f1np1v127-of-the-second-card";

    // The reference: "numerical result out of range".
    [KernelTheory]
    [InlineData("macvlan", "master", "uplink0")]
    [InlineData("macvlan", "master", Long)]
    [InlineData("host-device", "device", "uplink0")]
    [InlineData("host-device", "device", Long)]
    public void An_interface_is_found_by_it_at_any_length(string type, string key, string name)
    {
        using var node = new CniNode();
        node.Tool("ip link add nic0 type veth peer name beyond");
        node.Tool("ip link set nic0 up");
        node.Tool("ip link set beyond up");
        node.Tool($"ip link property add dev nic0 altname {name}");
        var pod = node.AddPod();
        var config = node.BridgeConfig();
        config["type"] = type;
        config[key] = name;
        node.Call("ADD", pod, config).Succeeded();
        Assert.Contains("10.1.0.2/16", pod.Tool("ip -br address show dev eth0"), StringComparison.Ordinal);
        node.Call("CHECK", pod, config).Succeeded();
        node.Call("DEL", pod, config).Succeeded();
        Assert.Contains("nic0", node.Tool($"ip -br link show dev {name}"), StringComparison.Ordinal);
    }

    [KernelFact]
    public void A_name_that_no_interface_has_is_said_to_be_missing()
    {
        using var node = new CniNode();
        var config = node.BridgeConfig();
        (config["type"], config["master"]) = ("macvlan", Long);
        var refused = node.Call("ADD", node.AddPod(), config);
        Assert.Equal((7, $"failed to lookup master \"{Long}\": Link not found"), (refused.Code, refused.Message));
    }

    [KernelFact]
    public void A_bridge_is_found_by_it_also_by_CHECK()
    {
        using var node = new CniNode();
        node.Tool("ip link add br-of-node type bridge");
        node.Tool("ip link property add dev br-of-node altname cni0");
        var pod = node.AddPod();
        var config = node.BridgeConfig();
        var added = node.Call("ADD", pod, config).Succeeded();
        Assert.Equal("br-of-node", (string)added.Json["interfaces"]![0]!["name"]!);
        node.Call("CHECK", pod, config).Succeeded();
        node.Tool("ip link set br-of-node down");
        Assert.Equal("Bridge interface cni0 is down", node.Call("CHECK", pod, config).Message);
        node.Call("DEL", pod, config).Succeeded();
    }
}
