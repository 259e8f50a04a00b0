using Plugboard.Coordinator.Configuration;
using Plugboard.Testing;

namespace Plugboard.Tests.Kernel.Coordinator;

/// <summary>What other programs and settings of the node put in the way of a tunnel.</summary>
public sealed class TunnelObstacleTests
{
    private static readonly BackendConf vxlan = new() { Type = BackendType.Vxlan, Vni = 1 };

    [KernelTheory]
    [InlineData("type vxlan id 1 dstport 8472 dev eth0", "link rival has VNI 1 at UDP port 8472")]
    [InlineData("type vxlan external dstport 8472", "link rival has all VNIs at UDP port 8472")]
    public void A_link_with_the_tunnel_s_number_or_port_is_named(string rival, string message)
    {
        using var cluster = new NodeCluster(vxlan, [2]);
        var node = cluster.Nodes[0];
        node.Tool($"ip link add rival {rival}");
        node.Tool("ip link set rival up");
        node.Start();
        node.Tell([.. cluster.Described]);
        node.Until(() => node.Log.Any(line => line.Contains(message, StringComparison.Ordinal)), message);
        node.Tool("ip link del rival");
        node.Until(() => node.Routes().Contains("10.244.2.0/24", StringComparison.Ordinal), "the tunnel is made");
    }

    [KernelFact]
    public void A_tunnel_for_IPv6_has_IPv6_where_new_links_have_none_and_after_another_program_disabled_it()
    {
        using var cluster = new NodeCluster(vxlan, [2], isDual: true);
        var node = cluster.Nodes[0];
        node.Tool("sysctl -qw net.ipv6.conf.default.disable_ipv6=1");
        node.Start();
        node.Tell([.. cluster.Described]);
        node.Until(HasRoute, "the route is there");

        node.Tool("sysctl -qw net.ipv6.conf.flannel-v6/1.disable_ipv6=1");
        node.Until(HasRoute, "the route is there again");

        bool HasRoute() => node.Tool("ip -6 route show proto 110").Contains("fd00:244:0:2::/64 via", StringComparison.Ordinal);
    }
}
