using Plugboard.Doctor;
using Plugboard.Linux;
using Plugboard.Linux.Files;
using Plugboard.Linux.Mounts;
using Plugboard.Netlink.Route;
using Plugboard.Netlink.Route.Links;
using Plugboard.Testing;

namespace Plugboard.Tests.Kernel.Doctor;

/// <summary>
/// A node that is broken in one way gives that finding and no other. One test after the other: all nodes have the same addresses, and the
/// doctor looks into every namespace.
/// </summary>
[Collection("doctor")]
public sealed class BrokenNodeTests
{
    private static readonly Dictionary<string, Action<DoctoredNode>> Breaks = new(StringComparer.Ordinal)
    {
        [FindingIds.ConflistMissing] = static node => node.Delete("/etc/cni/net.d/10-pods.conflist"),
        [FindingIds.ConflistBroken] = static node => node.Write("/etc/cni/net.d/00-torn.conflist", """{"name":"pods","""),
        [FindingIds.ConflistSeveral] = static node =>
            node.Write("/etc/cni/net.d/20-other.conf", """{"cniVersion":"1.0.0","name":"other","type":"loopback"}"""),
        [FindingIds.PluginMissing] = static node => node.Delete("/opt/cni/bin/portmap"),
        [FindingIds.PluginNotUsed] = static node =>
        {
            node.Write("/etc/containerd/config.toml", DoctoredNode.ContainerdOfDebian);
            node.Shell(
                $"""
                mkdir -p {node.Root}/usr/lib/cni {node.Root}/opt/cni/bin/.plugboard
                cp -p {node.Root}/opt/cni/bin/* {node.Root}/usr/lib/cni
                for p in flannel bridge host-local portmap; do echo '{"{}"}' > {node.Root}/opt/cni/bin/.plugboard/.record-$p; done
                """
            );
        },
        [FindingIds.RuntimeConfig] = static node => node.Write("/etc/containerd/config.toml", "version = 2\n[plugins"),
        [FindingIds.TemporaryFile] = static node => node.Write("/etc/cni/net.d/.10-pods_conflist.new", "{"),
        [FindingIds.SubnetFileMissing] = static node => node.Delete("/run/flannel/subnet.env"),
        [FindingIds.SubnetFileBroken] = static node => node.Write("/run/flannel/subnet.env", "FLANNEL_NETWORK=10.201.0.0/16\n"),
        [FindingIds.SubnetFileContradicts] = static node =>
            node.Write("/etc/kube-flannel/net-conf.json", """{"Network":"10.99.0.0/16","Backend":{"Type":"vxlan"}}"""),
        [FindingIds.BridgeAddressDiffers] = static node => node.Shell("ip addr flush dev cni0; ip addr add 10.201.7.1/24 dev cni0"),
        [FindingIds.IPForwardOff] = static node => node.Run(static () => Sysctl.Write("net/ipv4/ip_forward", "0")),
        [FindingIds.RpFilterStrict] = static node => node.Run(static () => Sysctl.Write("net/ipv4/conf/flannel.1/rp_filter", "1")),
        [FindingIds.RouteLocalnetOff] = static node => node.Shell("nft add element inet plugboard_portmap localhost_links '{ cni0 }'"),
        [FindingIds.ForwardChainDrop] = static node => node.Tool("iptables-nft -P FORWARD DROP"),
        [FindingIds.IptablesMixed] = static node => node.Shell("iptables-legacy -A INPUT -j ACCEPT; iptables-nft -A INPUT -j ACCEPT"),
        [FindingIds.SnatForeign] = static node => node.Shell("iptables-nft -t nat -A POSTROUTING -s 10.201.0.0/16 -j MASQUERADE"),
        [FindingIds.PolicyLeftover] = static node =>
            node.Shell(
                "iptables-nft -N KUBE-POD-FW-ABCDEFGHIJKLMNOP; iptables-nft -A FORWARD -d 10.201.1.99 -j KUBE-POD-FW-ABCDEFGHIJKLMNOP"
            ),
        [FindingIds.MtuPort] = static node => node.Tool("ip link set veth1 mtu 1400"),
        [FindingIds.MtuPeer] = static node => node.Tool("ip -n 3f1c link set eth0 mtu 1400"),
        [FindingIds.MtuBridge] = static node =>
            node.Shell("ip -n 3f1c link set eth0 mtu 1500; ip link set veth1 mtu 1500; ip link set cni0 mtu 1500"),
        [FindingIds.MtuTunnel] = static node => node.Tool("ip link set eth0 mtu 1400"),
        [FindingIds.MtuSubnetFile] = static node =>
            node.Write(
                "/run/flannel/subnet.env",
                "FLANNEL_NETWORK=10.201.0.0/16\nFLANNEL_SUBNET=10.201.1.1/24\nFLANNEL_MTU=1500\nFLANNEL_IPMASQ=true\n"
            ),
        [FindingIds.MtuConflist] = static node =>
            node.Write(
                "/etc/cni/net.d/10-pods.conflist",
                """{"cniVersion":"1.0.0","name":"pods","plugins":[{"type":"flannel","delegate":{"mtu":9000}}]}"""
            ),
        [FindingIds.LeaseWithoutContainer] = static node => node.AddLease("10.201.1.77", "gone"),
        [FindingIds.LeaseTorn] = static node => node.Write("/var/lib/cni/networks/pods/10.201.1.78", ""),
        [FindingIds.RangeFull] = static node =>
            node.Write(
                "/run/flannel/subnet.env",
                "FLANNEL_NETWORK=10.201.0.0/16\nFLANNEL_SUBNET=10.201.1.1/30\nFLANNEL_MTU=1450\nFLANNEL_IPMASQ=true\n"
            ),
        [FindingIds.ContainerWithoutLease] = static node => node.Delete("/var/lib/cni/networks/pods/10.201.1.2"),
        [FindingIds.HostPortStale] = static node => node.Publish("gone", "veth-gone", "10.201.1.77", "8081/tcp"),
        [FindingIds.HostPortUnknown] = static node => Directory.Delete(node.Under("/run/plugboard/portmap"), recursive: true),
        [FindingIds.HostPortChainStale] = static node => node.Tool("iptables-nft -t nat -N CNI-DN-0123456789abcdef01234"),
        [FindingIds.VethOrphaned] = static node => node.AddNamespace("left", "veth2", "10.201.1.9", "cni:pods/gone/eth0"),
        [FindingIds.MountOrphaned] = static node =>
            node.Shell(
                $"""
                mkdir -p {node.Root}/var/lib/kubelet/pods/u1/volumes/plugboard~local/data
                mount -t tmpfs data {node.Root}/var/lib/kubelet/pods/u1/volumes/plugboard~local/data
                mount -t tmpfs over {node.Root}/var/lib/kubelet/pods
                """
            ),
        [FindingIds.VolumeNamespace] = static node =>
            node.Shell(
                $"""
                mkdir -p {node.Root}/var/lib/kubelet/pods/u1/volumes/plugboard~local/own \
                    {node.Root}/var/lib/kubelet/pods/u1/volumes/plugboard~local/other
                mkdir -p {node.Root}/var/log/pods/team-b_web_u1 \
                    {node.Root}/var/lib/flexvolume/local/team-a/data {node.Root}/var/lib/flexvolume/local/team-b/data
                mount --bind {node.Root}/var/lib/flexvolume/local/team-b/data \
                    {node.Root}/var/lib/kubelet/pods/u1/volumes/plugboard~local/own
                mount --bind {node.Root}/var/lib/flexvolume/local/team-a/data \
                    {node.Root}/var/lib/kubelet/pods/u1/volumes/plugboard~local/other
                """
            ),
    };

