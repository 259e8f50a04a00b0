using System.Text.Json.Nodes;
using Plugboard.Testing;
using Plugboard.Tests.EndToEnd.Harness;

namespace Plugboard.Tests.EndToEnd.RealUse;

/// <summary>bridge calls the host-local of its own build in process; there must be no difference to one that is executed.</summary>
public sealed class SameBuildTests : IDisposable
{
    private readonly DirectoryInfo directory = Directory.CreateTempSubdirectory("plugboard-test");

    public void Dispose() => directory.Delete(recursive: true);

    private string OtherBuild =>
        PluginDirectory.With(Path.Combine(directory.FullName, "other"), "host-local", PluginDirectory.HostLocalOfAnotherBuild());

    private string LinkedBuild
    {
        get
        {
            var made = PluginDirectory.With(Path.Combine(directory.FullName, "linked"), "host-local", null);
            File.CreateSymbolicLink(Path.Combine(made, "host-local"), Path.Combine(PluginDirectory.Ours, "host-local"));
            return made;
        }
    }

    private string ReferenceHostLocal =>
        PluginDirectory.With(
            Path.Combine(directory.FullName, "reference"),
            "host-local",
            File.ReadAllBytes(Path.Combine(PluginDirectory.Reference, "host-local"))
        );

    public static TheoryData<string> Versions => ["0.2.0", "0.4.0", "1.1.0"];

    private static readonly Dictionary<string, Action<CniNode, JsonObject>> Mistakes = new(StringComparer.Ordinal)
    {
        ["range used up"] = static (_, config) =>
            config["ipam"]!["ranges"] = JsonNode.Parse("""[[{"subnet":"10.1.0.0/29","rangeStart":"10.1.0.2","rangeEnd":"10.1.0.3"}]]"""),
        ["host bits in a subnet"] = static (_, config) => config["ipam"]!["ranges"] = JsonNode.Parse("""[[{"subnet":"10.1.0.7/24"}]]"""),
        ["wrong type of a key"] = static (_, config) => config["ipam"]!["ranges"] = "10.1.0.0/24",
        ["invalid data directory"] = static (_, config) => config["ipam"]!["dataDir"] = "/dev/null/networks",
        ["data directory that is read-only"] = static (node, config) =>
        {
            Directory.CreateDirectory(Path.Combine(node.Directory, "frozen"));
            node.Tool($"mount -t tmpfs -o ro frozen {node.Directory}/frozen");
            config["ipam"]!["dataDir"] = Path.Combine(node.Directory, "frozen");
        },
        ["resolv.conf that is missing"] = static (node, config) => config["ipam"]!["resolvConf"] = Path.Combine(node.Directory, "nowhere"),
        ["requested address that is the gateway"] = static (_, config) =>
            config["args"] = JsonNode.Parse("""{"cni":{"ips":["10.1.0.1"]}}"""),
        ["requested address that is in no range"] = static (_, config) =>
            config["args"] = JsonNode.Parse("""{"cni":{"ips":["192.0.2.1"]}}"""),
        ["requested address that is taken"] = static (_, config) => config["args"] = JsonNode.Parse("""{"cni":{"ips":["10.1.7.7"]}}"""),
    };

    public static TheoryData<string> MistakeNames => [.. Mistakes.Keys];

    [KernelFact]
    public void Of_the_same_build_nothing_is_executed()
    {
        using var node = new CniNode();
        var pod = node.AddPod();
        foreach (var verb in new[] { "ADD", "CHECK", "DEL", "GC", "STATUS" })
            Assert.Single(Executed(node, verb, pod));
        Assert.Empty(node.Leases());
    }

    [KernelFact]
    public void A_link_to_the_same_build_is_the_same_build()
    {
        using var node = new CniNode { Plugins = LinkedBuild };
        Assert.Single(Executed(node, "ADD", node.AddPod()));
    }

    [KernelFact]
    public void A_host_local_of_another_build_is_executed()
    {
        using var node = new CniNode { Plugins = OtherBuild };
        var pod = node.AddPod();
        foreach (var verb in new[] { "ADD", "CHECK", "DEL", "GC", "STATUS" })
            Assert.Equal([$"{node.Plugins}/bridge", $"{node.Plugins}/host-local"], Executed(node, verb, pod));
        Assert.Empty(node.Leases());
    }

