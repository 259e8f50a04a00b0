using System.Text.Json.Nodes;
using Plugboard.Testing;
using Plugboard.Tests.EndToEnd.Harness;

namespace Plugboard.Tests.EndToEnd.RealUse;

/// <summary>A node on which only some of the executables are ours, or both are called at once.</summary>
public sealed class PartialReplacementTests : IDisposable
{
    private const int Containers = 40;

    private readonly DirectoryInfo directory = Directory.CreateTempSubdirectory("plugboard-test");

    public void Dispose() => directory.Delete(recursive: true);

    [KernelTheory]
    [InlineData("0.2.0")]
    [InlineData("0.3.1")]
    [InlineData("0.4.0")]
    [InlineData("1.0.0")]
    public void The_references_bridge_does_with_our_host_local_what_it_does_with_its_own(string version) =>
        Transcript.AssertSame(
            PluginDirectory.Reference,
            BridgeOfTheReference,
            exactErrors: false,
            transcript =>
            {
                var config = transcript.Node.BridgeConfig(config => config["cniVersion"] = version);
                var pod = transcript.Node.AddPod();
                transcript.Call("ADD", pod, config).Succeeded();
                transcript.NoteKernel(pod);
                transcript.NoteFiles();
                transcript.Call("CHECK", pod, config);
                transcript.Call("DEL", pod, config).Succeeded();
                transcript.NoteFiles();
            }
        );

    [KernelFact]
    public void The_references_bridge_passes_our_host_locals_errors_on() =>
        Transcript.AssertSame(
            PluginDirectory.Reference,
            BridgeOfTheReference,
            exactErrors: false,
            static transcript =>
            {
                var config = transcript.Node.BridgeConfig(static config =>
                    config["ipam"]!["ranges"] = JsonNode.Parse("""[[{"subnet":"10.1.0.0/30"}]]""")
                );
                transcript.Call("ADD", transcript.Node.AddPod(), config).Succeeded();
                Assert.Equal(1, transcript.Call("ADD", transcript.Node.AddPod(), config).ExitCode);
                transcript.NoteFiles();
            }
        );

    [KernelFact]
    public void Both_host_locals_called_at_once_give_every_container_an_address_of_its_own()
    {
        using var node = new CniNode();
        var config = node.BridgeConfig(static config => config["type"] = "host-local");

        var results = CallAtOnce(node, "ADD", oursIsEven: true, config);

        var addresses = results
            .Select(static result => (string)JsonNode.Parse(result)!["ips"]![0]!["address"]!)
            .Order(StringComparer.Ordinal);
        var leases = node.Leases();
        Assert.Equal(leases.Keys.Select(static address => address + "/16").Order(StringComparer.Ordinal), addresses);
        Assert.Equal(Containers, leases.Values.Distinct().Count());
        CallAtOnce(node, "DEL", oursIsEven: false, config);
        Assert.Empty(node.Leases());
    }

    [KernelFact]
    public void GC_releases_unused_leases_of_the_reference()
    {
        using var node = new CniNode { Plugins = PluginDirectory.Reference };
        var config = node.BridgeConfig();
        var (blue, green) = (node.AddPod(), node.AddPod());
        node.Call("ADD", blue, config).Succeeded();
        node.Call("ADD", green, config).Succeeded();

        node.Plugins = PluginDirectory.Ours;
        config["cniVersion"] = "1.1.0";
        config["cni.dev/valid-attachments"] = new JsonArray(
            new JsonObject { ["containerID"] = green.ContainerId, ["ifname"] = green.IfName }
        );
        node.Call("GC", null, config).Succeeded();

        Assert.Equal([green.Address], node.Leases().Keys);
        green.Tool("ping -c 1 -W 2 10.1.0.1");
    }

    private string BridgeOfTheReference =>
        PluginDirectory.With(
            Path.Combine(directory.FullName, "mixed"),
            "host-local",
            File.ReadAllBytes(Path.Combine(PluginDirectory.Ours, "host-local")),
            PluginDirectory.Reference
        );

    // Every other container with ours, all processes side by side; what each printed.
    private static string[] CallAtOnce(CniNode node, string verb, bool oursIsEven, JsonObject config)
    {
        var (even, odd) = oursIsEven
            ? (PluginDirectory.Ours, PluginDirectory.Reference)
            : (PluginDirectory.Reference, PluginDirectory.Ours);
        File.WriteAllText($"{node.Directory}/config", config.ToJsonString());
        var (exitCode, output, error) = node.TryTool([
            "sh",
            "-c",
            $$"""
            cd {{node.Directory}}
            for i in $(seq {{Containers}}); do
                test $((i % 2)) = 0 && bin={{even}} || bin={{odd}}
                (CNI_COMMAND={{verb}} CNI_CONTAINERID=c$i CNI_NETNS=/none CNI_IFNAME=eth0 \
                    CNI_PATH=$bin $bin/host-local <config >{{verb}}.$i || touch failed) &
            done
            wait
            test ! -e failed || { cat {{verb}}.*; exit 1; }
            """,
        ]);
        Assert.True(exitCode == 0, output + error);
        return [.. Directory.GetFiles(node.Directory, verb + ".*").Select(File.ReadAllText)];
    }
}