    public static TheoryData<string> Ids => [.. Breaks.Keys];

    [KernelFact]
    public void A_healthy_node_has_no_finding()
    {
        using var node = new DoctoredNode();
        Assert.Equal("", node.Ids());
    }

    [KernelTheory]
    [MemberData(nameof(Ids))]
    public void What_is_broken_is_reported_and_nothing_else(string id)
    {
        using var node = new DoctoredNode();
        Breaks[id](node);
        Assert.Equal(id, node.Ids());
    }

    [KernelFact]
    public void One_cause_for_many_pods_is_one_finding()
    {
        using var node = new DoctoredNode();
        node.AddPod("4f1c2a8e9b7e", "veth2", "10.201.1.3");
        node.AddPod("5f1c2a8e9b7f", "veth3", "10.201.1.4");
        node.Shell("for ns in $(ip netns list | cut -d' ' -f1 | grep f1c$); do ip -n $ns link set eth0 mtu 1400; done");
        var finding = Assert.Single(node.Examine().Findings, static finding => finding.Id == FindingIds.MtuPeer);
        Assert.StartsWith("the pods' ends of ", finding.What, StringComparison.Ordinal);
        Assert.EndsWith(" have MTU 1400, the node's have 1450", finding.What, StringComparison.Ordinal);
    }

