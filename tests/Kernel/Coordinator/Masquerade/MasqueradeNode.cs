using Plugboard.Addresses;
using Plugboard.Coordinator.Cluster;
using Plugboard.Coordinator.Configuration;
using Plugboard.Coordinator.Masquerade;
using Plugboard.Coordinator.Reconciling;
using Plugboard.Firewall.Nftables;
using Plugboard.Testing;

namespace Plugboard.Tests.Kernel.Coordinator.Masquerade;

/// <summary>
/// A node with a pod behind it and an internet before it, reached by two links; and the reconciler, with a file of the test's own.
/// </summary>
internal sealed class MasqueradeNode : TestMachine
{
    /// <summary>An address of the internet by each link, one in a private network, and a link-local one.</summary>
    public const string Internet = "203.0.113.1",
        Internet6 = "[2001:db8::1]",
        ByEth1 = "198.51.100.1",
        Private = "192.168.50.1",
        Private6 = "[fd00:50::1]";

    /// <summary>The node's address on each link.</summary>
    public const string Eth0 = "203.0.113.10",
        Eth06 = "2001:db8::10",
        Eth1 = "198.51.100.10";

    /// <summary>The pod's addresses.</summary>
    public const string PodAddress = "10.244.1.2",
        PodAddress6 = "fd00:244:0:1::2";

    private readonly DirectoryInfo directory = Directory.CreateTempSubdirectory("masquerade");
    private readonly EchoServer server;
    private readonly NftablesClient client;

    public MasqueradeNode(MasqueradeOptions options, string? config = null)
    {
        Options = options;
        // A router without a link-local address, which each waits a second for, does not ask for theirs.
        foreach (var ns in (TestNamespace[])[this, Pod, Outside])
            ns.Tool("sysctl -qw net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.default.accept_dad=0");
        Tool("ip link set lo up");
        Tool("sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1");
        Connect(Outside, "eth0", $"{Eth0}/24", $"{Eth06}/64", "203.0.113.1/24", "2001:db8::1/64");
        Connect(Outside, "eth1", $"{Eth1}/24", "2001:db8:1::10/64", "198.51.100.1/24", "2001:db8:1::1/64");
        Connect(Pod, "cni0", "10.244.1.1/24", "fd00:244:0:1::1/64", $"{PodAddress}/24", $"{PodAddress6}/64");
        Ip(
            """
            route add 192.168.50.0/24 via 203.0.113.1
            route add fd00:50::/64 via 2001:db8::1
            """
        );
        Outside.Ip(
            """
            addr add 192.168.50.1/32 dev lo
            addr add fd00:50::1/128 dev lo
            route add 10.244.0.0/16 via 203.0.113.10
            route add fd00:244::/56 via 2001:db8::10
            """
        );
        Pod.Ip(
            """
            route add default via 10.244.1.1
            route add default via fd00:244:0:1::1
            """
        );
        server = EchoServer.Tcp(Outside, 80);
        client = NftablesClient.Open(Namespace);
        ConfigPath = System.IO.Path.Combine(directory.FullName, "ip-masq-agent");
        if (config is not null)
            File.WriteAllText(ConfigPath, config);
        ConfigFile = new MasqueradeConfigFile(ConfigPath, options, TimeProvider.System);
        Reconciler = new MasqueradeReconciler(options, ConfigFile);
    }

    public MasqueradeOptions Options { get; }

    public TestNamespace Pod { get; } = new();

    public TestNamespace Outside { get; } = new();

    public string ConfigPath { get; }

    public MasqueradeConfigFile ConfigFile { get; }

    public MasqueradeReconciler Reconciler { get; private set; }

    public NftablesClient Client => client;

    public ClusterView View { get; set; } =
        new()
        {
            Network = new NetConf
            {
                Network = IPPrefix.Parse("10.244.0.0/16"),
                EnableIPv6 = true,
                IPv6Network = IPPrefix.Parse("fd00:244::/56"),
            },
            Self = new LocalNode { Name = "n1", PodCidrs = [IPPrefix.Parse("10.244.1.0/24"), IPPrefix.Parse("fd00:244:0:1::/64")] },
            IsComplete = true,
        };

    private void Connect(TestNamespace other, string link, params string[] addresses)
    {
        var theirs = link == "cni0" ? "eth0" : link;
        Tool($"ip link add {link} type veth peer name {theirs} netns {other.Path}");
        foreach (
            var (ns, name, four, six) in new[]
            {
                ((TestNamespace)this, link, addresses[0], addresses[1]),
                (other, theirs, addresses[2], addresses[3]),
            }
        )
        {
            ns.Ip(
                $"""
                addr add {four} dev {name}
                addr add {six} dev {name} nodad
                link set {name} up
                link set lo up
                """
            );
        }

        WaitUntilLocal(addresses[1].Split('/')[0]);
        other.WaitUntilLocal(addresses[3].Split('/')[0]);
    }

    /// <summary>Another reconciler, as after a restart or with other flags.</summary>
    public void Restart(MasqueradeOptions options)
    {
        Reconciler.Dispose();
        Reconciler = new MasqueradeReconciler(options, new MasqueradeConfigFile(ConfigPath, options, TimeProvider.System));
    }

    public SyncOutcome Sync(SyncCause cause = SyncCause.Kernel) => Run(() => Reconciler.Sync(View, cause));

    /// <summary>Syncs, and nothing may be wrong.</summary>
    public IReadOnlyList<Change> SyncWell(SyncCause cause = SyncCause.Start)
    {
        var outcome = Sync(cause);
        Assert.Equal([], outcome.Problems);
        return outcome.Changes;
    }

    /// <summary>Nothing is changed, whatever the cause; the kernel's number for its ruleset tells.</summary>
    public void IsSteady()
    {
        var before = client.GetGeneration();
        foreach (var cause in new[] { SyncCause.Audit, SyncCause.Kernel, SyncCause.Source, SyncCause.Kernel })
        {
            var outcome = Sync(cause);
            Assert.Equal([], outcome.Changes);
            Assert.Equal([], outcome.Problems);
        }

        Assert.Equal(before, client.GetGeneration());
        Assert.Equal([], Run(() => Reconciler.Plan(View)).Changes);
    }

    /// <summary>Whom the internet sees when the pod asks.</summary>
    public string SeenFromPod(string server) => Pod.AskTcp($"{server}:80");

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            Reconciler.Dispose();
            ConfigFile.Dispose();
            client.Dispose();
            server.Dispose();
            Pod.Dispose();
            Outside.Dispose();
            directory.Delete(recursive: true);
        }

        base.Dispose(disposing);
    }
}
