using Plugboard.Testing;
using Plugboard.Tests.EndToEnd.RealUse;

namespace Plugboard.Tests.EndToEnd.Ports;

/// <summary>A real runtime publishes ports: podman passes <c>-p</c> to libcni, which calls bridge and portmap.</summary>
public sealed class PodmanPortTests
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
              "ipMasq": true,
              "ipam": {
                "type": "host-local",
                "dataDir": "DATA",
                "ranges": [[{ "subnet": "10.89.0.0/24" }], [{ "subnet": "fd00:89::/64" }]]
              }
            },
            { "type": "portmap", "capabilities": { "portMappings": true } }
          ]
        }
        """;

    [KernelFact]
    public void Ports_are_published_and_gone_with_the_container()
    {
        using var podman = PodmanHost.Open(Network);
        using var other = new TestNamespace();
        podman.Node.Tool($"ip link add eth1 type veth peer name eth0 netns {PortNode.NameOf(other)}");
        PortNode.Configure(podman.Node, "eth1", "192.0.2.1/24", "fd00:9::1/64");
        PortNode.Configure(other, "eth0", "192.0.2.2/24", "fd00:9::2/64");

        podman.StartWith(
            ["-p", "18080:80", "-p", "127.0.0.1:18081:80", "-p", "18082:80/udp"],
            "web",
            "httpd",
            "-f",
            "-p",
            "80",
            "-h",
            "/www"
        );
        podman.Start("client", "sleep", "600");

        Assert.Equal("hello\n", other.Tool("timeout 5 busybox wget -qO- http://192.0.2.1:18080/"));
        Assert.Equal("hello\n", other.Tool("timeout 5 busybox wget -qO- http://[fd00:9::1]:18080/"));
        Assert.Equal("hello\n", podman.Node.Tool("timeout 5 busybox wget -qO- http://127.0.0.1:18080/"));
        Assert.Equal("hello\n", podman.Node.Tool("timeout 5 busybox wget -qO- http://127.0.0.1:18081/"));
        Assert.NotEqual(0, other.TryTool(["timeout", "5", "busybox", "wget", "-qO-", "http://192.0.2.1:18081/"]).ExitCode);
        Assert.Equal("hello\n", podman.Exec("web", "wget", "-qO-", "http://192.0.2.1:18080/"));
        Assert.Equal("hello\n", podman.Exec("client", "wget", "-qO-", "http://192.0.2.1:18080/"));
        var refusal = Assert.Throws<InvalidOperationException>(() => podman.StartWith(["-p", "18082:80/udp"], "second", "sleep", "600"));
        Assert.Contains("host port 18082/udp is already published by container", refusal.Message, StringComparison.Ordinal);
        var ruleset = podman.Node.Tool("nft list table inet plugboard_portmap");
        Assert.Contains("udp . 18082", ruleset, StringComparison.Ordinal);
        Assert.DoesNotContain("chain CNI", podman.Node.Tool("nft list ruleset"), StringComparison.Ordinal);

        podman.Run("rm", "--force", "--time", "0", "web", "client", "second");

        Assert.DoesNotContain("1808", podman.Node.Tool("nft list ruleset"), StringComparison.Ordinal);
        Assert.Equal("", podman.Node.Tool("find /run/plugboard -type f ! -path */locks/*"));
        Assert.Equal(
            "",
            podman
                .Node.Tool("ip -brief link show type veth")
                .Split('\n')
                .FirstOrDefault(static line => !line.StartsWith("eth1", StringComparison.Ordinal), "")
        );
        Assert.Empty(podman.Node.Leases());
    }
}
