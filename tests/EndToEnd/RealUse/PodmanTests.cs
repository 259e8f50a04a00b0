using Plugboard.Testing;
using Plugboard.Tests.EndToEnd.Harness;

namespace Plugboard.Tests.EndToEnd.RealUse;

/// <summary>A real runtime: podman calls libcni, which calls bridge and host-local.</summary>
public sealed class PodmanTests
{
    private const string Network = """
        {
          "cniVersion": "1.0.0",
          "name": "test",
          "plugins": [
            {
              "type": "bridge",
              "bridge": "cni-podman0",
              "isGateway": true,
              "isDefaultGateway": true,
              "hairpinMode": true,
              "ipam": {
                "type": "host-local",
                "dataDir": "DATA",
                "ranges": [[{ "subnet": "10.89.0.0/24" }], [{ "subnet": "fd00:89::/64" }]]
              }
            }
          ]
        }
        """;

    [KernelTheory]
    [InlineData(
        """
            "cniVersion": "0.4.0"
            """
    )]
    [InlineData(
        """
            "cniVersion": "1.0.0"
            """
    )]
    [InlineData(
        """
            "cniVersion": "1.0.0", "cniVersions": ["0.4.0", "1.0.0", "1.1.0"]
            """
    )]
    public void Containers_reach_each_other_and_the_host_and_leave_nothing(string versions)
    {
        using var podman = PodmanHost.Open(
            Network.Replace(
                """
                "cniVersion": "1.0.0"
                """,
                versions,
                StringComparison.Ordinal
            )
        );
        podman.Start("web", "httpd", "-f", "-p", "80", "-h", "/www");
        podman.Start("client", "sleep", "600");

        Assert.Equal("10.89.0.2", podman.Address("web"));
        Assert.Equal(["10.89.0.2", "10.89.0.3", "fd00:89::2", "fd00:89::3"], podman.Node.Leases().Keys.Order(StringComparer.Ordinal));
        Assert.Equal("hello\n", podman.Exec("client", "wget", "-qO-", "http://10.89.0.2/"));
        podman.Exec("client", "ping", "-c", "1", "-W", "2", "fd00:89::2");
        podman.Exec("client", "ping", "-c", "1", "-W", "2", "10.89.0.1");
        podman.Node.Tool("ping -c 1 -W 2 10.89.0.3");
        Assert.Equal("hello\n", podman.Node.Tool("busybox wget -qO- http://10.89.0.2/"));

        podman.Run("rm", "--force", "--time", "0", "web", "client");
        Assert.Equal("", podman.Node.Tool("ip -brief link show type veth"));
        Assert.Empty(podman.Node.Leases());
        Assert.Equal("", podman.Node.Tool("find /run/netns -type f"));
    }

    [KernelFact]
    public void A_wanted_address_is_given_and_refused_to_the_next()
    {
        using var podman = PodmanHost.Open(Network);
        podman.StartWith(["--ip", "10.89.0.77", "--mac-address", Transcript.FixedMac], "web", "sleep", "600");
        Assert.Equal("10.89.0.77", podman.Address("web"));
        Assert.Contains(Transcript.FixedMac, podman.Exec("web", "ip", "link", "show", "eth0"), StringComparison.Ordinal);
        var refusal = Assert.Throws<InvalidOperationException>(() => podman.StartWith(["--ip", "10.89.0.77"], "other", "sleep", "600"));
        Assert.Contains("requested IP address 10.89.0.77 is not available", refusal.Message, StringComparison.Ordinal);
        Assert.Equal(2, podman.Node.Leases().Count);
    }

    [KernelFact]
    public void A_restarted_container_has_one_lease_of_each_range()
    {
        using var podman = PodmanHost.Open(Network);
        podman.Start("web", "sleep", "600");
        podman.Run("restart", "--time", "0", "web");
        Assert.Equal(2, podman.Node.Leases().Count);
        podman.Exec("web", "ping", "-c", "1", "-W", "2", "10.89.0.1");
        podman.Run("stop", "--time", "0", "web");
        Assert.Empty(podman.Node.Leases());
        Assert.Equal("", podman.Node.Tool("ip -brief link show type veth"));
    }

