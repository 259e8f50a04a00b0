using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Plugboard.Testing;
using Plugboard.Tests.EndToEnd.Harness;
using Plugboard.Tests.EndToEnd.Image;

namespace Plugboard.Tests.EndToEnd.Deploy;

/// <summary>What <c>kubectl apply -k</c> sends fits together, and fits the executables.</summary>
public sealed class ManifestTests
{
    private static readonly string[] inImage =
    [
        "bridge",
        "coordinator",
        "flannel",
        "flexvolume",
        "host-local",
        "installer",
        "loopback",
        "portmap",
    ];

    // The coordinator's InstanceLock.Directory.
    private const string Lock = "/run/plugboard-coordinator";

    public static TheoryData<string> Overlays => [.. Kustomization.Overlays];

    public static TheoryData<string> CoordinatorOverlays => ["vxlan", "host-gw", "flannel"];

    [Fact]
    public void There_is_an_overlay_for_each_way_to_use_it() =>
        Assert.Equal(["flannel", "flexvolume", "host-gw", "masquerade", "plugins", "vxlan"], Kustomization.Overlays);

    [KubectlTheory]
    [MemberData(nameof(Overlays))]
    public void What_these_tests_read_is_what_kubectl_sends(string overlay)
    {
        using var machine = new TestMachine();
        var (exitCode, output, error) = machine.TryTool([
            "kubectl",
            "kustomize",
            Path.Combine(PluginDirectory.Root, "deploy/overlays", overlay),
        ]);
        Assert.True(exitCode == 0, error);
        // The digest of a ConfigMap's content, at the end of its name and of each reference to it.
        var sent = YamlFile.Parse(
            Regex.Replace(output, "(?<=: plugboard-network)-[0-9a-z]{10}$", "", RegexOptions.Multiline, TimeSpan.FromSeconds(1))
        );
        Assert.Equal(
            Kustomization.Overlay(overlay).Select(Canonical).Order(StringComparer.Ordinal),
            sent.Select(Canonical).Order(StringComparer.Ordinal)
        );
    }

    [Theory]
    [MemberData(nameof(Overlays))]
    public void Each_name_that_is_referred_to_is_there(string overlay)
    {
        var objects = Kustomization.Overlay(overlay);
        Assert.Equal(objects.Count, objects.Select(Kustomization.IdentityOf).Distinct().Count());
        var daemonSet = Assert.Single(objects, static item => (string)item["kind"]! == "DaemonSet");
        Assert.Equal("apps/v1", (string)daemonSet["apiVersion"]!);
        Assert.True(
            JsonNode.DeepEquals(daemonSet["spec"]!["selector"]!["matchLabels"], daemonSet["spec"]!["template"]!["metadata"]!["labels"])
        );
        var pod = daemonSet["spec"]!["template"]!["spec"]!;
        if (pod["serviceAccountName"] is { } account)
            Assert.Contains($"ServiceAccount kube-system/{account}", objects.Select(Kustomization.IdentityOf));
        Assert.Equal(pod["serviceAccountName"] is not null, (bool)pod["automountServiceAccountToken"]!);
        foreach (var config in pod["volumes"]!.AsArray().Select(static volume => volume!["configMap"]).OfType<JsonObject>())
        {
            var map = Assert.Single(objects, item => Kustomization.IdentityOf(item) == $"ConfigMap kube-system/{config["name"]}");
            Assert.All((JsonArray?)config["items"] ?? [], item => Assert.NotNull(map["data"]![(string)item!["key"]!]));
        }

        var mounted = ContainerSpec
            .Of(objects)
            .SelectMany(static container => container.Mounts.Values)
            .Select(static volume => (string)volume["name"]!)
            .Distinct();
        Assert.Equal(
            pod["volumes"]!.AsArray().Select(static volume => (string)volume!["name"]!).Order(StringComparer.Ordinal),
            mounted.Order(StringComparer.Ordinal)
        );
    }

    [KernelTheory]
    [MemberData(nameof(Overlays))]
    public void Each_flag_is_one_of_the_executable_s_own(string overlay)
    {
        foreach (var container in ContainerSpec.Of(Kustomization.Overlay(overlay)))
        {
            Assert.Contains(container.Executable, inImage);
            Assert.Equal("/plugboard/" + container.Executable, container.Path);
            var help = Help.Of(container.Executable, container.Verb);
            Assert.All(
                container.Flags,
                flag => Assert.True(help.Has(flag.Key), $"{container.Executable} {container.Verb} has no {flag.Key}")
            );
            Assert.All(container.Flags, flag => Assert.True(help.Takes(flag.Key, flag.Value), $"{flag.Key} cannot be {flag.Value}"));
        }
    }

