using System.Text.Json.Nodes;
using Plugboard.Testing;
using Plugboard.Tests.EndToEnd.Harness;

namespace Plugboard.Tests.EndToEnd.Faults;

/// <summary>STATUS where the records of pods, below /run, cannot be written.</summary>
public sealed class RecordDirectoryTests
{
    private const string Bridge = """{"type":"bridge","bridge":"cni0","ipMasq":true}""";
    private const string Ptp = """{"type":"ptp","ipMasq":true}""";
    private const string Firewall = """{"type":"firewall"}""";
    private const string HostDevice = """{"type":"host-device","device":"nic0"}""";
    private const string ReadOnly = "mount -o remount,ro /run";

    [KernelTheory]
    [InlineData(Bridge, ReadOnly, "mount the filesystem writable")]
    [InlineData(Ptp, ReadOnly, "mount the filesystem writable")]
    [InlineData(Firewall, ReadOnly, "mount the filesystem writable")]
    [InlineData(HostDevice, ReadOnly, "mount the filesystem writable")]
    [InlineData(Bridge, "touch /run/plugboard", "a file has the place of a directory, move it away")]
    [InlineData(
        Bridge,
        "mount -t tmpfs -o nr_inodes=1 full /run",
        "the filesystem of /run has space, but no inodes left (df -i /run): remove files there"
    )]
    public void A_plugin_that_records_each_pod_says_what_every_ADD_would_fail_by(string config, string damage, string advice)
    {
        using var node = new CniNode();
        node.Tool("ip link add nic0 type veth peer name beyond");
        var call = Complete(node, config);
        node.Call("STATUS", null, call).Succeeded();
        node.Tool(damage);
        var status = node.Call("STATUS", null, call);
        Assert.Equal(50, status.Code);
        Assert.StartsWith($"cannot write a record of a pod in /run/plugboard/{Directory(config)}: ", (string)status.Json["msg"]!);
        Assert.Equal($"every ADD fails until it can: {advice}", (string)status.Json["details"]!);
        Assert.NotEqual(0, node.Call("ADD", node.AddPod(), call).ExitCode);
    }

    [KernelFact]
    public void A_bridge_without_rules_needs_no_record()
    {
        using var node = new CniNode();
        node.Tool(ReadOnly);
        var call = Complete(node, """{"type":"bridge","bridge":"cni0"}""");
        node.Call("STATUS", null, call).Succeeded();
        node.Call("ADD", node.AddPod(), call).Succeeded();
    }

    private static string Directory(string config) =>
        (string)JsonNode.Parse(config)!["type"]! is var type && type == "ptp" ? "bridge" : type;

    private static JsonObject Complete(CniNode node, string keys)
    {
        var config = JsonNode.Parse(keys)!.AsObject();
        (config["cniVersion"], config["name"]) = ("1.1.0", "test");
        if ((string)config["type"]! is "bridge" or "ptp")
            config["ipam"] = node.BridgeConfig()["ipam"]!.DeepClone();
        if ((string)config["type"]! is "firewall")
            config["prevResult"] = JsonNode.Parse(
                """{"cniVersion":"1.1.0","interfaces":[{"name":"eth0","sandbox":"/pod"}],"ips":[{"address":"10.1.0.2/16","interface":0}]}"""
            );
        return config;
    }
}
