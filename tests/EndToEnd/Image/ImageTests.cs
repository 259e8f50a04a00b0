using System.Text.Json.Nodes;
using Plugboard.Testing;
using Plugboard.Tests.EndToEnd.Deploy;
using Plugboard.Tests.EndToEnd.Harness;
using Plugboard.Tests.EndToEnd.RealUse;

namespace Plugboard.Tests.EndToEnd.Image;

/// <summary>The images, and what podman makes of them with the options of the manifests.</summary>
public sealed class ImageTests(ImageArchives archives) : IClassFixture<ImageArchives>
{
    private static readonly string[] plugins =
    [
        "bandwidth",
        "bridge",
        "dhcp",
        "dummy",
        "firewall",
        "flannel",
        "host-device",
        "host-local",
        "ipvlan",
        "loopback",
        "macvlan",
        "portmap",
        "ptp",
        "sbr",
        "sriov",
        "static",
        "tap",
        "tuning",
        "vlan",
        "vrf",
    ];

    [KernelTheory]
    [InlineData("plugboard")]
    [InlineData("plugboard-plugins")]
    public void Two_builds_are_one_digest(string name)
    {
        var (first, second) = (
            File.ReadAllBytes($"{archives.First}/{name}-image.tar"),
            File.ReadAllBytes($"{archives.Second}/{name}-image.tar")
        );
        Assert.True(first.AsSpan().SequenceEqual(second), "the archives differ");
    }

