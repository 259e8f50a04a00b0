using System.Text.Json.Nodes;
using Plugboard.Testing;
using Plugboard.Tests.EndToEnd.Harness;
using Plugboard.Tests.EndToEnd.Image;

namespace Plugboard.Tests.EndToEnd.Deploy;

/// <summary>The folder of a release, made twice by deploy/release/build.sh.</summary>
public sealed class ReleaseTests
{
    [KernelFact]
    public void Two_releases_are_the_same_bytes_and_hold_what_a_stranger_needs()
    {
        using var node = new CniNode();
        var name = $"plugboard-{ImageArchives.Version}";
        var (first, second) = (Build(node, "first"), Build(node, "second"));
        node.Tool($"diff -r {first} {second}");
        Assert.Equal("", node.Tool($"env --chdir={first} sha256sum --quiet --check SHA256SUMS"));

        var files = node.Tool($"tar -tzf {first}/{name}-linux-amd64.tar.gz").Split('\n');
        Assert.Equal(files, node.Tool($"tar -tzf {first}/{name}-linux-arm64.tar.gz").Split('\n'));
        string[] wanted =
        [
            "LICENSE",
            "README.md",
            "CHANGELOG.md",
            "sbom.cdx.json",
            "docs/install.md",
            "docs/comparison.md",
            "examples/bridge.conflist",
            "deploy/overlays/vxlan/kustomization.yaml",
            "bin/installer",
            "bin/coordinator",
            "bin/bridge",
        ];
        foreach (var file in wanted)
            Assert.Contains($"{name}/{file}", files);

        // What it says to do works from what was unpacked, links included.
        node.Tool($"tar -xzf {first}/{name}-linux-amd64.tar.gz -C {node.Directory}");
        Assert.NotEmpty(Kustomization.Build($"{node.Directory}/{name}/deploy/overlays/flannel"));
        Assert.Contains("flannel", File.ReadAllText($"{node.Directory}/{name}/examples/flannel.conflist"), StringComparison.Ordinal);
        Assert.Contains(ImageArchives.Version, node.Tool($"{node.Directory}/{name}/bin/installer --version"), StringComparison.Ordinal);
    }

    [KernelTheory]
    [InlineData("amd64", "linux-x64", "libc6-dev")]
    [InlineData("arm64", "linux-arm64", "libc6-dev-arm64-cross")]
    public void The_SBOM_names_the_executables_with_their_digests_and_what_is_linked_into_each(
        string architecture,
        string runtime,
        string libc
    )
    {
        var executables = architecture == "amd64" ? PluginDirectory.Ours : PluginDirectory.Arm64;
        using var node = new CniNode();
        var (exitCode, output, error) = node.TryTool([
            Path.Combine(PluginDirectory.Root, "deploy/release/sbom.sh"),
            executables,
            ImageArchives.Version,
            architecture,
        ]);
        Assert.True(exitCode == 0, error);
        var bom = JsonNode.Parse(output)!;
        Assert.Equal(("CycloneDX", "1.5"), ((string)bom["bomFormat"]!, (string)bom["specVersion"]!));
        var components = bom["components"]!
            .AsArray()
            .ToDictionary(static item => (string)item!["bom-ref"]!, static item => item!, StringComparer.Ordinal);
        foreach (var plugin in components.Values.Where(static item => (string)item["type"]! == "application"))
        {
            var digest = node.Tool($"sha256sum {executables}/{plugin["name"]}").Split(' ')[0];
            Assert.Equal(digest, (string)plugin["hashes"]![0]!["content"]!);
        }

        Assert.All(
            bom["dependencies"]!.AsArray().SelectMany(static item => item!["dependsOn"]!.AsArray()),
            item => Assert.Contains((string)item!, components.Keys)
        );
        Assert.All(components.Values, static item => Assert.NotEmpty(item["licenses"]!.AsArray()));
        Assert.All(
            (string[])["YamlDotNet", "System.CommandLine", libc, "libssl-dev"],
            name => Assert.True(Uses(bom, "coordinator", name), name)
        );
        Assert.True(Uses(bom, "bridge", "Tmds.LibC"));
        Assert.False(Uses(bom, "bridge", "libssl-dev"));
        Assert.True(Uses(bom, "bridge", "Microsoft.NETCore.App.Runtime.NativeAOT." + runtime));
        // Analyzers are no part of what runs.
        Assert.DoesNotContain(components.Keys, static name => name.Contains("Analyzer", StringComparison.Ordinal));
    }

    private static bool Uses(JsonNode bom, string executable, string library)
    {
        var dependency = bom["dependencies"]!.AsArray().Single(item => (string)item!["ref"]! == "plugboard/" + executable)!;
        return dependency["dependsOn"]!.AsArray().Any(item => ((string)item!).Contains($"/{library}@", StringComparison.Ordinal));
    }

    private static string Build(CniNode node, string name)
    {
        var output = Path.Combine(node.Directory, name);
        var (exitCode, _, error) = node.TryTool([
            Path.Combine(PluginDirectory.Root, "deploy/release/build.sh"),
            output,
            ImageArchives.Version,
            .. PluginDirectory.Architectures,
        ]);
        Assert.True(exitCode == 0, error);
        return output;
    }
}
