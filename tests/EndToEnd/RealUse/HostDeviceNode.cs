using System.Text.Json;
using System.Text.Json.Nodes;
using Plugboard.Tests.EndToEnd.Harness;

namespace Plugboard.Tests.EndToEnd.RealUse;

/// <summary>
/// A node with a device, nic0, that has everything a device can have, and configs of host-device. The device is one end of a veth pair:
/// its other end, beyond, stays on the node.
/// </summary>
internal sealed class HostDeviceNode : IDisposable
{
    /// <summary>Where the plugin has its records.</summary>
    public const string Records = "/run/plugboard/host-device";

    public HostDeviceNode()
    {
        Node.Ip(
            $"""
            link add nic0 mtu 1400 address {Transcript.FixedMac} type veth peer name beyond
            link set nic0 txqueuelen 77 alias uplink-of-rack-7 up
            link set beyond up
            addr add 192.0.2.1/24 dev nic0
            addr add 192.0.2.9/24 dev nic0
            addr add 198.51.100.1/32 dev nic0
            addr add fd00:9::1/64 dev nic0 nodad
            """
        );
    }

    public CniNode Node { get; } = new();

    /// <summary>A config by the keys of a JSON object.</summary>
    public static JsonObject Config(string keys = """{"device":"nic0"}""", string version = "1.0.0")
    {
        var config = JsonNode.Parse(keys)!.AsObject();
        (config["cniVersion"], config["name"], config["type"]) = (version, "test", "host-device");
        return config;
    }

    /// <summary>The same with host-local.</summary>
    public JsonObject WithIpam(string keys = """{"device":"nic0"}""", string version = "1.0.0")
    {
        var config = Config(keys, version);
        config["ipam"] = Node.BridgeConfig()["ipam"]!.DeepClone();
        config["ipam"]!["ranges"]!.AsArray().Add(new JsonArray(new JsonObject { ["subnet"] = "fd00:1::/64" }));
        return config;
    }

    /// <summary>All of a device that its owner set, a line a fact.</summary>
    public IReadOnlyList<string> Facts(string name = "nic0")
    {
        var link = Node.Json($"ip -j -d link show dev {name}")[0];
        var facts = new List<string>();
        foreach (var key in (string[])["ifname", "ifalias", "mtu", "address", "txqlen"])
            facts.Add($"{key} {(link.TryGetProperty(key, out var value) ? value : default)}");
        facts.Add($"up {link.GetProperty("flags").EnumerateArray().Any(static flag => flag.GetString() == "UP")}");
        var addresses = Node.Json($"ip -j addr show dev {name}")[0].GetProperty("addr_info").EnumerateArray();
        facts.AddRange(addresses.Where(static each => !Text(each, "local").StartsWith("fe80", StringComparison.Ordinal)).Select(Address));
        return facts;
    }

    private static string Address(JsonElement address) =>
        $"{Text(address, "local")}/{address.GetProperty("prefixlen")} {Text(address, "scope")}"
        + (address.TryGetProperty("secondary", out _) ? " secondary" : "");

    private static string Text(JsonElement element, string key) => element.GetProperty(key).GetString()!;

    /// <summary>Fails the test unless nothing is on record.</summary>
    public void HasNoRecord() => Assert.Equal("", Node.TryTool(["ls", Records]).Output);

    /// <summary>Removes the records: as after an ADD of the reference plugin, which has only the alias.</summary>
    public void ForgetRecords() => Node.Tool($"find {Records} -type f -delete");

    /// <summary>True if the node has an interface.</summary>
    public bool Has(string name) => Node.TryTool(["ip", "link", "show", "dev", name]).ExitCode == 0;

    public void Dispose() => Node.Dispose();
}