    [KernelTheory]
    [MemberData(nameof(Overlays))]
    public void The_images_are_those_that_build_sh_makes(string overlay)
    {
        foreach (var container in ContainerSpec.Of(Kustomization.Overlay(overlay)))
        {
            Assert.Contains(
                (string)container.Spec["image"]!,
                (string[])[$"localhost/plugboard:{ImageArchives.Version}", $"localhost/plugboard-plugins:{ImageArchives.Version}"]
            );
            Assert.True(
                container.Executable != "coordinator" || !((string)container.Spec["image"]!).Contains("-plugins", StringComparison.Ordinal)
            );
        }
    }

    [KernelTheory]
    [MemberData(nameof(CoordinatorOverlays))]
    public void Each_path_that_the_coordinator_uses_is_the_node_s_own(string overlay)
    {
        var container = Assert.Single(
            ContainerSpec.Of(Kustomization.Overlay(overlay)),
            static container => container.Executable == "coordinator"
        );
        var help = Help.Of("coordinator", "run");
        var flags = container.Flags;
        foreach (var (flag, writes) in new[] { ("--subnet-file", true), ("--state-dir", true), ("--conflist-file", true) })
            AssertMounted(container, flags.GetValueOrDefault(flag) ?? help.DefaultOf(flag)!, writes, isDirectory: flag == "--state-dir");
        AssertMounted(container, flags.GetValueOrDefault("--cni-bin-dir", "/opt/cni/bin"), writes: false, isDirectory: true);
        AssertMounted(container, "/run/plugboard", writes: false, isDirectory: true);
        AssertMounted(container, Lock, writes: true, isDirectory: true);
        var network = flags.GetValueOrDefault("--net-config-path") ?? help.DefaultOf("--net-config-path")!;
        var map = container.Mounts[Path.GetDirectoryName(network)!]["configMap"]!;
        var data = Kustomization.Overlay(overlay).Single(item => Kustomization.IdentityOf(item) == $"ConfigMap kube-system/{map["name"]}")[
            "data"
        ]!;
        Assert.NotNull(data[Path.GetFileName(network)]);
        if (flags["--conflist"].StartsWith('/'))
            Assert.NotNull(data[Path.GetRelativePath(Path.GetDirectoryName(network)!, flags["--conflist"])]);
    }

    [KernelFact]
    public void The_one_that_only_masquerades_has_the_same_lock() =>
        AssertMounted(
            Assert.Single(ContainerSpec.Of(Kustomization.Overlay("masquerade")), static container => container.Executable == "coordinator"),
            Lock,
            writes: true,
            isDirectory: true
        );

    private static void AssertMounted(ContainerSpec container, string path, bool writes, bool isDirectory)
    {
        var directory = isDirectory ? path : Path.GetDirectoryName(path)!;
        Assert.Equal(directory, (string?)container.Mounts[directory]["hostPath"]?["path"]);
        Assert.Equal(!writes, container.IsReadOnly(directory));
    }

    [KernelTheory]
    [MemberData(nameof(Overlays))]
    public void The_installer_finds_the_host_s_directories_below_its_host_root(string overlay)
    {
        foreach (
            var container in ContainerSpec.Of(Kustomization.Overlay(overlay)).Where(static container => container.Executable == "installer")
        )
        {
            var help = Help.Of("installer", "install");
            List<string> flags = [];
            if (container.Flags.GetValueOrDefault("--plugins") != "none")
                flags.Add("--bin-dir");
            if (container.Flags.ContainsKey("--flexvolume"))
                flags.Add("--flexvolume-dir");
            Assert.Equal(flags.Count, container.Mounts.Count);
            foreach (var directory in flags.Select(flag => container.Flags.GetValueOrDefault(flag) ?? help.DefaultOf(flag)!))
            {
                var volume = container.Mounts[container.Flags["--host-root"] + directory];
                Assert.Equal(directory, (string)volume["hostPath"]!["path"]!);
                Assert.Equal("DirectoryOrCreate", (string)volume["hostPath"]!["type"]!);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Overlays))]
    public void Each_container_may_do_what_install_md_says_and_no_more(string overlay)
    {
        foreach (var container in ContainerSpec.Of(Kustomization.Overlay(overlay)))
        {
            var security = container.Spec["securityContext"]!;
            Assert.Equal("ALL", (string)Assert.Single(security["capabilities"]!["drop"]!.AsArray())!);
            Assert.Null(security["privileged"]);
            Assert.True((bool)security["readOnlyRootFilesystem"]!);
            Assert.False((bool)security["allowPrivilegeEscalation"]!);
            var row = Assert.Single(InstallPage.Rows("What each container may do"), row => row[0] == $"`{container.Executable}`");
            Assert.Equal(row[1], string.Join(", ", container.Capabilities.Select(static name => $"`{name}`")));
            Assert.NotNull(container.Spec["resources"]!["requests"]!["memory"]);
            Assert.NotNull(container.Spec["resources"]!["requests"]!["cpu"]);
            Assert.Equal(
                ("system-node-critical", true),
                ((string)container.Pod["priorityClassName"]!, (bool)container.Pod["hostNetwork"]!)
            );
            Assert.Equal("Exists", (string)Assert.Single(container.Pod["tolerations"]!.AsArray())!["operator"]!);
        }
    }

