using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Plugboard.Testing;
using Plugboard.Tests.EndToEnd.Harness;

namespace Plugboard.Tests.EndToEnd.Ports;

/// <summary>
/// Rules of nftables that the reference wrote, or its newer versions write: our DEL takes those of its pod and no others.
/// </summary>
public sealed class ReferenceTablesTests
{
    private static string H16(string text) => Convert.ToHexStringLower(SHA512.HashData(Encoding.UTF8.GetBytes(text)))[..16];

    /// <summary>As version 1.9 writes them, each family in a transaction of its own.</summary>
    private static string Ports(string family, string ip, CniPod pod, string address, string target, int port)
    {
        var comment = $"comment \"{pod.ContainerId}\"";
        return $$"""
            add table {{family}} cni_hostport { comment "CNI portmap plugin" ; }
            add chain {{family}} cni_hostport hostports
            add chain {{family}} cni_hostport hostip_hostports
            add chain {{family}} cni_hostport hostports_all
            flush chain {{family}} cni_hostport hostports_all
            add rule {{family}} cni_hostport hostports_all jump hostip_hostports
            add rule {{family}} cni_hostport hostports_all jump hostports
            add chain {{family}} cni_hostport prerouting { type nat hook prerouting priority -100 ; }
            flush chain {{family}} cni_hostport prerouting
            add rule {{family}} cni_hostport prerouting fib daddr type local jump hostports_all
            add chain {{family}} cni_hostport output { type nat hook output priority -100 ; }
            flush chain {{family}} cni_hostport output
            add rule {{family}} cni_hostport output fib daddr type local jump hostports_all
            add chain {{family}} cni_hostport masquerading { type nat hook postrouting priority 100 ; }
            add rule {{family}} cni_hostport hostports tcp dport {{port}} dnat to {{target}} {{comment}}
            add rule {{family}} cni_hostport hostports udp dport {{port}} dnat to {{target}} {{comment}}
            add rule {{family}} cni_hostport masquerading {{ip}} saddr {{address}} {{ip}} daddr {{address}} masquerade {{comment}}

            """;
    }

    private const string MasqueradeComment = "Masquerade traffic from certain IPs to any (non-multicast) IP outside their subnet";

    private static string Masquerade(CniPod pod, string ip, string address, string network)
    {
        var comment = $"{H16("test")}-{H16($"{pod.IfName}:{pod.ContainerId}")}, net: test, if: {pod.IfName}, id: {pod.ContainerId}";
        return $$"""
            add table inet cni_plugins_masquerade { comment "Masquerading for plugins from github.com/containernetworking/plugins" ; }
            add chain inet cni_plugins_masquerade masq_checks { comment "{{MasqueradeComment}}" ; }
            add chain inet cni_plugins_masquerade postrouting { type nat hook postrouting priority 100 ; }
            flush chain inet cni_plugins_masquerade postrouting
            add rule inet cni_plugins_masquerade postrouting ip daddr == 224.0.0.0/4 return
            add rule inet cni_plugins_masquerade postrouting ip6 daddr == ff00::/8 return
            add rule inet cni_plugins_masquerade postrouting goto masq_checks
            add rule inet cni_plugins_masquerade masq_checks {{ip}} saddr == {{address}} {{ip}} daddr != {{network}} masquerade comment "{{(
                comment.Length > 128 ? comment[..128] : comment
            )}}"

            """;
    }

    private static void Write(PortNode node, CniPod pod, int port)
    {
        var (v4, v6) = (pod.Address, pod.Addresses[1].Split('/')[0]);
        var script =
            Ports("ip", "ip", pod, v4, $"{v4}:80", port)
            + Ports("ip6", "ip6", pod, v6, $"[{v6}]:80", port)
            + Masquerade(pod, "ip", v4, "10.1.0.0/16")
            + Masquerade(pod, "ip6", v6, "fd00:1::/64");
        Assert.Equal((0, "", ""), node.Node.TryTool(["nft", "-f", "-"], script));
    }

    private static int RulesOf(PortNode node, CniPod pod) =>
        node.Ruleset()
            .Split('\n')
            .Count(line =>
                line.Contains($"comment \"{pod.ContainerId}\"", StringComparison.Ordinal)
                || line.Contains(H16($"{pod.IfName}:{pod.ContainerId}"), StringComparison.Ordinal)
            );

