using System.Text.Json.Nodes;
using Plugboard.Testing;
using Plugboard.Tests.EndToEnd.Harness;

namespace Plugboard.Tests.EndToEnd.Deploy;

/// <summary>The ConfigMaps are files of examples/, and the executables that read them find nothing wrong.</summary>
public sealed class ConfigTests
{
    [Theory]
    [InlineData("vxlan", "plugboard-network", "examples/kubernetes/vxlan")]
    [InlineData("host-gw", "plugboard-network", "examples/kubernetes/host-gw")]
    [InlineData("flannel", "plugboard-network", "examples/kubernetes/flannel")]
    [InlineData("masquerade", "ip-masq-agent", "examples/kubernetes/masquerade")]
    public void A_ConfigMap_holds_the_files_of_its_example_and_nothing_else(string overlay, string name, string example)
    {
        var data = Data(overlay, name);
        var files = Directory
            .GetFiles(Path.Combine(PluginDirectory.Root, example))
            .Where(static path => Path.GetFileName(path) != "kustomization.yaml");
        Assert.Equal(files.ToDictionary(static path => Path.GetFileName(path), File.ReadAllText, StringComparer.Ordinal), data);
    }

    [Fact]
    public void The_conflist_of_the_flannel_overlay_is_the_example() =>
        Assert.Equal(
            File.ReadAllText(Path.Combine(PluginDirectory.Root, "examples/flannel.conflist")),
            Data("flannel", "plugboard-network")["cni-conf.json"]
        );

    [KernelFact]
    public void Each_plugin_of_the_conflist_validates()
    {
        using var node = new CniNode();
        var list = JsonNode.Parse(Data("flannel", "plugboard-network")["cni-conf.json"])!;
        foreach (var plugin in list["plugins"]!.AsArray().Select(static plugin => plugin!.DeepClone()))
        {
            (plugin["name"], plugin["cniVersion"]) = (list["name"]!.DeepClone(), list["cniVersion"]!.DeepClone());
            var (exitCode, output, _) = node.TryTool([$"{PluginDirectory.Ours}/{plugin["type"]}", "validate"], plugin.ToJsonString());
            Assert.Equal((0, "The config is valid.\n"), (exitCode, output));
        }
    }

    [KernelTheory]
    [InlineData("vxlan")]
    [InlineData("host-gw")]
    [InlineData("flannel")]
    public void The_coordinator_reads_the_network_without_a_warning(string overlay)
    {
        using var node = ConnectedNode();
        var (file, peers) = ($"{node.Directory}/net-conf.json", $"{node.Directory}/peers.yaml");
        File.WriteAllText(file, Data(overlay, "plugboard-network")["net-conf.json"]);
        // Instead of the cluster's API.
        File.WriteAllText(
            peers,
            "nodes:\n- { name: node1, podCIDRs: [10.244.1.0/24], addresses: [192.0.2.1] }\n- { name: node2, podCIDRs: "
                + "[10.244.2.0/24], addresses: [192.0.2.2] }\n"
        );
        string[] here =
        [
            $"--net-config-path={file}",
            "--source=static",
            $"--peers-file={peers}",
            $"--subnet-file={node.Directory}/subnet.env",
            $"--state-dir={node.Directory}/state",
            $"--conflist-file={node.Directory}/net.conflist",
            $"--cni-bin-dir={PluginDirectory.Ours}",
            "--conflist=flannel",
        ];
        var (_, error) = Plan(node, overlay, here);
        Assert.Equal("", error);

        File.WriteAllText(file, """{ "Network": "10.244.0.0/16", "Backend": { "Type": "vxlam" } }""");
        (_, error) = Plan(node, overlay, here);
        Assert.Contains("vxlam", error, StringComparison.Ordinal);
    }

    [KernelFact]
    public void The_coordinator_reads_the_agent_s_config_without_a_warning()
    {
        using var node = ConnectedNode();
        var file = $"{node.Directory}/config";
        File.WriteAllText(file, Data("masquerade", "ip-masq-agent")["config"]);
        var (plan, error) = Plan(node, "masquerade", $"--masq-config={file}");
        Assert.Equal("", error);
        Assert.Contains("masquerade", plan, StringComparison.Ordinal);

        File.AppendAllText(file, "nonMasqueradeCIDR: []\n");
        (plan, error) = Plan(node, "masquerade", $"--masq-config={file}");
        Assert.Contains("nonMasqueradeCIDR", plan + error, StringComparison.Ordinal);
    }

    private static (string Plan, string Error) Plan(CniNode node, string overlay, params string[] other)
    {
        var container = Assert.Single(
            ContainerSpec.Of(Kustomization.Overlay(overlay)),
            static container => container.Executable == "coordinator"
        );
        var replaced = other.Select(static word => word.Split('=')[0]).ToHashSet(StringComparer.Ordinal);
        var kept = container.Arguments.Skip(1).Where(word => !replaced.Contains(word.Split('=')[0]));
        var (_, output, error) = node.TryTool([$"{PluginDirectory.Ours}/coordinator", "plan", "--node-name=node1", .. kept, .. other]);
        return (output, error);
    }

    private static CniNode ConnectedNode()
    {
        var node = new CniNode();
        node.Tool("ip link add uplink type veth peer name wire");
        node.Tool("ip address add 192.0.2.1/24 dev uplink");
        node.Tool("ip link set uplink up");
        node.Tool("ip link set wire up");
        node.Tool("ip route add default via 192.0.2.254");
        return node;
    }

    private static Dictionary<string, string> Data(string overlay, string name)
    {
        var map = Assert.Single(Kustomization.Overlay(overlay), item => Kustomization.IdentityOf(item) == $"ConfigMap kube-system/{name}");
        return map["data"]!.AsObject().ToDictionary(static pair => pair.Key, static pair => (string)pair.Value!, StringComparer.Ordinal);
    }
}