    [Theory]
    [MemberData(nameof(Overlays))]
    public void Probes_ask_where_the_coordinator_answers(string overlay)
    {
        foreach (
            var container in ContainerSpec
                .Of(Kustomization.Overlay(overlay))
                .Where(static container => container.Executable == "coordinator")
        )
        {
            foreach (var (probe, path) in new[] { ("livenessProbe", "/healthz"), ("readinessProbe", "/readyz") })
            {
                var request = container.Spec[probe]!["httpGet"]!;
                Assert.Equal(container.Flags["--healthz-ip"], (string)request["host"]!);
                Assert.Equal((container.Flags["--healthz-port"], path), (request["port"]!.ToString(), (string)request["path"]!));
            }
        }
    }

    [Theory]
    [MemberData(nameof(CoordinatorOverlays))]
    public void The_rights_are_those_that_the_docs_list(string overlay)
    {
        var objects = Kustomization.Overlay(overlay);
        var everywhere = Assert.Single(objects, static item => (string)item["kind"]! == "ClusterRole");
        var here = Assert.Single(objects, static item => (string)item["kind"]! == "Role");
        Assert.Equal(
            InstallPage.Rows("What the coordinator may ask of the API").Select(static row => row[..3]),
            RowsOf(everywhere).Concat(RowsOf(here))
        );
        // Nothing may be written in every namespace, and each role is bound to the one account.
        Assert.DoesNotContain("events", everywhere.ToJsonString(), StringComparison.Ordinal);
        foreach (var binding in objects.Where(static item => ((string)item["kind"]!).EndsWith("RoleBinding", StringComparison.Ordinal)))
        {
            var subject = Assert.Single(binding["subjects"]!.AsArray())!;
            Assert.Equal("ServiceAccount kube-system/plugboard-coordinator", $"{subject["kind"]} {subject["namespace"]}/{subject["name"]}");
            Assert.Contains(
                objects,
                item =>
                    Kustomization.IdentityOf(item)
                    == $"{binding["roleRef"]!["kind"]} {binding["metadata"]!["namespace"]}/{binding["roleRef"]!["name"]}"
            );
        }

        // The page of the source shows the roles themselves.
        var shown = File.ReadAllText(Path.Combine(PluginDirectory.Root, "docs/kubernetes.md"))
            .Split("```yaml\n")[1]
            .Split("```")[0]
            .Split("---\n")
            .SelectMany(YamlFile.Parse)
            .Select(Canonical);
        Assert.Equal(
            shown.Order(StringComparer.Ordinal),
            YamlFile
                .Read(Path.Combine(PluginDirectory.Root, "deploy/components/coordinator/rbac.yaml"))
                .Select(Canonical)
                .Order(StringComparer.Ordinal)
        );
    }

    private static IEnumerable<string[]> RowsOf(JsonNode role) =>
        role["rules"]!
            .AsArray()
            .Select(rule =>
            {
                Assert.Equal("", (string)Assert.Single(rule!["apiGroups"]!.AsArray())!);
                return new[]
                {
                    $"`{rule["resources"]![0]}`",
                    role["metadata"]!["namespace"] is { } place ? $"`{place}`" : "",
                    string.Join(", ", rule["verbs"]!.AsArray().Select(static verb => $"`{verb}`")),
                };
            });