    [KernelTheory]
    [InlineData(false)]
    [InlineData(true)]
    public void What_a_newer_reference_wrote_for_a_pod_goes_with_it_and_its_neighbours_stays(bool knowsResult)
    {
        using var node = new PortNode(bridge: static bridge => bridge["ipMasq"] = true);
        using var outside = EchoServer.Tcp(node.Other, 80);
        var quiet = new CniChain(node.Node, "test", node.Node.BridgeConfig(config => config["ipam"] = node.Bridge["ipam"]!.DeepClone()));
        CniPod[] pods = [node.Node.AddPod(), node.Node.AddPod(new string('f', 64))];
        for (var i = 0; i < pods.Length; i++)
        {
            quiet.Add(pods[i]).Succeeded();
            Write(node, pods[i], 8080 + i);
            node.Serve(pods[i]);
            Assert.Equal(8, RulesOf(node, pods[i]));
        }

        AssertWorks(node, pods[0], 8080);
        AssertWorks(node, pods[1], 8081);

        if (!knowsResult)
            pods[0].Result = null;
        node.Chain.Del(pods[0], PortNode.Ports(MixedNode.PortsOf(8080))).Succeeded();

        Assert.Equal(0, RulesOf(node, pods[0]));
        Assert.Equal(8, RulesOf(node, pods[1]));
        Assert.Equal("refused", node.Other.AskTcp("192.0.2.1:8080"));
        AssertWorks(node, pods[1], 8081);
        node.Chain.Del(pods[1], PortNode.Ports(MixedNode.PortsOf(8081))).Succeeded();
        Assert.Equal(0, RulesOf(node, pods[1]));
        Assert.Contains("chain hostports_all", node.Ruleset(), StringComparison.Ordinal);
    }

    private static void AssertWorks(PortNode node, CniPod pod, int port)
    {
        Assert.Equal("192.0.2.2", node.Other.AskTcp($"192.0.2.1:{port}"));
        Assert.Equal("192.0.2.2", node.Other.AskUdp($"192.0.2.1:{port}"));
        Assert.Equal("fd00:9::2", node.Other.AskTcp($"[fd00:9::1]:{port}"));
        Assert.Equal("192.0.2.1", pod.AskTcp("192.0.2.2:80"));
    }

    [KernelFact]
    public void Ours_publish_beside_a_newer_references_ports()
    {
        using var node = new PortNode();
        var theirs = node.AddPod();
        Write(node, theirs, 8080);
        var ours = node.AddPod("8081:80");
        Assert.Equal("192.0.2.2", node.Other.AskTcp("192.0.2.1:8080"));
        Assert.Equal("192.0.2.2", node.Other.AskTcp("192.0.2.1:8081"));
        node.Chain.Del(ours, PortNode.Ports("8081:80")).Succeeded();
        Assert.Equal(8, RulesOf(node, theirs));
        Assert.Equal("192.0.2.2", node.Other.AskTcp("192.0.2.1:8080"));
    }

    [KernelTheory]
    [InlineData("0.4.0")]
    [InlineData("1.0.0")]
    public void The_references_check_of_hardware_addresses_goes_with_its_pod(string version)
    {
        using var node = new PortNode(bridge: static bridge => bridge["macspoofchk"] = true);
        var bridge = (JsonObject)node.Bridge.DeepClone();
        bridge["cniVersion"] = version;
        CniPod[] pods = [node.Node.AddPod(), node.Node.AddPod()];
        node.Node.Plugins = PluginDirectory.Reference;
        foreach (var pod in pods)
            node.Node.CallBeside("ADD", pod, bridge).Succeeded();
        Assert.Contains("chain cni-br-iface-pod0-eth0-mac", node.Ruleset(), StringComparison.Ordinal);

        node.Node.Plugins = PluginDirectory.Ours;
        node.Node.CallBeside("DEL", pods[0], bridge).Succeeded();

        Assert.DoesNotContain("pod0", node.Ruleset(), StringComparison.Ordinal);
        Assert.Contains("jump cni-br-iface-pod1-eth0 ", node.Ruleset(), StringComparison.Ordinal);
        Assert.Contains("chain cni-br-iface-pod1-eth0-mac", node.Ruleset(), StringComparison.Ordinal);
        node.Node.CallBeside("DEL", pods[1], bridge, "CNI_NETNS=").Succeeded();
        Assert.DoesNotContain("cni-br-iface", node.Ruleset(), StringComparison.Ordinal);
    }

    [KernelFact]
    public void What_ours_check_of_a_pods_hardware_address_the_references_DEL_does_not_mind()
    {
        using var node = new PortNode(bridge: static bridge => bridge["macspoofchk"] = true);
        var pod = node.AddPod();
        node.Node.Plugins = PluginDirectory.Reference;
        node.Chain.Del(pod).Succeeded();
        node.Node.Plugins = PluginDirectory.Ours;
        node.Chain.Gc().Succeeded();
        node.AssertNoPodLeft();
    }
}
