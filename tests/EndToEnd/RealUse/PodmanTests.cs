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
}