    [Fact]
    public void The_policy_for_a_node_s_own_Node_is_about_the_account_and_the_resources_that_the_role_lets_it_write()
    {
        var objects = Kustomization.Build(Path.Combine(PluginDirectory.Root, "deploy/components/own-node"));
        var policy = Assert.Single(objects, static item => (string)item["kind"]! == "ValidatingAdmissionPolicy");
        var binding = Assert.Single(objects, static item => (string)item["kind"]! == "ValidatingAdmissionPolicyBinding");
        Assert.Equal("admissionregistration.k8s.io/v1", (string)policy["apiVersion"]!);
        Assert.Equal((string)policy["metadata"]!["name"]!, (string)binding["spec"]!["policyName"]!);
        Assert.Equal("Deny", (string)Assert.Single(binding["spec"]!["validationActions"]!.AsArray())!);
        Assert.Equal("Fail", (string)policy["spec"]!["failurePolicy"]!);
        var account = (string)
            Kustomization.Overlay("vxlan").Single(static item => (string)item["kind"]! == "DaemonSet")["spec"]!["template"]!["spec"]![
                "serviceAccountName"
            ]!;
        Assert.Equal(
            $"request.userInfo.username == 'system:serviceaccount:kube-system:{account}'",
            (string)Assert.Single(policy["spec"]!["matchConditions"]!.AsArray())!["expression"]!
        );
        var resources = Assert.Single(policy["spec"]!["matchConstraints"]!["resourceRules"]!.AsArray())!["resources"]!
            .AsArray()
            .Select(static name => (string)name!)
            .ToList();
        var role = Kustomization.Overlay("vxlan").Single(static item => (string)item["kind"]! == "ClusterRole");
        var written = role["rules"]!
            .AsArray()
            .Where(static rule => rule!["verbs"]!.AsArray().Any(static verb => (string)verb! is "patch" or "update"))
            .SelectMany(static rule => rule!["resources"]!.AsArray())
            .Select(static name => (string)name!);
        Assert.Subset(resources.ToHashSet(), written.ToHashSet());
        // As the page shows it.
        var page = File.ReadAllText(Path.Combine(PluginDirectory.Root, "docs/kubernetes.md"))
            .Split("```yaml\n")[2]
            .Split("```")[0]
            .Split("---\n")
            .SelectMany(YamlFile.Parse)
            .Select(Canonical);
        Assert.Equal(page, objects.Select(Canonical));
    }

    [KubectlTheory]
    [InlineData("vxlan")]
    public void The_policy_is_added_to_an_overlay_as_the_page_says(string overlay)
    {
        using var machine = new TestMachine();
        var directory = Directory.CreateTempSubdirectory("plugboard-overlay-").FullName;
        var deploy = Path.GetRelativePath(directory, Path.Combine(PluginDirectory.Root, "deploy"));
        File.WriteAllText(
            Path.Combine(directory, "kustomization.yaml"),
            $"resources: [{deploy}/overlays/{overlay}]\ncomponents: [{deploy}/components/own-node]\n"
        );
        var (exitCode, output, error) = machine.TryTool(["kubectl", "kustomize", directory]);
        Directory.Delete(directory, recursive: true);
        Assert.True(exitCode == 0, error);
        Assert.Contains("kind: ValidatingAdmissionPolicyBinding", output, StringComparison.Ordinal);
        Assert.Contains("kind: DaemonSet", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("plugins")]
    [InlineData("flexvolume")]
    [InlineData("masquerade")]
    public void Without_the_API_there_are_no_rights_and_no_token(string overlay)
    {
        Assert.DoesNotContain(
            Kustomization.Overlay(overlay),
            static item => (string)item["kind"]! is "ClusterRole" or "Role" or "ServiceAccount"
        );
        Assert.All(
            ContainerSpec.Of(Kustomization.Overlay(overlay)),
            static container => Assert.False((bool)container.Pod["automountServiceAccountToken"]!)
        );
    }

    private static string Canonical(JsonNode? node) => Sorted(node)!.ToJsonString();

    // Lists whose order says nothing are in the order of what they hold: a patch may put its part first or last.
    private static JsonNode? Sorted(JsonNode? node) =>
        node switch
        {
            JsonObject mapping => new JsonObject(
                mapping
                    .OrderBy(static pair => pair.Key, StringComparer.Ordinal)
                    .Select(static pair => KeyValuePair.Create(pair.Key, IsUnordered(pair.Key) ? Ordered(pair.Value!) : Sorted(pair.Value)))
            ),
            JsonArray list => new JsonArray([.. list.Select(Sorted)]),
            _ => node?.DeepClone(),
        };

    private static bool IsUnordered(string key) => key is "volumes" or "volumeMounts" or "containers" or "initContainers";

    private static JsonArray Ordered(JsonNode list) =>
        new([.. list.AsArray().Select(Sorted).OrderBy(static item => item!.ToJsonString(), StringComparer.Ordinal)]);
}
