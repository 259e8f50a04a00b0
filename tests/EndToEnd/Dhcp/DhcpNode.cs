using System.Text;
using System.Text.Json.Nodes;
using Plugboard.Testing;
using Plugboard.Tests.EndToEnd.Harness;

namespace Plugboard.Tests.EndToEnd.Dhcp;

/// <summary>
/// A node with a daemon, and a network with a server: <c>m0</c> of the node leads to <c>s0</c> of the server, 192.168.50.1.
/// </summary>
internal sealed class DhcpNode : IDisposable
{
    private readonly List<BackgroundTool> tools = [];
    private readonly CniNode? own;

    public DhcpNode()
        : this(new CniNode()) => own = Node;

    /// <summary>The same on a node that exists and stays.</summary>
    public DhcpNode(CniNode node)
    {
        Node = node;
        Node.Tool("mkdir -p /run/cni /run/netns");
        Server.Tool("ip link set lo up");
        Node.Tool("ip link add m0 type veth peer name s0");
        Node.Tool($"ip link set s0 netns {Server.Path}");
        Node.Tool("ip link set m0 up");
        Server.Tool("ip link set s0 up");
        Server.Tool("ip addr add 192.168.50.1/24 dev s0");
    }

    public CniNode Node { get; }

    public TestNamespace Server { get; } = new();

    /// <summary>The leases as dnsmasq writes them, one a line.</summary>
    public string[] ServerLeases => [.. File.ReadAllLines(PathOf("leases")).Where(static line => line.Length > 0)];

    /// <summary>The log of dnsmasq.</summary>
    public string ServerLog => File.Exists(PathOf("log")) ? File.ReadAllText(PathOf("log")) : "";

    /// <summary>The daemon's files of leases.</summary>
    public string[] LeaseFiles => Node.Run(static () => Directory.Exists(Leases) ? Directory.GetFiles(Leases, "lease-*") : []);

    /// <summary>Where <see cref="Remember"/> keeps results.</summary>
    public string Results => PathOf("results");

    private const string Leases = "/run/cni/dhcp.sock.leases";

    private string PathOf(string name) => Path.Combine(Node.Directory, name);

    /// <summary>Starts dnsmasq, with leases of two minutes, its shortest.</summary>
    public BackgroundTool StartServer(params string[] more) => StartServer(Server, "s0", more);

    /// <summary>The same by a link of another namespace.</summary>
    public BackgroundTool StartServer(TestNamespace inside, string link, params string[] more)
    {
        var server = Start(
            inside,
            "/usr/sbin/dnsmasq",
            [
                "--keep-in-foreground",
                "--conf-file=/dev/null",
                "--port=0",
                "--no-ping",
                $"--interface={link}",
                "--bind-interfaces",
                "--dhcp-range=192.168.50.50,192.168.50.150,255.255.255.0,2m",
                $"--dhcp-leasefile={PathOf("leases")}",
                $"--log-facility={PathOf("log")}",
                $"--pid-file={PathOf("pid")}",
                "--log-dhcp",
                "--user=root",
                .. more,
            ]
        );
        Eventually.True(
            () => ServerLog.Contains("sockets bound", StringComparison.Ordinal),
            () => $"no dnsmasq: {server.Output}{ServerLog}"
        );
        return server;
    }

    /// <summary>Starts our daemon, or that of another directory, and waits until it listens.</summary>
    public BackgroundTool StartDaemon(string? plugins = null, params string[] flags)
    {
        // The machine's own results are none of a test's.
        string[] results = (plugins ?? PluginDirectory.Ours) == PluginDirectory.Ours ? ["-results", Results] : [];
        var daemon = Start(Node, Path.Combine(plugins ?? PluginDirectory.Ours, "dhcp"), ["daemon", .. results, .. flags]);
        WaitUntilListening(daemon);
        return daemon;
    }

    private void WaitUntilListening(BackgroundTool daemon) =>
        Eventually.True(
            () => Node.TryTool(["sh", "-c", "grep -q '00010000.*dhcp.sock' /proc/net/unix"]).ExitCode == 0,
            () => $"it does not listen: {daemon.Output}"
        );

    public BackgroundTool Start(TestNamespace inside, string program, params string[] arguments)
    {
        var tool = new BackgroundTool(inside, program, arguments);
        tools.Add(tool);
        return tool;
    }

    /// <summary>Makes the leases in the daemon's files older.</summary>
    public void AgeLeases(TimeSpan by) =>
        Node.Run(() =>
        {
            foreach (var file in Directory.GetFiles(Leases, "lease-*"))
            {
                var lines = File.ReadAllLines(file);
                var at = Array.FindIndex(lines, static line => line.StartsWith("acquired ", StringComparison.Ordinal));
                lines[at] = $"acquired {long.Parse(lines[at].Split(' ')[1]) - (long)by.TotalMilliseconds}";
                File.WriteAllLines(file, lines);
            }
        });

    /// <summary>Keeps a pod's result as the runtime does that calls by libcni 1.3: <c>NETWORK-CONTAINER-INTERFACE</c>.</summary>
    public void Remember(CniPod pod, JsonObject config)
    {
        var list = new JsonObject
        {
            ["cniVersion"] = config["cniVersion"]!.DeepClone(),
            ["name"] = config["name"]!.DeepClone(),
            ["plugins"] = new JsonArray(config.DeepClone(), new JsonObject { ["type"] = "tuning" }),
        };
        var entry = new JsonObject
        {
            ["kind"] = "cniCacheV1",
            ["containerId"] = pod.ContainerId,
            ["config"] = Convert.ToBase64String(Encoding.UTF8.GetBytes(list.ToJsonString())),
            ["ifName"] = pod.IfName,
            ["networkName"] = config["name"]!.DeepClone(),
            ["netns"] = pod.Path,
            ["cniArgs"] = new JsonArray(new JsonArray("IgnoreUnknown", "1"), new JsonArray("K8S_POD_NAME", "web-0")),
            ["result"] = pod.Result!.DeepClone(),
        };
        Directory.CreateDirectory(Results);
        File.WriteAllText(Path.Combine(Results, $"{config["name"]}-{pod.ContainerId}-{pod.IfName}"), entry.ToJsonString());
    }

    /// <summary>Makes calls go to our plugins, and to the dhcp of a directory.</summary>
    public void CallDhcpOf(string plugins)
    {
        var mixed = Path.Combine(Node.Directory, "bin" + Path.GetFileName(plugins));
        Directory.CreateDirectory(mixed);
        foreach (var name in new[] { "macvlan", "ipvlan", "bridge", "vlan", "host-device" })
            File.CreateSymbolicLink(Path.Combine(mixed, name), Path.Combine(PluginDirectory.Ours, name));
        File.CreateSymbolicLink(Path.Combine(mixed, "dhcp"), Path.Combine(plugins, "dhcp"));
        Node.Plugins = mixed;
    }

    /// <summary>A macvlan above m0 with an address by DHCP.</summary>
    public static JsonObject Macvlan(string ipam = "{}")
    {
        var section = (JsonObject)JsonNode.Parse(ipam)!;
        section["type"] = "dhcp";
        return new JsonObject
        {
            ["cniVersion"] = "1.1.0",
            ["name"] = "lan",
            ["type"] = "macvlan",
            ["master"] = "m0",
            ["ipam"] = section,
        };
    }

    public void Dispose()
    {
        foreach (var tool in tools)
            tool.Dispose();
        own?.Dispose();
        Server.Dispose();
    }
}