    [KernelTheory]
    [InlineData("plugboard", "amd64", 40_000_000, "coordinator")]
    [InlineData("plugboard-plugins", "amd64", 25_000_000)]
    [InlineData("plugboard", "arm64", 40_000_000, "coordinator")]
    [InlineData("plugboard-plugins", "arm64", 25_000_000)]
    public void It_holds_nothing_but_executables_and_is_small(string name, string architecture, long limit, params string[] more)
    {
        var files = archives
            .List(name, architecture)
            .Select(static line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .ToList();
        string[] expected =
        [
            "plugboard/",
            .. ((string[])[.. plugins, "flexvolume", "installer", .. more])
                .Select(static file => "plugboard/" + file)
                .Order(StringComparer.Ordinal),
        ];
        Assert.Equal(expected, files.Select(static words => words[5]));
        Assert.All(files, static words => Assert.Equal(("0/0", "1970-01-01"), (words[1], words[3])));
        Assert.All(files, static words => Assert.EndsWith("rwxr-xr-x", words[0], StringComparison.Ordinal));
        var layers = archives
            .Describe(name, ImageArchives.IndexOf, ImageArchives.ManifestOf(architecture))
            .GetProperty("layers")
            .EnumerateArray();
        Assert.InRange(layers.Sum(static layer => layer.GetProperty("size").GetInt64()), 1_000_000, limit);
    }

    [KernelTheory]
    [InlineData("amd64")]
    [InlineData("arm64")]
    public void It_says_what_it_is(string architecture)
    {
        var manifest = ImageArchives.ManifestOf(architecture);
        var config = archives.Describe("plugboard", ImageArchives.IndexOf, manifest, ImageArchives.ConfigOf);
        Assert.Equal((architecture, "linux"), (config.GetProperty("architecture").GetString(), config.GetProperty("os").GetString()));
        Assert.Equal(
            "/plugboard/installer",
            Assert.Single(config.GetProperty("config").GetProperty("Entrypoint").EnumerateArray()).GetString()
        );
        var annotations = archives.Describe("plugboard", ImageArchives.IndexOf, manifest).GetProperty("annotations");
        Assert.Equal(ImageArchives.Version, annotations.GetProperty("org.opencontainers.image.version").GetString());
    }

    [KernelFact]
    public void The_init_containers_of_the_manifests_install_onto_a_host()
    {
        using var podman = Load("plugboard-plugins");
        var host = Path.Combine(podman.Node.Directory, "host");
        foreach (
            var container in ContainerSpec
                .Of(Kustomization.Overlay("flexvolume"))
                .Where(static container => container.Name.StartsWith("install", StringComparison.Ordinal))
        )
        {
            podman.TryRunOnce(Options(container, podman, host), Image("plugboard-plugins"), [.. container.Arguments]).Succeeded();
            Assert.All((string[])[.. container.Arguments], static argument => Assert.DoesNotContain(' ', argument));
        }

        Assert.Equal(
            plugins,
            Directory.GetFiles($"{host}/opt/cni/bin").Select(static path => Path.GetFileName(path)).Order(StringComparer.Ordinal)
        );
        foreach (var plugin in plugins)
            Assert.Equal(File.ReadAllBytes($"{PluginDirectory.Ours}/{plugin}"), File.ReadAllBytes($"{host}/opt/cni/bin/{plugin}"));
        Assert.Contains(
            "supportedVersions",
            podman.Node.Tool($"env CNI_COMMAND=VERSION {host}/opt/cni/bin/loopback"),
            StringComparison.Ordinal
        );
        Assert.True(File.Exists($"{host}/usr/libexec/kubernetes/kubelet-plugins/volume/exec/plugboard~nfs/nfs"));
    }

    [KernelFact]
    public void Status_in_the_image_tells_what_install_did_and_what_is_missing()
    {
        using var podman = Load("plugboard-plugins");
        var host = Path.Combine(podman.Node.Directory, "host");
        var container = ContainerSpec.Of(Kustomization.Overlay("plugins"))[0];
        var options = Options(container, podman, host);

        podman.TryRunOnce(options, Image("plugboard-plugins"), [.. container.Arguments]).Succeeded();
        var status = podman.TryRunOnce(options, Image("plugboard-plugins"), "status", "--host-root=/host", "--output=json").Succeeded();
        Assert.Equal(plugins.Select(static plugin => plugin + ": ours"), States(status).Order(StringComparer.Ordinal));

        File.Delete($"{host}/opt/cni/bin/bridge");
        status = podman.TryRunOnce(options, Image("plugboard-plugins"), "status", "--host-root=/host", "--output=json");
        Assert.Equal(1, status.ExitCode);
        Assert.Contains("bridge: missing", States(status));
    }

    [KernelFact]
    public void A_read_only_host_is_refused_with_the_remedy()
    {
        using var podman = Load("plugboard-plugins");
        var container = ContainerSpec.Of(Kustomization.Overlay("plugins"))[0];
        var options = Options(container, podman, Path.Combine(podman.Node.Directory, "host"))
            .Select(static option =>
                option.StartsWith("--volume=", StringComparison.Ordinal) ? option.Replace(":rw", ":ro", StringComparison.Ordinal) : option
            );
        var refused = podman.TryRunOnce([.. options], Image("plugboard-plugins"), [.. container.Arguments]);
        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("is read-only: mount it writable", refused.Error, StringComparison.Ordinal);
    }

    [KernelFact]
    public void The_manifest_s_installer_repairs_what_other_programs_delete()
    {
        using var podman = Load("plugboard-plugins");
        var host = Path.Combine(podman.Node.Directory, "host");
        var container = Assert.Single(ContainerSpec.Of(Kustomization.Overlay("plugins")), static container => container.Name == "keep");
        podman.StartImage([.. Options(container, podman, host), "--name=keep"], Image("plugboard-plugins"), [.. container.Arguments]);

        var portmap = $"{host}/opt/cni/bin/portmap";
        Eventually(
            podman,
            () =>
                File.Exists($"{host}/opt/cni/bin/bridge")
                && File.Exists(portmap)
                && podman.Run("logs", "keep").Contains("portmap", StringComparison.Ordinal)
        );
        File.Delete(portmap);
        Eventually(podman, () => File.Exists(portmap));
        podman.Run("stop", "--time", "10", "keep");
        Assert.Equal("0\n", podman.Run("inspect", "--format", "{{.State.ExitCode}}", "keep"));
    }

    [KernelFact]
    public void The_coordinator_of_the_masquerade_manifest_is_ready_with_one_capability()
    {
        using var podman = Load("plugboard");
        Connect(podman);
        var container = Assert.Single(ContainerSpec.Of(Kustomization.Overlay("masquerade")));
        Assert.Equal(["NET_ADMIN"], container.Capabilities);
        podman.StartImage(
            [.. Options(container, podman, Path.Combine(podman.Node.Directory, "host")), "--name=coordinator"],
            Image("plugboard"),
            [.. container.Arguments]
        );

        Eventually(podman, () => IsReady(podman, container), () => podman.Run("logs", "coordinator"));
        Assert.Contains("172.16.0.0", podman.Node.Tool("nft list ruleset"), StringComparison.Ordinal);
    }

    [KernelTheory]
    [InlineData("vxlan", "10-plugboard.conflist", "bridge")]
    [InlineData("host-gw", "10-plugboard.conflist", "bridge")]
    [InlineData("flannel", "10-flannel.conflist", "flannel")]
    public void The_coordinator_of_a_network_s_manifest_makes_the_node_ready_with_one_capability(
        string overlay,
        string conflist,
        string type
    )
    {
        using var podman = Load("plugboard");
        Connect(podman);
        // A container that is not privileged cannot.
        Assert.Equal(0, podman.Node.TryTool(["sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward"]).ExitCode);
        var host = Path.Combine(podman.Node.Directory, "host");
        var containers = ContainerSpec.Of(Kustomization.Overlay(overlay));
        Assert.Equal(
            ["coordinator", "install", "keep"],
            containers.Select(static container => container.Name).Order(StringComparer.Ordinal)
        );
        var coordinator = Assert.Single(containers, static container => container.Name == "coordinator");
        podman.TryRunOnce(Options(containers[0], podman, host), Image("plugboard"), [.. containers[0].Arguments]).Succeeded();

        // Instead of the cluster's API, which is not there.
        var peers = Path.Combine(podman.Node.Directory, "peers.yaml");
        File.WriteAllText(
            peers,
            "nodes:\n- { name: node1, podCIDRs: [10.244.1.0/24], addresses: [192.0.2.1] }\n- { name: node2, podCIDRs: "
                + "[10.244.2.0/24], addresses: [192.0.2.2] }\n"
        );
        var arguments = coordinator.Arguments.Select(static word => word == "--source=kubernetes" ? "--source=static" : word);
        podman.StartImage(
            [.. Options(coordinator, podman, host), "--name=coordinator", $"--volume={peers}:/etc/plugboard/peers.yaml:ro"],
            Image("plugboard"),
            [.. arguments]
        );

        Eventually(podman, () => IsReady(podman, coordinator), () => podman.Run("logs", "coordinator"));
        Assert.Contains("10.244.2.0/24", podman.Node.Tool("ip route"), StringComparison.Ordinal);
        Assert.Contains("FLANNEL_SUBNET=10.244.1.1/24", File.ReadAllText($"{host}/run/flannel/subnet.env"), StringComparison.Ordinal);
        Assert.Equal([conflist], Directory.GetFiles($"{host}/etc/cni/net.d").Select(static path => Path.GetFileName(path)));
        Assert.Equal(type, (string)JsonNode.Parse(File.ReadAllText($"{host}/etc/cni/net.d/{conflist}"))!["plugins"]![0]!["type"]!);
    }

    private static void Connect(PodmanHost podman)
    {
        podman.Node.Tool("ip link add uplink type veth peer name wire");
        podman.Node.Tool("ip address add 192.0.2.1/24 dev uplink");
        podman.Node.Tool("ip link set uplink up");
        podman.Node.Tool("ip link set wire up");
        podman.Node.Tool("ip route add default via 192.0.2.254");
    }

    // As kubelet asks.
    private static bool IsReady(PodmanHost podman, ContainerSpec container)
    {
        var probe = container.Spec["readinessProbe"]!["httpGet"]!;
        return podman.Node.TryTool(["busybox", "wget", "-qO-", $"http://{probe["host"]}:{probe["port"]}{probe["path"]}"]) is (0, "ok\n", _);
    }

    private static IEnumerable<string> States(CniOutput status) =>
        status.Json["files"]!.AsArray().Select(static file => $"{Path.GetFileName((string)file!["path"]!)}: {(string)file["state"]!}");

    private static string Image(string name) => $"localhost/{name}:{ImageArchives.Version}";

    private static string[] Options(ContainerSpec container, PodmanHost podman, string host) =>
        container.PodmanOptions(host, volume => Config(podman, volume, container.ConfigMaps));

    // As kubelet writes a ConfigMap that is mounted: all of it, or its volume's items under their names.
    private static string Config(PodmanHost podman, JsonObject volume, IReadOnlyList<JsonObject> maps)
    {
        var directory = Directory.CreateDirectory(Path.Combine(podman.Node.Directory, (string)volume["name"]!)).FullName;
        foreach (var (key, value) in maps.Single(map => (string)map["metadata"]!["name"]! == (string)volume["name"]!)["data"]!.AsObject())
        {
            var item = ((JsonArray?)volume["items"])?.Single(item => (string)item!["key"]! == key);
            File.WriteAllText(Path.Combine(directory, item is null ? key : (string)item["path"]!), (string)value!);
        }

        return directory;
    }

    private PodmanHost Load(string name)
    {
        var podman = PodmanHost.Open("""{ "cniVersion": "1.0.0", "name": "test", "plugins": [{ "type": "loopback" }] }""");
        podman.Run("load", "--input", $"{archives.First}/{name}-image.tar");
        return podman;
    }

    // podman tells nothing of its own accord.
    private static void Eventually(PodmanHost podman, Func<bool> isSo, Func<string>? explain = null)
    {
        var began = TimeProvider.System.GetTimestamp();
        while (!isSo())
        {
            Assert.True(
                TimeProvider.System.GetElapsedTime(began) < TimeSpan.FromSeconds(30),
                explain?.Invoke() ?? "not so after 30 seconds"
            );
            podman.Node.Tool("sleep 0.1");
        }
    }
}
