using System.Text.Json.Nodes;
using Plugboard.Testing;
using Plugboard.Tests.EndToEnd.Harness;

namespace Plugboard.Tests.EndToEnd.Deploy;

/// <summary>The component that switches network policy on, beside the overlays with the coordinator.</summary>
public sealed class NetworkPolicyComponentTests
{
    private static string Deploy => Path.Combine(PluginDirectory.Root, "deploy");

    private static IReadOnlyList<JsonObject> Built(string overlay)
    {
        var directory = Directory.CreateTempSubdirectory("plugboard-overlay-").FullName;
        var deploy = Path.GetRelativePath(directory, Deploy);
        File.WriteAllText(
            Path.Combine(directory, "kustomization.yaml"),
            $"resources: [{deploy}/overlays/{overlay}]\ncomponents: [{deploy}/components/network-policy]\n"
        );
        try
        {
            return Kustomization.Build(directory);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    [Theory]
    [InlineData("vxlan")]
    [InlineData("host-gw")]
    [InlineData("flannel")]
    public void It_switches_the_coordinator_to_the_api_and_grants_its_account_what_that_reads(string overlay)
    {
        var objects = Built(overlay);
        var pod = objects.Single(static item => (string)item["kind"]! == "DaemonSet")["spec"]!["template"]!["spec"]!;
        var coordinator = pod["containers"]!.AsArray().Single(static item => (string)item!["name"]! == "coordinator")!;
        Assert.Contains(
            coordinator["env"]!.AsArray(),
            static item => (string)item!["name"]! == "FLANNELD_NETWORK_POLICY" && (string)item["value"]! == "api"
        );
        // What the coordinator had stays.
        Assert.Contains(coordinator["env"]!.AsArray(), static item => (string)item!["name"]! == "NODE_NAME");
        Assert.Equal("run", (string)coordinator["args"]![0]!);

        var role = objects.Single(static item => Kustomization.IdentityOf(item) == "ClusterRole /plugboard-coordinator-policy");
        Assert.Equal(
            [
                "/pods: list, watch",
                "/namespaces: list, watch",
                "networking.k8s.io/networkpolicies: list, watch",
                "policy.networking.k8s.io/clusternetworkpolicies: list, watch",
                "/nodes: list, watch",
                "/events: create, patch",
            ],
            role["rules"]!
                .AsArray()
                .SelectMany(static rule =>
                    rule!["resources"]!
                        .AsArray()
                        .Select(resource => $"{rule["apiGroups"]![0]}/{resource}: {string.Join(", ", rule["verbs"]!.AsArray())}")
                )
        );
        var binding = objects.Single(static item => Kustomization.IdentityOf(item) == "ClusterRoleBinding /plugboard-coordinator-policy");
        Assert.Equal("plugboard-coordinator-policy", (string)binding["roleRef"]!["name"]!);
        Assert.Equal((string)pod["serviceAccountName"]!, (string)Assert.Single(binding["subjects"]!.AsArray())!["name"]!);
    }

    [Fact]
    public void The_page_shows_the_role_itself()
    {
        var shown = File.ReadAllText(Path.Combine(PluginDirectory.Root, "docs/network-policy.md"))
            .Split("```yaml\n")
            .Skip(1)
            .Select(static part => part.Split("```")[0])
            .Single(static text => text.Contains("kind: ClusterRole\n", StringComparison.Ordinal))
            .Split("---\n")
            .SelectMany(YamlFile.Parse)
            .Select(static item => item.ToJsonString());
        Assert.Equal(
            YamlFile.Read(Path.Combine(Deploy, "components/network-policy/rbac.yaml")).Select(static item => item.ToJsonString()),
            shown
        );
    }

    [KubectlTheory]
    [InlineData("vxlan")]
    public void Kubectl_builds_it(string overlay)
    {
        using var machine = new TestMachine();
        var directory = Directory.CreateTempSubdirectory("plugboard-overlay-").FullName;
        var deploy = Path.GetRelativePath(directory, Deploy);
        File.WriteAllText(
            Path.Combine(directory, "kustomization.yaml"),
            $"resources: [{deploy}/overlays/{overlay}]\ncomponents: [{deploy}/components/network-policy]\n"
        );
        var (exitCode, output, error) = machine.TryTool(["kubectl", "kustomize", directory]);
        Directory.Delete(directory, recursive: true);
        Assert.True(exitCode == 0, error);
        Assert.Contains("name: plugboard-coordinator-policy", output, StringComparison.Ordinal);
        Assert.Contains("name: FLANNELD_NETWORK_POLICY", output, StringComparison.Ordinal);
    }
}