    [KernelFact]
    public void Bridged_packets_that_pass_kube_proxy_by_are_reported()
    {
        using var node = new DoctoredNode();
        if (node.Run(static () => Sysctl.Find("net/bridge/bridge-nf-call-iptables")) is null)
            Assert.Fail("this test wants the module br_netfilter");
        node.Shell("echo 0 > /proc/sys/net/bridge/bridge-nf-call-iptables");
        Assert.Equal("", node.Ids());
        node.Tool("nft add table ip kube-proxy");
        Assert.Equal(FindingIds.BridgeNfCallOff, node.Ids());
    }

    [KernelFact]
    public void Bridged_packets_that_pass_the_policies_by_are_reported()
    {
        using var node = new DoctoredNode();
        node.Shell("echo 0 > /proc/sys/net/bridge/bridge-nf-call-iptables");
        node.Tool("nft add table inet plugboard_policy");
        Assert.Equal(FindingIds.BridgeNfCallOff, node.Ids());
    }

    [KernelFact]
    public void A_bridge_that_has_no_room_for_ports_is_reported()
    {
        using var node = new DoctoredNode();
        var pairs = Enumerable.Range(0, 500).Select(static i => $"link add p{i} type veth peer name q{i}");
        var ports = Enumerable.Range(0, 500).SelectMany(static i => new[] { $"link set p{i} master cni0", $"link set q{i} master cni0" });
        Assert.Equal(0, node.TryTool(["ip", "-batch", "-"], string.Join('\n', pairs.Concat(ports)) + "\n").ExitCode);
        Assert.Contains(FindingIds.BridgeFull, node.Ids(), StringComparison.Ordinal);
    }

    [KernelFact]
    public void A_full_range_of_a_bridge_s_config_is_reported_with_the_range_and_the_directory()
    {
        using var node = new DoctoredNode();
        node.Write(
            "/etc/cni/net.d/10-pods.conflist",
            """{"cniVersion":"1.0.0","name":"pods","plugins":[{"type":"bridge","ipam":{"type":"host-local","ranges":[["""
                + """{"subnet":"10.201.1.0/24","rangeEnd":"10.201.1.2"}]]}}]}"""
        );
        var finding = Assert.Single(node.Examine().Findings);
        Assert.Equal(
            (
                FindingIds.RangeFull,
                Severity.Warning,
                "no address is left in 10.201.1.1-10.201.1.2 of network pods: each of its 1 addresses has a file in "
                    + "/var/lib/cni/networks/pods"
            ),
            (finding.Id, finding.Severity, finding.What)
        );
    }

    [KernelFact]
    public void A_lock_that_is_held_is_reported_with_its_holder()
    {
        using var node = new DoctoredNode();
        node.Write("/var/lib/cni/networks/pods/lock", "");
        using var held = FileLock.Take(
            FileDescriptor.OpenForReading(node.Under("/var/lib/cni/networks/pods/lock")),
            TimeSpan.FromSeconds(1)
        );
        var finding = Assert.Single(node.Examine().Findings);
        Assert.Equal(FindingIds.LockHeld, finding.Id);
        Assert.Contains($"process {Environment.ProcessId} ", finding.What, StringComparison.Ordinal);
    }

    [KernelFact]
    public void A_loop_device_that_nothing_is_mounted_from_is_reported()
    {
        using var node = new DoctoredNode();
        var image = node.Under("/var/lib/flexvolume/loop/a.img");
        node.Write("/var/lib/flexvolume/loop/a.img", new string('x', 1 << 16));
        using var file = FileDescriptor.FindForChange(image)!;
        using var device = LoopDevice.Attach(file, image, new LoopOptions());
        var finding = Assert.Single(node.Examine().Findings);
        Assert.Equal(FindingIds.LoopOrphaned, finding.Id);
    }

    [KernelFact]
    public void A_directory_among_the_network_configs_is_passed_over_as_by_the_runtime_and_a_link_to_one_is_not()
    {
        using var node = new DoctoredNode();
        node.Shell($"mkdir -p {node.Root}/etc/cni/net.d/00-old.conflist");
        Assert.Equal("", node.Ids());
        node.Shell($"ln -s 00-old.conflist {node.Root}/etc/cni/net.d/01-link.conflist");
        Assert.Equal(FindingIds.ConflistBroken, node.Ids());
    }

