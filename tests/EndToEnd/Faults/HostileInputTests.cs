using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Plugboard.Netlink.Route;
using Plugboard.Testing;
using Plugboard.Tests.EndToEnd.Harness;

namespace Plugboard.Tests.EndToEnd.Faults;

/// <summary>
/// Three thousand wrong inputs for the executables (tests/Fuzz has a million for their readers): each answers with one JSON document, or
/// with nothing and success, and none crashes. The node's root is read-only but for its own directory, so that no path that comes out of it
/// does harm.
/// </summary>
public sealed class HostileInputTests
{
    private const int Rounds = 1_500;

    [KernelFact]
    public void Whatever_comes_in_one_document_or_none_goes_out() => CallsBeside.AtOnce([19, 84], Run);

    private static void Run(int seed)
    {
        using var node = new CniNode();
        node.Tool($"mount -t tmpfs tmpfs {node.Directory}");
        node.Tool("mount -o remount,bind,ro /");
        var pod = node.AddPod();
        var mutation = new Mutation(seed);
        var inputs = Inputs(node);
        var findings = new List<string>();
        var counts = new Dictionary<int, int>();
        for (var round = 0; round < Rounds; round++)
        {
            var (plugin, verb, valid) = mutation.Pick(inputs);
            var input = mutation.Apply(valid);
            var output = node.RunInside(verb, pod, plugin, input);
            if (
                !output.IsProper(verb)
                || output.Error.Contains("nhandled", StringComparison.Ordinal)
                || output.Error.Contains("   at ", StringComparison.Ordinal)
            )
                findings.Add(
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"seed {seed} round {round}: {plugin} {verb}: {output.ExitCode} {Short(output.Output)} {Short(output.Error)}"
                    )
                );
            counts[output.ExitCode] = counts.GetValueOrDefault(output.ExitCode) + 1;
            if (verb == "ADD")
                Clean(node, pod);
        }

        Assert.True(findings.Count == 0, string.Join('\n', findings));
        Assert.True(counts[0] > 30 && counts[1] > 30, "the inputs are all wrong, or all right");
    }

    private static (string Plugin, string Verb, byte[] Input)[] Inputs(CniNode node)
    {
        var bridge = node.BridgeConfig(static config =>
        {
            config["cniVersion"] = "1.1.0";
            config["mtu"] = 1400;
            config["dns"] = new JsonObject { ["nameservers"] = new JsonArray("10.0.0.1") };
            config["args"] = new JsonObject { ["cni"] = new JsonObject { ["ips"] = new JsonArray("10.1.0.9") } };
            config["runtimeConfig"] = new JsonObject { ["mac"] = "02:00:00:00:00:09" };
        });
        var withResult = (JsonObject)bridge.DeepClone();
        withResult["prevResult"] = JsonNode.Parse(
            """{"cniVersion":"1.1.0","interfaces":[{"name":"cni0","mac":"02:00:00:00:00:01"},"""
                + """{"name":"eth0","sandbox":"/x"}],"ips":[{"address":"10.1.0.2/16","interface":1}],"routes":[{"dst":"0.0.0.0/0"}]}"""
        );
        var device = WithDevice(bridge);
        var withDevice = WithDevice(withResult);
        var collected = (JsonObject)bridge.DeepClone();
        collected["cni.dev/valid-attachments"] = new JsonArray(new JsonObject { ["containerID"] = "pod0", ["ifname"] = "eth0" });
        var limited = (JsonObject)withResult.DeepClone();
        limited["ingressRate"] = 8000000;
        limited["ingressBurst"] = 800000;
        limited["latency"] = 50;
        limited["runtimeConfig"] = new JsonObject { ["bandwidth"] = new JsonObject { ["egressRate"] = 8000000 } };
        return
        [
            .. Each("bridge", bridge, "ADD", "STATUS"),
            .. Each("bridge", withResult, "DEL", "CHECK"),
            .. Each("bridge", collected, "GC"),
            .. Each("host-local", bridge, "ADD", "DEL", "STATUS"),
            .. Each("host-local", withResult, "CHECK"),
            .. Each("host-local", collected, "GC"),
            .. Each("loopback", withResult, "ADD", "DEL", "CHECK"),
            .. Each("static", bridge, "ADD", "DEL", "STATUS"),
            .. Each("static", withResult, "CHECK"),
            .. Each("dhcp", bridge, "ADD", "DEL", "STATUS"),
            .. Each("dhcp", withResult, "CHECK"),
            .. Each("dhcp", collected, "GC"),
            .. Each("ptp", bridge, "ADD", "STATUS"),
            .. Each("ptp", withResult, "DEL", "CHECK"),
            .. Each("ptp", collected, "GC"),
            .. Each("tuning", withResult, "DEL", "CHECK"),
            .. Each("firewall", withResult, "ADD", "DEL", "CHECK"),
            .. Each("sbr", withResult, "ADD", "DEL", "CHECK"),
            .. Each("vrf", withResult, "DEL", "CHECK"),
            .. Each("tap", bridge, "ADD", "DEL", "STATUS"),
            .. Each("bandwidth", limited, "ADD", "DEL", "CHECK", "STATUS"),
            .. Each("host-device", device, "ADD", "STATUS"),
            .. Each("host-device", withDevice, "DEL", "CHECK"),
            .. Each("host-device", collected, "GC"),
            .. Each("sriov", device, "ADD", "STATUS"),
            .. Each("sriov", withDevice, "DEL", "CHECK"),
            .. Each("sriov", collected, "GC"),
            .. Each("macvlan", bridge, "ADD", "STATUS"),
            .. Each("macvlan", withResult, "DEL", "CHECK"),
        ];
    }

    // Keys of host-device and of sriov, of devices that the node does not have.
    private static JsonObject WithDevice(JsonObject config)
    {
        var device = (JsonObject)config.DeepClone();
        (device["device"], device["hwaddr"], device["kernelpath"]) = ("nic0", "02:00:00:00:00:07", "/sys/devices/none");
        (device["pciBusID"], device["deviceID"]) = ("0000:01:10.0", "0000:01:10.0");
        (device["vlan"], device["vlanQoS"], device["vlanProto"], device["mac"]) = (5, 3, "802.1Q", "02:00:00:00:00:08");
        (device["min_tx_rate"], device["max_tx_rate"], device["spoofchk"], device["link_state"]) = (1, 2, "on", "auto");
        return device;
    }

    private static IEnumerable<(string Plugin, string Verb, byte[] Input)> Each(string plugin, JsonObject config, params string[] verbs) =>
        verbs.Select(verb => (plugin, verb, Encoding.UTF8.GetBytes(config.ToJsonString())));

    private static string Short(string text) => text.Length <= 300 ? text : $"{text[..150]}…{text[^150..]}";

    // Without a process: the pod's interface, whatever bridge came of it, and the leases.
    private static void Clean(CniNode node, CniPod pod)
    {
        foreach (var ns in (ReadOnlySpan<TestNamespace>)[pod, node])
        {
            ns.Run(static () =>
            {
                using var client = RouteClient.Open();
                foreach (var link in client.Links.List().Where(static link => link.Kind is "veth" or "bridge"))
                    client.Links.Delete(link.Index);
            });
        }

        node.Run(() =>
        {
            if (Directory.Exists(node.DataDirectory))
                Directory.Delete(node.DataDirectory, recursive: true);
        });
    }
}
