using System.Text.Json.Nodes;
using Plugboard.Doctor;
using Plugboard.Testing;
using Plugboard.Tests.EndToEnd.Harness;

namespace Plugboard.Tests.EndToEnd.Doctor;

/// <summary>
/// A node on which all is well, with the published plugins, a network config and an uplink, and a runtime that calls them as the CNI
/// library does: the first config by name, the first executable of a name, a cache of what it attached. Everything below /etc, /opt, /run
/// and /var/lib is its own.
/// </summary>
internal sealed class PatientNode : TestMachine
{
    public const string ConfDirectory = "/etc/cni/net.d";
    public const string Conflist = ConfDirectory + "/10-pods.conflist";
    public const string BinDirectory = "/opt/cni/bin";
    public const string OutsideAddress = "192.0.2.254";
    public const string OwnAddress = "192.0.2.1";

    private const string Network = """
        {
          "cniVersion": "1.0.0", "cniVersions": ["0.4.0", "1.0.0", "1.1.0"], "name": "pods",
          "plugins": [
            { "type": "bridge", "bridge": "cni0", "isDefaultGateway": true, "ipMasq": true,
              "ipam": { "type": "host-local", "ranges": [[{ "subnet": "10.201.0.0/24" }]] } },
            { "type": "portmap", "capabilities": { "portMappings": true } }
          ]
        }
        """;

    // The machine's own podman and runtimes, whatever they are, are not this node's.
    private static readonly string prepare = $"""
        mkdir -p /run/etc/upper /run/etc/work
        mount -t overlay overlay -o lowerdir=/etc,upperdir=/run/etc/upper,workdir=/run/etc/work /etc
        mount -t tmpfs opt /opt
        mount -t tmpfs lib /var/lib
        rm -rf /etc/cni /etc/crio /etc/containerd /etc/containers /etc/kube-flannel
        mkdir -p {ConfDirectory} {BinDirectory} /etc/containerd /etc/containers/containers.conf.d /var/lib/cni/results
        echo version = 2 > /etc/containerd/config.toml
        printf '[network]\nnetwork_backend = "netavark"\n' > /etc/containers/containers.conf.d/99-test.conf
        cp {PluginDirectory.Ours}/bridge {PluginDirectory.Ours}/flannel {PluginDirectory.Ours}/host-local {BinDirectory}
        cp {PluginDirectory.Ours}/loopback {PluginDirectory.Ours}/portmap {BinDirectory}
        ip link set lo up
        """;

    private readonly List<CniPod> pods = [];

    public PatientNode()
    {
        Shell(prepare);
        Write(Conflist, Network);
        Tool($"ip link add eth0 type veth peer name wire0 netns {Outside.Path.Split('/')[4]}");
        Shell($"ip addr add {OwnAddress}/24 dev eth0; ip link set eth0 up; ip route add default via {OutsideAddress}");
        Shell("echo 1 > /proc/sys/net/ipv4/ip_forward");
        Outside.Tool($"ip addr add {OutsideAddress}/24 dev wire0");
        Outside.Tool("ip link set wire0 up");
    }

    /// <summary>A machine beyond the node's uplink that knows no route to the pods.</summary>
    public TestNamespace Outside { get; } = new();

    /// <summary>The examination of the node.</summary>
    public DoctorReport Examine() => OfThisNode(Run(() => new NodeDoctor(Options, TimeProvider.System).Examine()));

    // Loop devices are the machine's, and another test may just have lost one.
    private static DoctorReport OfThisNode(DoctorReport report) =>
        report with
        {
            Findings = [.. report.Findings.Where(static finding => finding.Id != FindingIds.LoopOrphaned)],
        };

    /// <summary>The same from a container that sees the node's root directory, processes and network.</summary>
    public DoctorReport ExamineFrom(TestMachine container) =>
        container.Run(() =>
        {
            var process = Path[..^"/ns/net".Length];
            using var entered = Namespace.Enter();
            var doctor = new NodeDoctor(Options with { HostRoot = $"{process}/root", HostProcess = process }, TimeProvider.System);
            return OfThisNode(doctor.Examine());
        });

    /// <summary>
    /// Makes the safe repairs. A lock is taken for a moment longer where a child that another test starts has a copy of its descriptor, and
    /// a lease's address is in use while a process of another test's pod has the same: what is not made then is left to the next try.
    /// </summary>
    public void Fix() =>
        Eventually.True(
            () =>
            {
                Run(() => new DoctorRun(Options with { Fix = true }, TimeProvider.System).Run(static _ => { }, static _ => { }));
                return Examine()
                    .Findings.All(static finding => finding.FixIntention is null && finding.Id != FindingIds.LeaseWithoutContainer);
            },
            Ids
        );

    private static DoctorOptions Options => new() { Grace = TimeSpan.Zero, SecondLook = TimeSpan.FromMilliseconds(20) };

    /// <summary>The kinds of all findings, in the order of their names.</summary>
    public string Ids() =>
        string.Join(' ', Examine().Findings.Select(static finding => finding.Id).Distinct().Order(StringComparer.Ordinal));

    public void Write(string path, string content) => Run(() => File.WriteAllText(path, content));

    public string Read(string path) => Run(() => File.ReadAllText(path));

    /// <summary>Changes a text of a file.</summary>
    public void Replace(string path, string old, string other)
    {
        var text = Read(path);
        Assert.Contains(old, text, StringComparison.Ordinal);
        Write(path, text.Replace(old, other, StringComparison.Ordinal));
    }

