using System.Text.Json.Nodes;
using Plugboard.Testing;
using Plugboard.Tests.EndToEnd.Harness;

namespace Plugboard.Tests.EndToEnd.RealUse;

/// <summary>What is in examples/ works as it stands there.</summary>
public sealed class ExampleTests
{
    private static string Examples => Path.Combine(PluginDirectory.Root, "examples");

    public static TheoryData<string> Conflists =>
        [.. Directory.GetFiles(Examples, "*.conflist").Select(static path => Path.GetFileName(path))];

    [KernelTheory]
    [MemberData(nameof(Conflists))]
    public void Every_example_connects_two_pods_and_cleans_up(string file)
    {
        using var node = new CniNode();
        // Examples say nothing of dataDir: the default one, on this node alone.
        node.Tool("mount -t tmpfs state /var/lib");
        // What a node's daemon writes; the machine's own is not seen here.
        node.Run(static () => Directory.CreateDirectory("/run/flannel"));
        node.Run(static () =>
            File.WriteAllText(
                "/run/flannel/subnet.env",
                "FLANNEL_NETWORK=10.244.0.0/16\nFLANNEL_SUBNET=10.244.1.1/24\nFLANNEL_MTU=1450\nFLANNEL_IPMASQ=true\n"
            )
        );
        var plugins = Plugins(file);
        var (blue, green) = (node.AddPod(), node.AddPod());
        foreach (var pod in new[] { blue, green })
            Add(node, pod, plugins);

        foreach (var address in green.Addresses)
            blue.Tool($"ping -c 1 -W 2 {address.Split('/')[0]}");
        foreach (var pod in new[] { blue, green })
        {
            foreach (var plugin in plugins)
                node.Call("CHECK", pod, plugin).Succeeded();
            foreach (var plugin in plugins.Reverse())
                node.Call("DEL", pod, plugin).Succeeded();
        }

        Assert.Equal("", node.Tool("ip -brief link show type veth"));
        Assert.Equal(
            "",
            node.Run(static () =>
                Directory.Exists("/var/lib/cni/flannel") ? string.Join(' ', Directory.GetFiles("/var/lib/cni/flannel")) : ""
            )
        );
        Assert.Equal(
            "",
            node.Tool("find /var/lib/cni/networks -type f -name *[.:][0-9a-f]* -not -name last_reserved_ip* -not -path */.owners/*")
        );
    }

    [KernelTheory]
    [MemberData(nameof(Conflists))]
    public void Every_plugin_of_an_example_validates(string file)
    {
        using var node = new CniNode();
        foreach (var plugin in Plugins(file))
        {
            var (exitCode, output, _) = node.TryTool(
                [Path.Combine(PluginDirectory.Ours, (string)plugin["type"]!), "validate"],
                plugin.ToJsonString()
            );
            Assert.Equal((0, "The config is valid.\n"), (exitCode, output));
        }
    }

    [KernelFact]
    public void The_demo_says_that_it_works()
    {
        using var node = new CniNode();
        var (exitCode, output, error) = node.TryTool([Path.Combine(Examples, "demo.sh"), PluginDirectory.Ours]);
        Assert.True(exitCode == 0, output + error);
        Assert.Contains("It works.", output, StringComparison.Ordinal);
        Assert.Contains("hello from green", output, StringComparison.Ordinal);
    }

    // As a runtime does: each plugin with the list's name and version, and the result of the one before.
    private static void Add(CniNode node, CniPod pod, IReadOnlyList<JsonObject> plugins)
    {
        foreach (var plugin in plugins)
        {
            var config = (JsonObject)plugin.DeepClone();
            if (pod.Result is { } previous)
                config["prevResult"] = previous.DeepClone();
            node.Call("ADD", pod, config).Succeeded();
        }
    }

    private static IReadOnlyList<JsonObject> Plugins(string file)
    {
        var list = JsonNode.Parse(File.ReadAllText(Path.Combine(Examples, file)))!;
        var plugins = new List<JsonObject>();
        // An example may say how a chain looks with a plugin that is the reference's until there is one of ours.
        foreach (
            var plugin in list["plugins"]!
                .AsArray()
                .Where(static plugin => File.Exists(Path.Combine(PluginDirectory.Ours, (string)plugin!["type"]!)))
        )
        {
            var config = (JsonObject)plugin!.DeepClone();
            config["name"] = list["name"]!.DeepClone();
            config["cniVersion"] = list["cniVersion"]!.DeepClone();
            plugins.Add(config);
        }

        Assert.NotEmpty(plugins);
        return plugins;
    }
}