    // As podman writes it: the containers are beside the hosts of the node's own network, without a bridge.
    [KernelFact]
    public void Containers_on_a_macvlan_network_reach_each_other_and_the_hosts_of_the_nodes_network()
    {
        using var podman = PodmanHost.Open(Network);
        using var far = new TestNamespace();
        Connect(podman, far);
        podman.Run([.. Create("macvlan"), "--opt", "parent=wire0", "lan"]);
        podman.StartWith(["--network", "lan", "--mac-address", Transcript.FixedMac], "web", "httpd", "-f", "-p", "80", "-h", "/www");
        podman.StartWith(["--network", "lan", "--ip", "10.89.5.77"], "client", "sleep", "600");

        Assert.Contains(Transcript.FixedMac, podman.Exec("web", "ip", "link", "show", "eth0"), StringComparison.Ordinal);
        Assert.Equal("10.89.5.77", podman.Address("client"));
        Assert.Equal("hello\n", podman.Exec("client", "wget", "-qO-", $"http://{podman.Address("web")}/"));
        Assert.Equal("hello\n", far.Tool($"busybox wget -qO- http://{podman.Address("web")}/"));
        podman.Exec("client", "ping", "-c", "1", "-W", "2", "10.89.5.1");

        podman.Run("restart", "--time", "0", "web");
        Assert.Equal("hello\n", far.Tool($"busybox wget -qO- http://{podman.Address("web")}/"));
        podman.Run("rm", "--force", "--time", "0", "web", "client");
        AssertNothingLeft(podman, "macvlan");
    }

    // This podman names no master for ipvlan: it is the link of the default route. Few machines' kernels have ipvlan; what is missing is
    // said, and nothing is left then.
    [KernelFact]
    public void A_container_on_an_ipvlan_network_reaches_the_nodes_network_or_podman_says_that_the_kernel_has_none()
    {
        using var podman = PodmanHost.Open(Network);
        using var far = new TestNamespace();
        Connect(podman, far);
        podman.Node.Tool("ip addr add 10.89.5.250/24 dev wire0");
        podman.Node.Tool("ip route add default via 10.89.5.1");
        podman.Run([.. Create("ipvlan"), "lan"]);
        var hasIpvlan = podman.Node.TryTool(["ip", "link", "add", "probe", "link", "wire0", "type", "ipvlan"]).ExitCode == 0;
        if (hasIpvlan)
        {
            podman.Node.Tool("ip link del probe");
            podman.StartWith(["--network", "lan"], "web", "sleep", "600");
            podman.Exec("web", "ping", "-c", "1", "-W", "2", "10.89.5.1");
            podman.Run("rm", "--force", "--time", "0", "web");
        }
        else
        {
            var refusal = Assert.Throws<InvalidOperationException>(() => podman.StartWith(["--network", "lan"], "web", "sleep", "600"));
            Assert.Contains("the kernel has no ipvlan", refusal.Message, StringComparison.Ordinal);
        }

        AssertNothingLeft(podman, "ipvlan");
    }

    private static string[] Create(string driver) =>
        ["network", "create", "--driver", driver, "--subnet", "10.89.5.0/24", "--gateway", "10.89.5.1"];

    private static void Connect(PodmanHost podman, TestNamespace far)
    {
        podman.Node.Tool($"ip link add wire0 type veth peer name wire0 netns {far.Path.Split('/')[4]}");
        podman.Node.Tool("ip link set wire0 up");
        far.Tool("ip addr add 10.89.5.1/24 dev wire0");
        far.Tool("ip link set wire0 up");
    }

    private static void AssertNothingLeft(PodmanHost podman, string kind)
    {
        Assert.Equal("wire0", podman.Node.Tool("ip -brief link show type veth").Split('@')[0]);
        Assert.DoesNotContain(kind, podman.Node.Tool("ip -details link show"), StringComparison.Ordinal);
        Assert.Equal("", podman.Node.Tool("find /var/lib/cni -path */networks/lan/10.89.5.*"));
        Assert.Equal("", podman.Node.Tool("find /run/netns -type f"));
    }
}