    /// <summary>Runs lines of shell inside.</summary>
    public void Shell(string script)
    {
        var (code, output, error) = TryTool(["sh", "-ec", script]);
        if (code != 0)
            throw new InvalidOperationException($"{script}\nexited with {code}: {error}{output}");
    }

    /// <summary>The pod that was attached last.</summary>
    public CniPod Pod => pods[^1];

    /// <summary>Runs the commands that a remedy names, with our executables in the search path.</summary>
    public void Obey(Finding finding)
    {
        foreach (var command in finding.Remedy.Split('`').Where(static (_, index) => index % 2 == 1))
            Shell($"export PATH={PluginDirectory.Ours}:$PATH; timeout 20 {command}");
    }

    /// <summary>Attaches a new pod as a runtime does; throws an <see cref="AttachException"/> with what failed.</summary>
    public CniPod Attach(int? hostPort = null)
    {
        var pod = new CniPod($"pod{pods.Count}");
        pods.Add(pod);
        var list = ChosenNetwork();
        try
        {
            foreach (var plugin in list["plugins"]!.AsArray())
                pod.Result = Call("ADD", list, plugin!.AsObject(), pod, hostPort);
        }
        catch (AttachException)
        {
            Detach(pod, list);
            throw;
        }

        var cached = new JsonObject
        {
            ["kind"] = "cniCacheV1",
            ["containerId"] = pod.ContainerId,
            ["config"] = "e30=",
            ["ifName"] = pod.IfName,
            ["networkName"] = (string)list["name"]!,
            ["netns"] = pod.Path,
            ["result"] = pod.Result!.DeepClone(),
        };
        Write($"/var/lib/cni/results/{(string)list["name"]!}-{pod.ContainerId}-{pod.IfName}", cached.ToJsonString());
        return pod;
    }

    /// <summary>Attaches a new pod, or says why not.</summary>
    public string? TryAttach(int? hostPort = null)
    {
        try
        {
            Attach(hostPort);
            return null;
        }
        catch (AttachException e)
        {
            return e.Message;
        }
    }

    /// <summary>Ends all pods, each by its DEL.</summary>
    public void DetachAll()
    {
        var list = ChosenNetwork();
        pods.ForEach(pod => Detach(pod, list));
        Shell("rm -f /var/lib/cni/results/*");
    }

    /// <summary>True if a pod's packets leave the node and the replies come back.</summary>
    public static bool Reaches(CniPod pod, string address) => pod.TryTool(["ping", "-c1", "-W1", address]).ExitCode == 0;

    /// <summary>True if a connection from <paramref name="from"/> is accepted.</summary>
    public static bool Connects(TestNamespace from, string address, int port) =>
        from.TryTool(["bash", "-c", $"timeout 1 bash -c 'exec 3<>/dev/tcp/{address}/{port}'"]).ExitCode == 0;

    // Every plugin is asked, in the reverse order: what fails is not repeated here.
    private void Detach(CniPod pod, JsonObject list)
    {
        foreach (var plugin in list["plugins"]!.AsArray().Reverse())
        {
            try
            {
                Call("DEL", list, plugin!.AsObject(), pod, null);
            }
            catch (AttachException)
            {
                continue;
            }
        }
    }

    private JsonObject ChosenNetwork()
    {
        foreach (var path in Run(static () => Directory.GetFiles(ConfDirectory)).Order(StringComparer.Ordinal))
        {
            if (TryParse(Read(path)) is { } list)
                return list;
        }

        throw new AttachException("cni plugin not initialized");
    }

    private static JsonObject? TryParse(string text)
    {
        try
        {
            return
                JsonNode.Parse(text) is JsonObject list
                && list["plugins"] is JsonArray { Count: > 0 }
                && list["cniVersion"] is JsonValue version
                && version.TryGetValue<string>(out _)
                ? list
                : null;
        }
        catch (System.Text.Json.JsonException)
        {
            return null;
        }
    }

    private JsonNode? Call(string verb, JsonObject list, JsonObject plugin, CniPod pod, int? hostPort)
    {
        var config = (JsonObject)plugin.DeepClone();
        config["name"] = (string)list["name"]!;
        config["cniVersion"] =
            list["cniVersions"]?.AsArray().Select(static version => (string)version!).Max(StringComparer.Ordinal)
            ?? (string)list["cniVersion"]!;
        if (pod.Result is { } result)
            config["prevResult"] = result.DeepClone();
        if (hostPort is { } port && config["capabilities"]?["portMappings"] is not null)
            config["runtimeConfig"] = new JsonObject
            {
                ["portMappings"] = new JsonArray(
                    new JsonObject
                    {
                        ["hostPort"] = port,
                        ["containerPort"] = 80,
                        ["protocol"] = "tcp",
                    }
                ),
            };
        var (code, output, error) = TryTool(
            [
                "env",
                "-i",
                "PATH=/usr/sbin:/usr/bin:/sbin:/bin",
                $"CNI_COMMAND={verb}",
                $"CNI_CONTAINERID={pod.ContainerId}",
                $"CNI_NETNS={pod.Path}",
                $"CNI_IFNAME={pod.IfName}",
                $"CNI_PATH={BinDirectory}",
                $"{BinDirectory}/{(string)plugin["type"]!}",
            ],
            config.ToJsonString()
        );
        if (code != 0 || (verb == "ADD" && output.Length == 0))
            throw new AttachException($"{plugin["type"]}: {output}{error}");
        return verb == "ADD" ? JsonNode.Parse(output) : pod.Result;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            pods.ForEach(static pod => pod.Dispose());
            Outside.Dispose();
        }

        base.Dispose(disposing);
    }
}

/// <summary>A pod could not be attached.</summary>
internal sealed class AttachException(string message) : Exception(message);
