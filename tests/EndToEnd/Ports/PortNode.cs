using System.Text.Json.Nodes;
using Plugboard.Testing;
using Plugboard.Tests.EndToEnd.Harness;

namespace Plugboard.Tests.EndToEnd.Ports;

/// <summary>
/// A node whose pods publish ports, and another host on its network: the node is 192.0.2.1 and fd00:9::1, the other 192.0.2.2 and
/// fd00:9::2, which sends all it does not know to the node.
/// </summary>
internal sealed class PortNode : IDisposable
{
    private readonly List<EchoServer> servers = [];

    /// <summary>Makes the node and the other host.</summary>
    /// <param name="portmap">Changes portmap's config.</param>
    /// <param name="bridge">Changes bridge's config.</param>
    public PortNode(Action<JsonObject>? portmap = null, Action<JsonObject>? bridge = null)
    {
        Bridge = Node.BridgeConfig(static config =>
        {
            config["hairpinMode"] = true;
            config["ipam"]!["ranges"]!.AsArray().Add(new JsonArray(new JsonObject { ["subnet"] = "fd00:1::/64" }));
            config["ipam"]!["routes"]!.AsArray().Add(new JsonObject { ["dst"] = "::/0" });
        });
        bridge?.Invoke(Bridge);
        Portmap = new JsonObject
        {
            ["type"] = "portmap",
            ["capabilities"] = new JsonObject { ["portMappings"] = true },
        };
        portmap?.Invoke(Portmap);
        Chain = new CniChain(Node, "test", Bridge, Portmap);
        Node.Tool($"ip link add eth1 type veth peer name eth0 netns {NameOf(Other)}");
        Configure(Node, "eth1", "192.0.2.1/24", "fd00:9::1/64");
        Configure(Other, "eth0", "192.0.2.2/24", "fd00:9::2/64");
        Other.Ip(
            """
            route add default via 192.0.2.1
            route add default via fd00:9::1
            """
        );
    }

    /// <summary>The node.</summary>
    public CniNode Node { get; } = new();

    /// <summary>The other host.</summary>
    public TestNamespace Other { get; } = new();

    /// <summary>bridge's config.</summary>
    public JsonObject Bridge { get; }

    /// <summary>portmap's config.</summary>
    public JsonObject Portmap { get; }

    /// <summary>Both, as a runtime calls them.</summary>
    public CniChain Chain { get; }

    /// <summary>
    /// The entries of runtimeConfig.portMappings, each as <c>8080:80</c>, <c>8080:80/udp</c> or <c>127.0.0.1:8080:80/tcp</c>; IPv6
    /// addresses in brackets.
    /// </summary>
    public static JsonArray Ports(params string[] mappings) => new([.. mappings.Select(Entry)]);

    private static JsonObject Entry(string mapping)
    {
        var (ports, protocol) = mapping.Split('/') is [var left, var right] ? (left, right) : (mapping, "tcp");
        var entry = new JsonObject
        {
            ["containerPort"] = int.Parse(ports[(ports.LastIndexOf(':') + 1)..], System.Globalization.CultureInfo.InvariantCulture),
            ["protocol"] = protocol,
        };
        ports = ports[..ports.LastIndexOf(':')];
        var at = ports.LastIndexOf(':');
        entry["hostPort"] = int.Parse(ports[(at + 1)..], System.Globalization.CultureInfo.InvariantCulture);
        if (at > 0)
            entry["hostIP"] = ports[..at].Trim('[', ']');
        return entry;
    }

    /// <summary>A pod that publishes ports and answers on its port 80, with TCP and UDP.</summary>
    public CniPod AddPod(params string[] ports)
    {
        var pod = Node.AddPod();
        Chain.Add(pod, Ports(ports)).Succeeded();
        Serve(pod);
        return pod;
    }

    /// <summary>Has a pod answer on its port 80.</summary>
    public void Serve(TestNamespace pod, int port = 80)
    {
        servers.Add(EchoServer.Tcp(pod, port));
        servers.Add(EchoServer.Udp(pod, port));
    }

    /// <summary>The records of pods with ports: their files' names.</summary>
    public IReadOnlyList<string> Records() =>
        [.. Node.TryTool(["ls", "-A", "/run/plugboard/portmap"]).Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)];

    /// <summary>Fails the test where a map, a set or a chain still has anything of a pod's, or a record is left.</summary>
    public void AssertNoPortLeft()
    {
        // What has expired is gone with the kernel's next tick.
        Node.Tool("sleep 0.02");
        var ruleset = Ruleset();
        var elements = ruleset
            .Split('\n')
            .Where(static line =>
                line.Contains("elements", StringComparison.Ordinal) && !line.Contains("\"cni0\"", StringComparison.Ordinal)
            );
        Assert.Empty(elements);
        Assert.DoesNotContain("chain pod_", ruleset, StringComparison.Ordinal);
        Assert.Empty(Records());
    }

    /// <summary>Fails the test where anything of any pod is left.</summary>
    public void AssertNoPodLeft()
    {
        AssertNoPortLeft();
        Assert.Empty(Node.Leases());
        Assert.Equal("", Node.Tool("ip -brief link show master cni0"));
    }

    /// <summary>The ruleset, as nft prints it, without what its counters count.</summary>
    public string Ruleset() => Node.Tool("nft -s list ruleset");

    /// <summary>How ip(8) calls a namespace that has no name.</summary>
    public static string NameOf(TestNamespace ns) =>
        ns.Path.Split('/') is [_, _, var process, _, var thread, ..] && process.Length > 0 ? thread : "";

    /// <summary>Gives a link its addresses.</summary>
    public static void Configure(TestNamespace ns, string link, string v4, string v6)
    {
        ns.TryTool(["sh", "-c", $"echo 0 > /proc/sys/net/ipv6/conf/{link}/accept_dad"]);
        ns.Ip(
            $"""
            address add {v4} dev {link}
            address add {v6} dev {link} nodad
            link set {link} up
            """
        );
    }

    public void Dispose()
    {
        foreach (var server in servers)
            server.Dispose();
        Other.Dispose();
        Node.Dispose();
    }
}
