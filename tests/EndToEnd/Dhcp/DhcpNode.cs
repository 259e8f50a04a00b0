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

    public DhcpNode()
    {
        Node.Tool("mkdir -p /run/cni /run/netns");
        Server.Tool("ip link set lo up");
        Node.Tool("ip link add m0 type veth peer name s0");
        Node.Tool($"ip link set s0 netns {Server.Path}");
        Node.Tool("ip link set m0 up");
        Server.Tool("ip link set s0 up");
        Server.Tool("ip addr add 192.168.50.1/24 dev s0");
    }

    public CniNode Node { get; } = new();

    public TestNamespace Server { get; } = new();

    /// <summary>The leases as dnsmasq writes them, one a line.</summary>
    public string[] ServerLeases => [.. File.ReadAllLines(PathOf("leases")).Where(static line => line.Length > 0)];

    /// <summary>The log of dnsmasq.</summary>
    public string ServerLog => File.Exists(PathOf("log")) ? File.ReadAllText(PathOf("log")) : "";

    /// <summary>The daemon's files of leases.</summary>
    public string[] LeaseFiles => Node.Run(static () => Directory.Exists(Leases) ? Directory.GetFiles(Leases, "lease-*") : []);

    private const string Leases = "/run/cni/dhcp.sock.leases";

    private string PathOf(string name) => Path.Combine(Node.Directory, name);

    /// <summary>Starts dnsmasq, with leases of two minutes, its shortest.</summary>
    public BackgroundTool StartServer(params string[] more)
    {
        var server = Start(
            Server,
            "/usr/sbin/dnsmasq",
            [
                "--keep-in-foreground",
                "--conf-file=/dev/null",
                "--port=0",
                "--no-ping",
                "--interface=s0",
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
        var daemon = Start(Node, Path.Combine(plugins ?? PluginDirectory.Ours, "dhcp"), ["daemon", .. flags]);
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
        Node.Dispose();
        Server.Dispose();
    }
}