    [KernelFact]
    public void The_references_host_local_is_executed()
    {
        using var node = new CniNode { Plugins = ReferenceHostLocal };
        var pod = node.AddPod();
        foreach (var verb in new[] { "ADD", "CHECK", "DEL" })
            Assert.Equal([$"{node.Plugins}/bridge", $"{node.Plugins}/host-local"], Executed(node, verb, pod, "1.0.0"));
        Assert.Empty(node.Leases());
    }

    [KernelTheory]
    [MemberData(nameof(Versions))]
    public void Results_leases_and_the_kernels_state_are_the_same(string version) =>
        Compare(transcript =>
        {
            var config = Config(transcript.Node, version);
            config["ipam"]!["ranges"]!.AsArray().Add(new JsonArray(new JsonObject { ["subnet"] = "fd00:1::/64" }));
            config["ipam"]!["routes"]!
                .AsArray()
                .Add(JsonNode.Parse("""{"dst":"192.0.2.0/24","gw":"10.1.0.9","mtu":1400,"advmss":1300,"priority":7,"table":100}"""));
            File.WriteAllText(Path.Combine(transcript.Node.Directory, "resolv.conf"), "nameserver 10.0.0.53\nsearch a.example\n");
            config["ipam"]!["resolvConf"] = Path.Combine(transcript.Node.Directory, "resolv.conf");
            var (blue, green) = (transcript.Node.AddPod(), transcript.Node.AddPod());
            transcript.Call("ADD", blue, config).Succeeded();
            transcript.Call("ADD", green, config).Succeeded();
            transcript.NoteKernel(blue);
            transcript.NoteFiles();
            transcript.Call("STATUS", null, config);
            transcript.Call("CHECK", blue, config);
            transcript.Call("DEL", blue, config).Succeeded();
            transcript.Call("CHECK", blue, config);
            transcript.NoteFiles();
            config["cni.dev/valid-attachments"] = new JsonArray();
            transcript.Call("GC", null, config);
            transcript.NoteFiles();
            transcript.Call("DEL", green, config).Succeeded();
            transcript.NoteKernel(green);
            transcript.NoteFiles();
        });

    [KernelTheory]
    [MemberData(nameof(MistakeNames))]
    public void Errors_are_the_same(string name) =>
        Compare(transcript =>
        {
            foreach (var version in new[] { "0.2.0", "1.1.0" })
            {
                var config = Config(transcript.Node, version);
                transcript.Call("ADD", transcript.Node.AddPod(), config, "CNI_ARGS=IP=10.1.7.7");
                Mistakes[name](transcript.Node, config);
                var (blue, green) = (transcript.Node.AddPod(), transcript.Node.AddPod());
                transcript.Call("ADD", blue, config);
                transcript.Call("ADD", green, config);
                var late = transcript.Node.AddPod();
                Assert.Equal(1, transcript.Call("ADD", late, config).ExitCode);
                transcript.Call("STATUS", null, config);
                transcript.Call("CHECK", late, config);
                transcript.Call("DEL", late, config);
                transcript.Call("DEL", blue, config);
                transcript.Call("DEL", green, config);
                config["cni.dev/valid-attachments"] = new JsonArray();
                transcript.Call("GC", null, config);
                transcript.NoteFiles();
            }
        });

    private void Compare(Action<Transcript> scenario) =>
        Transcript.AssertSame(OtherBuild, PluginDirectory.Ours, exactErrors: true, scenario);

    private static JsonObject Config(CniNode node, string version) => node.BridgeConfig(config => config["cniVersion"] = version);

    // The programs that a call executes, in their order.
    private static List<string> Executed(CniNode node, string verb, CniPod pod, string version = "1.1.0")
    {
        var config = Config(node, version);
        config["cni.dev/valid-attachments"] = new JsonArray();
        if (pod.Result is { } result)
            config["prevResult"] = result.DeepClone();
        var trace = Path.Combine(node.Directory, "trace");
        var isOfPod = verb is "ADD" or "CHECK" or "DEL";
        var output = node.CallRaw(
                verb,
                isOfPod ? pod : null,
                "bridge",
                config.ToJsonString(),
                ["strace", "-f", "-o", trace, "-e", "trace=execve"]
            )
            .Succeeded();
        if (verb == "ADD")
            pod.Result = output.Json;
        return
        [
            .. File.ReadAllLines(trace)
                .Where(static line => line.Contains("execve(", StringComparison.Ordinal))
                .Select(static line => line.Split('"')[1]),
        ];
    }
}
