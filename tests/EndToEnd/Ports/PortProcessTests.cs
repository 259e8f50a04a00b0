using System.Text.Json.Nodes;
using Plugboard.Testing;
using Plugboard.Tests.EndToEnd.Harness;

namespace Plugboard.Tests.EndToEnd.Ports;

/// <summary>How many processes calls cost: with nftables none but the plugin itself, with iptables at most two for each family.</summary>
public sealed class PortProcessTests
{
    private static readonly string[] Mappings = ["8080:80", "8080:80/udp"];

    [KernelFact]
    public void With_nftables_no_call_starts_a_process()
    {
        using var node = new PortNode(bridge: static bridge =>
        {
            bridge["ipMasq"] = true;
            bridge["macspoofchk"] = true;
        });
        Assert.All(Count(node), static each => Assert.Equal((each.What, 0), each));
        // The next finds all that is the node's own in its place.
        Assert.All(Count(node), static each => Assert.Equal((each.What, 0), each));
    }

    [KernelFact]
    public void With_iptables_a_call_starts_two_for_each_family_at_most()
    {
        using var node = new PortNode(
            static portmap => portmap["backend"] = "iptables",
            static bridge =>
            {
                bridge["ipMasq"] = true;
                bridge["ipMasqBackend"] = "iptables";
            }
        );
        var counts = Count(node).Concat(Count(node)).ToArray();
        Assert.All(counts, static each => Assert.InRange(each.Processes, 0, 4));
        Assert.Contains(counts, static each => each.Processes > 0);
    }

    /// <summary>Each call of a pod's life, and how many processes it started.</summary>
    private static List<(string What, int Processes)> Count(PortNode node)
    {
        var pod = node.Node.AddPod();
        var counts = new List<(string, int)>();
        foreach (
            var (verb, plugin) in (ReadOnlySpan<(string, JsonObject)>)
                [
                    ("ADD", node.Bridge),
                    ("ADD", node.Portmap),
                    ("CHECK", node.Bridge),
                    ("CHECK", node.Portmap),
                    ("DEL", node.Portmap),
                    ("DEL", node.Bridge),
                ]
        )
        {
            var config = node.Chain.Config(plugin, PortNode.Ports(Mappings));
            if (pod.Result is not null)
                config["prevResult"] = pod.Result.DeepClone();
            counts.Add(($"{verb} {plugin["type"]}", Count(node, verb, pod, config)));
        }

        return counts;
    }

    private static int Count(PortNode node, string verb, CniPod pod, JsonObject config)
    {
        var log = Path.Combine(node.Node.Directory, "processes.log");
        var output = node
            .Node.RunBeside(verb, pod, (string)config["type"]!, config.ToJsonString(), StartedProcesses.Recording(log))
            .Succeeded();
        if (verb == "ADD")
            pod.Result = output.Json;
        return StartedProcesses.CountIn(log);
    }
}
