using System.Text.Json.Nodes;
using Plugboard.Tests.EndToEnd.Harness;

namespace Plugboard.Tests.EndToEnd.RealUse;

/// <summary>
/// A node with pods on bridges, which firewall is called for. Pods of different bridges reach each other by the forward chain.
/// </summary>
internal sealed class FirewallNode : IDisposable
{
    private int bridges;

    /// <summary>The node.</summary>
    public CniNode Node { get; } = new();

    /// <summary>Attaches a pod to a bridge of its own, or to that of another pod.</summary>
    public CniPod Attach(CniPod? beside = null, bool isDualStack = false)
    {
        var pod = Node.AddPod();
        var number = beside is null ? ++bridges : NumberOf(beside);
        Node.Call(
                "ADD",
                pod,
                Node.BridgeConfig(config =>
                {
                    config["name"] = $"net{number}";
                    config["bridge"] = $"br{number}";
                    var ranges = new JsonArray(new JsonArray(new JsonObject { ["subnet"] = $"10.{number}.0.0/24" }));
                    if (isDualStack)
                        config["ipam"]!["routes"]!.AsArray().Add(new JsonObject { ["dst"] = "::/0" });
                    if (isDualStack)
                        ranges.Add(new JsonArray(new JsonObject { ["subnet"] = $"fd00:{number}::/64" }));
                    config["ipam"]!["ranges"] = ranges;
                })
            )
            .Succeeded();
        return pod;
    }

    private static int NumberOf(CniPod pod) => int.Parse(((string)pod.Result!["interfaces"]![0]!["name"]!)[2..]);

    /// <summary>The network's config of firewall.</summary>
    public static JsonObject Config(CniPod pod, string keys)
    {
        var config = JsonNode.Parse(keys)!.AsObject();
        config.TryAdd("cniVersion", "1.0.0");
        config["name"] = $"net{NumberOf(pod)}";
        config["type"] = "firewall";
        return config;
    }

    /// <summary>Calls a verb for a pod, with the result that bridge returned.</summary>
    public CniOutput Call(string verb, CniPod pod, string keys = """{"backend":"iptables"}""", string? plugins = null)
    {
        var config = Config(pod, keys);
        var previous = pod.Result!.DeepClone();
        previous["cniVersion"] = (string)config["cniVersion"]!;
        if (!config.ContainsKey("prevResult"))
            config["prevResult"] = previous;
        Node.Plugins = plugins ?? PluginDirectory.Ours;
        var output = Node.CallRaw(verb, pod, "firewall", config.ToJsonString(), []);
        Node.Plugins = PluginDirectory.Ours;
        return output;
    }

    /// <summary>The rules of the table filter, both families, without counters.</summary>
    public string Rules(string variant = "")
    {
        var script =
            $"for t in iptables ip6tables; do echo $t; $t{variant}-save -t filter | grep -v '^#' | sed 's/\\[[0-9:]*\\]//'; done; exit 0";
        return Node.TryTool(["sh", "-c", script]).Output;
    }

    /// <summary>True where one pod reaches another one.</summary>
    public static bool Reaches(CniPod from, CniPod to, bool is6 = false)
    {
        var address = to.Addresses.First(each => each.Contains(':', StringComparison.Ordinal) == is6).Split('/')[0];
        return from.TryTool(["ping", "-c", "3", "-i", "0.2", "-W", "1", address]).ExitCode == 0;
    }

    /// <summary>Has <c>iptables</c> be another one of the two implementations for all calls.</summary>
    public void UseVariant(string variant)
    {
        var folder = Directory.CreateDirectory(Path.Combine(Node.Directory, "variant")).FullName;
        foreach (var tool in (string[])["iptables", "ip6tables"])
        {
            foreach (var verb in (string[])["", "-save", "-restore"])
                File.CreateSymbolicLink($"{folder}/{tool}{verb}", $"/usr/sbin/{tool}-{variant}{verb}");
        }

        Node.Variables = [$"PATH={folder}:/usr/sbin:/usr/bin:/sbin:/bin"];
    }

    /// <summary>Calls a verb for a pod; how many processes it started.</summary>
    public int CountProcesses(string verb, CniPod pod)
    {
        var config = Config(pod, """{"backend":"iptables"}""");
        config["prevResult"] = pod.Result!.DeepClone();
        var log = Path.Combine(Node.Directory, "processes.log");
        Node.RunBeside(verb, pod, "firewall", config.ToJsonString(), StartedProcesses.Recording(log)).Succeeded();
        return StartedProcesses.CountIn(log);
    }

    /// <summary>The records of our pods.</summary>
    public string Records() => Node.TryTool(["sh", "-c", "ls /run/plugboard/firewall 2>/dev/null"]).Output;

    public void Dispose() => Node.Dispose();
}
