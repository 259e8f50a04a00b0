using Plugboard.Coordinator.Cluster;
using Plugboard.Coordinator.Configuration;
using Plugboard.Testing;

namespace Plugboard.Tests.Kernel.Coordinator;

/// <summary>Nodes with a pod each, in one network or in two with a router between.</summary>
internal sealed class NodeCluster : IDisposable
{
    private readonly TestMachine fabric = new();
    private readonly List<TestMachine> pods = [];
    private readonly BackendConf backend;
    private readonly bool isDual;

    /// <summary>Makes the nodes n1, n2, … and starts an engine in each.</summary>
    /// <param name="backend">How packets go from node to node.</param>
    /// <param name="sizes">How many nodes each network has; the networks are 192.168.0.0/24, 192.168.1.0/24, … and one router knows
    /// all.</param>
    /// <param name="isDual">IPv6 as well.</param>
    public NodeCluster(BackendConf backend, int[] sizes, bool isDual = false)
    {
        this.backend = backend;
        this.isDual = isDual;
        Network = new NetConf
        {
            Network = Addresses.IPPrefix.Parse("10.244.0.0/16"),
            EnableIPv6 = isDual,
            Backend = backend,
        };
        fabric.Tool("sysctl -qw net.ipv4.ip_forward=1");
        var number = 1;
        for (var subnet = 0; subnet < sizes.Length; subnet++)
        {
            fabric.Ip(
                $"""
                link add sw{subnet} type bridge
                addr add 192.168.{subnet}.254/24 dev sw{subnet}
                link set sw{subnet} up
                """
            );
            for (var i = 0; i < sizes[subnet]; i++, number++)
                AddNode(number, subnet);
        }

        Described = Nodes
            .Select(
                (node, index) =>
                    CoordinatedNode.Describe(
                        index + 1,
                        node.Tool("ip -4 -br addr show dev eth0").Split(' ', StringSplitOptions.RemoveEmptyEntries)[2].Split('/')[0],
                        backend,
                        isDual
                    )
            )
            .ToList();
    }

    /// <summary>What the nodes are plugged into, and the router.</summary>
    public TestMachine Fabric => fabric;

    public NetConf Network { get; }

    public List<CoordinatedNode> Nodes { get; } = [];

    public List<ClusterNode> Described { get; }

    public TestMachine PodOf(int number) => pods[number - 1];

    private void AddNode(int number, int subnet)
    {
        var node = new CoordinatedNode($"n{number}", Network);
        Nodes.Add(node);
        Plug(node, number, subnet);
        var pod = new TestMachine();
        pods.Add(pod);
        node.Ip(
            $"""
            link add cni0 type veth peer name eth0 netns {pod.Path}
            addr add 10.244.{number}.1/24 dev cni0
            link set cni0 up
            """
        );
        pod.Ip(
            $"""
            link set lo up
            addr add 10.244.{number}.2/24 dev eth0
            link set eth0 up
            route add default via 10.244.{number}.1
            """
        );
        if (!isDual)
            return;
        node.Ip($"addr add fd00:244:0:{number}::1/64 dev cni0 nodad");
        pod.Ip(
            $"""
            addr add fd00:244:0:{number}::2/64 dev eth0 nodad
            route add default via fd00:244:0:{number}::1
            """
        );
    }

    /// <summary>Connects a node's eth0 to a network with its address there.</summary>
    public void Plug(CoordinatedNode node, int number, int subnet)
    {
        fabric.Ip(
            $"""
            link add p{number} type veth peer name eth0 netns {node.Path}
            link set p{number} master sw{subnet} up
            """
        );
        if (isDual)
            node.Ip($"addr add fd00:192::{number}/64 dev eth0 nodad");
        node.Ip(
            $"""
            addr add 192.168.{subnet}.{number}/24 dev eth0
            link set eth0 up
            route add default via 192.168.{subnet}.254
            """
        );
    }

    /// <summary>Starts all engines and tells each of all nodes.</summary>
    public void Start()
    {
        foreach (var node in Nodes)
        {
            node.Start();
            node.Tell([.. Described]);
        }
    }

    /// <summary>True where a packet comes back.</summary>
    public bool CanPing(int from, string address) => PodOf(from).TryTool(["ping", "-c1", "-W1", "-q", address]).ExitCode == 0;

    /// <summary>Fails unless every pod reaches every other one.</summary>
    public void AssertAllReachAll()
    {
        for (var from = 1; from <= Nodes.Count; from++)
        {
            for (var to = 1; to <= Nodes.Count; to++)
            {
                if (from == to)
                    continue;
                Nodes[from - 1].Until(() => CanPing(from, $"10.244.{to}.2"), $"pod {from} reaches pod {to}");
                if (isDual)
                    Nodes[from - 1].Until(() => CanPing(from, $"fd00:244:0:{to}::2"), $"pod {from} reaches pod {to} by IPv6");
            }
        }
    }

    public void Dispose()
    {
        foreach (var node in Nodes)
            node.Dispose();
        foreach (var pod in pods)
            pod.Dispose();
        fabric.Dispose();
    }
}
