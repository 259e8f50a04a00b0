using System.Text.Json.Nodes;
using Plugboard.Testing;
using Plugboard.Tests.EndToEnd.Harness;

namespace Plugboard.Tests.EndToEnd.Faults;

/// <summary>tuning, refused at each of its system calls.</summary>
public sealed class TuningFaultTests
{
    [KernelFact]
    public void An_ADD_refused_any_one_call_succeeds_or_leaves_everything_as_it_was()
    {
        using var node = new CniNode();
        var pod = node.AddPod();
        node.Call("ADD", pod, node.BridgeConfig()).Succeeded();
        var config = Config(node, pod.Result!);
        var before = State(node, pod);
        var calls = Strace.Record(node, "ADD", pod, config).Where(static call => call.Name != "close").ToArray();
        Assert.True(calls.Length > 20, "strace told no system calls");
        Strace.ForEach(
            calls,
            call =>
            {
                node.CallBeside("DEL", pod, config).Succeeded();
                pod.TryTool(["sh", "-c", "echo 0 > /proc/sys/net/ipv4/conf/eth0/arp_filter"]);
                var output = Fault.Inject(node, call, "EIO", "ADD", pod, config);
                // What could not be written no runtime gets: its DEL follows.
                return output.ExitCode == 0 || call.Name == "write" || State(node, pod) == before
                    ? []
                    : [$"{output.Output}{State(node, pod)}"];
            }
        );
    }

    private static string State(CniNode node, CniPod pod) =>
        string.Concat(
            pod.Tool("ip -o link show dev eth0"),
            pod.ReadSysctl("net/ipv4/conf/eth0/arp_filter"),
            node.TryTool(["ls", $"{node.Directory}/tuning"]).Output
        );

    private static JsonObject Config(CniNode node, JsonNode result) =>
        new()
        {
            ["cniVersion"] = "1.0.0",
            ["name"] = "test",
            ["type"] = "tuning",
            ["dataDir"] = $"{node.Directory}/tuning",
            ["sysctl"] = new JsonObject { ["net.ipv4.conf.IFNAME.arp_filter"] = "1" },
            ["mac"] = "02:11:22:33:44:55",
            ["promisc"] = true,
            ["mtu"] = 1400,
            ["txQLen"] = 77,
            ["prevResult"] = result.DeepClone(),
        };
}
