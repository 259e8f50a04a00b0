using Plugboard.Doctor;
using Plugboard.Testing;

namespace Plugboard.Tests.Kernel.Doctor;

/// <summary>The doctor looks where the node's container runtime looks.</summary>
[Collection("doctor")]
public sealed class RuntimeDirectoryTests
{
    [KernelFact]
    public void Plugins_where_the_runtime_looks_are_found_there()
    {
        using var node = new DoctoredNode();
        node.Write("/etc/containerd/config.toml", DoctoredNode.ContainerdOfDebian);
        node.Shell($"mkdir -p {node.Root}/usr/lib; mv {node.Root}/opt/cni/bin {node.Root}/usr/lib/cni");
        Assert.Equal("", node.Ids());
    }

    [KernelFact]
    public void Plugins_where_the_runtime_does_not_look_are_missing_and_the_remedy_names_its_directory()
    {
        using var node = new DoctoredNode();
        node.Write("/etc/containerd/config.toml", DoctoredNode.ContainerdOfDebian);
        var findings = node.Examine().Findings;
        Assert.Equal([FindingIds.PluginMissing], findings.Select(static finding => finding.Id).Distinct());
        Assert.All(
            findings,
            static finding =>
                Assert.StartsWith(
                    "the runtime looks into /usr/lib/cni (containerd; /etc/containerd/config.toml, line 3): `mkdir -p /usr/lib/cni`, then "
                        + "`installer install --bin-dir auto` puts ours there",
                    finding.Remedy,
                    StringComparison.Ordinal
                )
        );
    }

    [KernelFact]
    public void Network_configs_are_those_of_the_runtime_s_directory()
    {
        using var node = new DoctoredNode();
        node.Write("/etc/crio/crio.conf.d/10-own.conf", "[crio.network]\nnetwork_dir = \"/etc/own\"\n");
        var finding = Assert.Single(node.Examine().Findings);
        Assert.Equal((FindingIds.ConflistMissing, "/etc/own does not exist"), (finding.Id, finding.What));
    }
}
