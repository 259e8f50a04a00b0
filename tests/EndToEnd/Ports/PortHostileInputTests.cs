using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Plugboard.Testing;
using Plugboard.Tests.EndToEnd.Faults;
using Plugboard.Tests.EndToEnd.Harness;

namespace Plugboard.Tests.EndToEnd.Ports;

/// <summary>
/// Two thousand wrong inputs for portmap: each is answered with one document, or with nothing and success, and what DEL then finds it takes
/// away.
/// </summary>
public sealed class PortHostileInputTests
{
    private const int Rounds = 2_000;

    [KernelFact]
    public void Whatever_comes_in_one_document_or_none_goes_out_and_nothing_stays()
    {
        using var node = new PortNode();
        var pod = node.Node.AddPod();
        new CniChain(node.Node, "test", node.Bridge).Add(pod).Succeeded();
        // No path that comes out of an input does harm: but for its own directories the node's root is read-only.
        node.Node.Tool($"mount -t tmpfs tmpfs {node.Node.Directory}");
        node.Node.Tool("mount -o remount,bind,ro /");
        var inputs = Inputs(node, pod);
        var mutation = new Mutation(1984);
        var findings = new List<string>();
        var counts = new Dictionary<int, int>();
        for (var round = 0; round < Rounds; round++)
        {
            var (verb, valid) = mutation.Pick(inputs);
            var output = node.Node.RunInside(verb, pod, "portmap", mutation.Apply(valid));
            if (
                !output.IsProper(verb)
                || output.Error.Contains("nhandled", StringComparison.Ordinal)
                || output.Error.Contains("   at ", StringComparison.Ordinal)
            )
                findings.Add(
                    string.Create(CultureInfo.InvariantCulture, $"round {round}: {verb}: {output.ExitCode} {output.Output} {output.Error}")
                );
            counts[output.ExitCode] = counts.GetValueOrDefault(output.ExitCode) + 1;
        }

        Assert.True(findings.Count == 0, string.Join('\n', findings));
        Assert.True(counts[0] > 100 && counts[1] > 100, "the inputs are all wrong, or all right");
        // Names that mutations made are other networks': GC of each ends what they have.
        foreach (var network in node.Node.Run(Networks))
            new CniChain(node.Node, network, node.Portmap).Gc().Succeeded();
        node.AssertNoPortLeft();
    }

    private static IReadOnlyList<string> Networks() =>
        [
            .. Directory
                .EnumerateFiles("/run/plugboard/portmap")
                .Select(static path => File.ReadLines(path).First()["network ".Length..])
                .Distinct(StringComparer.Ordinal),
        ];

    private static (string Verb, byte[] Input)[] Inputs(PortNode node, CniPod pod)
    {
        var config = node.Chain.Config(node.Portmap, PortNode.Ports("8080:80", "8081:80/udp", "127.0.0.1:8082:80/sctp"));
        config["cniVersion"] = "1.1.0";
        config["snat"] = true;
        config["markMasqBit"] = 13;
        config["conditionsV4"] = new JsonArray("ip", "saddr", "192.0.2.0/24");
        config["prevResult"] = pod.Result!.DeepClone();
        var collected = (JsonObject)config.DeepClone();
        collected["cni.dev/valid-attachments"] = new JsonArray(new JsonObject { ["containerID"] = "pod0", ["ifname"] = "eth0" });
        string[] verbs = ["ADD", "CHECK", "DEL", "STATUS"];
        return [.. verbs.Select(verb => (verb, BytesOf(config))), ("GC", BytesOf(collected))];
    }

    private static byte[] BytesOf(JsonObject config) => Encoding.UTF8.GetBytes(config.ToJsonString());
}