    [KernelFact]
    public void Volumes_behind_links_are_found()
    {
        using var node = new DoctoredNode();
        var disk = $"{node.Root}/disk";
        node.Shell(
            $"""
            mkdir -p {disk}/kubelet/pods/u1/volumes/plugboard~local/data {disk}/flexvolume/loop {node.Root}/var/lib
            mount -t tmpfs data {disk}/kubelet/pods/u1/volumes/plugboard~local/data
            mount -t tmpfs over {disk}/kubelet/pods
            """
        );
        // As on the node, whose root is another one than this process's.
        File.CreateSymbolicLink(node.Under("/var/lib/kubelet"), "/disk/kubelet");
        File.CreateSymbolicLink(node.Under("/var/lib/flexvolume"), "/disk/flexvolume");
        Assert.Equal(FindingIds.MountOrphaned, node.Ids());

        var image = $"{disk}/flexvolume/loop/a.img";
        node.Write("/disk/flexvolume/loop/a.img", new string('x', 1 << 16));
        using var file = FileDescriptor.FindForChange(image)!;
        using var device = LoopDevice.Attach(file, image, new LoopOptions());
        Assert.Contains(node.Examine().Findings, static finding => finding.Id == FindingIds.LoopOrphaned);
    }

    [KernelFact]
    public void A_link_of_the_reference_to_an_unused_namespace_is_reported()
    {
        using var node = new DoctoredNode();
        node.AddNamespace("left", "veth2", "10.201.1.9", alias: "");
        Assert.Equal(FindingIds.VethOrphaned, node.Ids());
    }

    [KernelFact]
    public void Without_a_cache_leases_are_compared_with_links_and_namespaces()
    {
        using var node = new DoctoredNode();
        Directory.Delete(node.Under("/var/lib/cni/results"), recursive: true);
        Assert.Equal("", node.Ids());
        node.AddLease("10.201.1.77", "gone");
        Assert.Equal(FindingIds.LeaseWithoutContainer, node.Ids());
        // A pod in a namespace that has no name and no process could have the address.
        using var unseen = new TestNamespace();
        node.Run(() =>
        {
            using var client = RouteClient.Open();
            client.Links.Add(
                new VethSpec
                {
                    Name = "veth9",
                    Mtu = 1450,
                    MasterIndex = client.Links.Get("cni0").Index,
                    Peer = new VethPeer
                    {
                        Name = "eth0",
                        Mtu = 1450,
                        NetNs = unseen.Namespace.File,
                    },
                }
            );
        });
        Assert.Equal(FindingIds.LeasesUnverified, node.Ids());
    }

    [KernelTheory]
    [InlineData("not executable", "chmod 0644 portmap")]
    [InlineData("empty", ": > portmap.new; chmod 0755 portmap.new; mv portmap.new portmap")]
    [InlineData(
        "of another processor",
        """(printf '\177ELF\001\001\001\000\000\000\000\000\000\000\000\000\002\000\050\000\001'; head -c 44 /dev/zero) > portmap.new"""
            + "; chmod 0755 portmap.new; mv portmap.new portmap"
    )]
    [InlineData("of no version that fits", "sed -i 's/\"0.4.0.*1.0.0\"/\"0.3.1\"/' portmap")]
    public void A_plugin_that_cannot_serve_is_reported(string how, string command)
    {
        using var node = new DoctoredNode();
        node.Shell($"cd {node.Root}/opt/cni/bin; {command}");
        var finding = Assert.Single(node.Examine().Findings);
        Assert.True(finding.Id == FindingIds.PluginMissing && finding.Subject == "portmap", $"{how}: {finding.What}");
    }

    [KernelTheory]
    [InlineData("iptables-legacy -t nat -A POSTROUTING -s 10.201.0.0/16 -j MASQUERADE")]
    [InlineData(
        "iptables-legacy -t nat -N AGENT; iptables-legacy -t nat -A POSTROUTING -o flannel.1 -m comment --comment agent -j AGENT; "
            + "iptables-legacy -t nat -A AGENT ! -d 10.0.0.0/16 -j SNAT --to-source 192.0.2.1"
    )]
    [InlineData(
        "nft add table inet other; nft add chain inet other post '{ type nat hook postrouting priority 90; }'; nft add rule inet "
            + "other post ip daddr != 172.16.0.0/12 masquerade"
    )]
    [InlineData(
        "iptables-nft -t nat -N AGENT; iptables-nft -t nat -A POSTROUTING -m comment --comment agent -j AGENT; iptables-nft -t nat "
            + "-A AGENT -d 172.16.0.0/12 -j RETURN; iptables-nft -t nat -A AGENT -j MASQUERADE"
    )]
    public void Rules_that_change_the_sender_between_pods_are_reported(string rules)
    {
        using var node = new DoctoredNode();
        node.Shell(rules);
        Assert.Equal(FindingIds.SnatForeign, node.Ids());
    }

    [KernelTheory]
    [InlineData("iptables-nft", "KUBE-NWPLCY-ABCDEFGHIJKLMNOP", "kube-router netpol")]
    [InlineData("iptables-legacy", "KUBE-POD-FW-ABCDEFGHIJKLMNOP", "kube-router netpol")]
    [InlineData("ip6tables-nft", "cali-tw-cali123", "cali:wUHhoiAYhphO9Mso")]
    [InlineData("iptables-legacy", "cali-FORWARD", "cali:wUHhoiAYhphO9Mso")]
    public void What_the_finding_of_a_policy_engine_says_removes_its_rules_and_no_others(string tool, string chain, string comment)
    {
        using var node = new DoctoredNode();
        node.Shell(
            $"{tool} -N KUBE-SERVICES; {tool} -A FORWARD -m comment --comment other -j KUBE-SERVICES; {tool} -N {chain}; "
                + $"{tool} -A FORWARD -m comment --comment '{comment}' -j {chain}; {tool} -A {chain} -m mark --mark 0x77 -j RETURN"
        );
        if (chain.StartsWith("cali", StringComparison.Ordinal))
            node.Shell($"{tool} -A FORWARD -m comment --comment cali:S93hcgKJrXEqnTfs -m mark --mark 0x77 -j ACCEPT");
        var finding = Assert.Single(node.Examine().Findings, static finding => finding.Id == FindingIds.PolicyLeftover);
        Assert.Contains($"chain {chain} of {tool}", finding.What, StringComparison.Ordinal);

        foreach (var command in finding.Remedy.Split('`').Where(static (_, i) => i % 2 == 1))
            node.Shell(command);

        Assert.DoesNotContain(node.Examine().Findings, static finding => finding.Id == FindingIds.PolicyLeftover);
        var left = node.Tool($"{tool}-save");
        Assert.DoesNotContain("cali", left, StringComparison.Ordinal);
        Assert.DoesNotContain(chain, left, StringComparison.Ordinal);
        Assert.Contains("other -j KUBE-SERVICES", left, StringComparison.Ordinal);
    }

    [KernelFact]
    public void A_table_of_a_policy_engine_that_does_not_run_is_found()
    {
        using var node = new DoctoredNode();
        node.Shell("nft add table inet kube-network-policies; nft add table ip6 calico");
        Assert.Equal($"{FindingIds.PolicyLeftover} {FindingIds.PolicyLeftover}", node.Ids());
    }

    [KernelTheory]
    [InlineData("iptables-nft -t nat -A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE")]
    [InlineData("iptables-legacy -t nat -A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE")]
    [InlineData("iptables-nft -t nat -A POSTROUTING -m mark --mark 0x4000/0x4000 -j MASQUERADE")]
    [InlineData(
        "iptables-legacy -t nat -N KP; iptables-legacy -t nat -A POSTROUTING -j KP; iptables-legacy -t nat -A KP -m mark ! --mark "
            + "0x4000/0x4000 -j RETURN; iptables-legacy -t nat -A KP -j MASQUERADE"
    )]
    [InlineData(
        "iptables-nft -t nat -N FLANNEL-POSTRTG; iptables-nft -t nat -A POSTROUTING -j FLANNEL-POSTRTG; iptables-nft -t nat -A "
            + "FLANNEL-POSTRTG -s 10.201.1.0/24 -d 10.201.0.0/16 -j RETURN; iptables-nft -t nat -A FLANNEL-POSTRTG -s 10.201.0.0/16 ! -d "
            + "224.0.0.0/4 -j MASQUERADE"
    )]
    [InlineData(
        "nft add table ip kube-proxy; nft add chain ip kube-proxy post '{ type nat hook postrouting priority srcnat; }'; nft add "
            + "rule ip kube-proxy post mark and 0x4000 == 0x4000 masquerade"
    )]
    public void Rules_that_leave_pods_alone_are_not_reported(string rules)
    {
        using var node = new DoctoredNode();
        node.Shell(rules);
        Assert.Equal("", node.Ids());
    }
}
