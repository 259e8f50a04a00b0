using Plugboard.Coordinator.Masquerade;
using Plugboard.Coordinator.Masquerade.Nftables;
using Plugboard.Coordinator.Reconciling;
using Plugboard.Firewall.Nftables;
using Plugboard.Linux.Sockets;
using Plugboard.Netlink;
using Plugboard.Testing;
using static Plugboard.Tests.Kernel.Coordinator.Masquerade.MasqueradeNode;

namespace Plugboard.Tests.Kernel.Coordinator.Masquerade;

public sealed class NftablesMasqueradeTests
{
    private static readonly MasqueradeOptions Dual = new() { EnableIPv6 = true };

    private static string Table => $"{NftablesPlan.Table}";

    [KernelFact]
    public void The_internet_sees_the_node_and_exempt_networks_see_the_pod()
    {
        using var node = new MasqueradeNode(Dual, "nonMasqueradeCIDRs: [192.168.0.0/16, 10.0.0.0/8, 'fd00::/8']");
        Assert.Equal(PodAddress, node.SeenFromPod(Internet));

        Assert.NotEmpty(node.SyncWell());

        Assert.Equal(Eth0, node.SeenFromPod(Internet));
        Assert.Equal(Eth06, node.SeenFromPod(Internet6));
        Assert.Equal(Eth1, node.SeenFromPod(ByEth1));
        Assert.Equal(PodAddress, node.SeenFromPod(Private));
        Assert.Equal(PodAddress6, node.SeenFromPod(Private6));
        node.IsSteady();
    }

    [KernelFact]
    public void Without_the_flag_ipv6_is_left_alone_and_pods_are_exempt_by_themselves()
    {
        using var node = new MasqueradeNode(new MasqueradeOptions(), "nonMasqueradeCIDRs: []");
        node.SyncWell();

        Assert.Equal(PodAddress6, node.SeenFromPod(Internet6));
        Assert.Equal(Eth0, node.SeenFromPod(Private));
        Assert.Contains(
            "10.244.1.0/24 comment \"pods of the cluster\"",
            node.Tool($"nft list set {Table} exempt4"),
            StringComparison.Ordinal
        );
        Assert.Contains("169.254.0.0/16", node.Tool($"nft list set {Table} exempt4"), StringComparison.Ordinal);
    }

    [KernelFact]
    public void The_inverse_list_the_links_and_the_addresses_per_link_are_kept()
    {
        using var node = new MasqueradeNode(
            Dual,
            """
            masqueradeCIDRs: [203.0.113.0/24, 198.51.100.0/24]
            outputInterfaces: [eth1]
            snatAddresses: {eth1: 198.51.100.77}
            """
        );
        node.Outside.Tool("ip route add 198.51.100.77 via 198.51.100.10");
        node.SyncWell();

        Assert.Equal(PodAddress, node.SeenFromPod(Internet));
        Assert.Equal("198.51.100.77", node.SeenFromPod(ByEth1));
        Assert.Equal(PodAddress6, node.SeenFromPod(Internet6));
        node.IsSteady();
    }

    [KernelFact]
    public void Flows_leave_with_ports_of_all_ranges_and_no_others()
    {
        using var node = new MasqueradeNode(Dual with { ToPorts = PortRanges.Parse("20000-20999,30000,40000-40999") });
        node.SyncWell();

        for (var i = 0; i < 30; i++)
            Assert.Equal(Eth0, node.SeenFromPod(Internet));
        Assert.Equal(Eth06, node.SeenFromPod(Internet6));

        var ports = node.Tool("conntrack -L -p tcp")
            .Split('\n')
            .Where(line => line.Contains($"dst={Eth0}", StringComparison.Ordinal))
            .Select(line => int.Parse(line[(line.LastIndexOf("dport=", StringComparison.Ordinal) + 6)..].Split(' ')[0]))
            .ToList();
        Assert.True(ports.Count >= 25, $"{ports.Count} flows");
        Assert.All(ports, port => Assert.True(port is (>= 20000 and <= 20999) or 30000 or (>= 40000 and <= 40999), $"port {port}"));
        Assert.Contains(ports, port => port < 30000);
        Assert.Contains(ports, port => port >= 40000);
        node.IsSteady();
    }

    [KernelTheory]
    [InlineData("flush ruleset")]
    [InlineData("flush table T")]
    [InlineData("delete table T")]
    [InlineData("flush chain T leaving")]
    [InlineData("add rule T leaving accept")]
    [InlineData("insert rule T postrouting ip daddr 1.2.3.4 return")]
    [InlineData("add rule T postrouting masquerade comment \"what is for this node itself\"")]
    [InlineData("delete element T exempt4 { 10.0.0.0/8 }")]
    [InlineData("add element T exempt4 { 203.0.113.0/24 }")]
    [InlineData("flush set T exempt6")]
    [InlineData("add table T { flags dormant; }")]
    [InlineData("add chain T other")]
    [InlineData("add set T other { type ipv4_addr; }")]
    [InlineData("add chain T postrouting { policy drop; }")]
    [InlineData("delete table T; add table T; add chain T postrouting { type nat hook postrouting priority 90; }")]
    public void What_others_do_to_the_table_is_undone_in_one_go(string damage)
    {
        using var node = new MasqueradeNode(Dual);
        node.SyncWell();
        var whole = Listed(node);

        var result = node.TryTool(
            ["nft", "-f", "-"],
            damage.Replace(" T", " " + Table, StringComparison.Ordinal).Replace("; add", "\nadd", StringComparison.Ordinal) + "\n"
        );
        Assert.True(result.ExitCode == 0, result.Error);
        Assert.NotEqual([], node.Run(() => node.Reconciler.Plan(node.View)).Changes);
        Assert.NotEmpty(node.SyncWell(SyncCause.Kernel));

        Assert.Equal(whole, Listed(node));
        Assert.Equal(Eth0, node.SeenFromPod(Internet));
        node.IsSteady();
    }

    [KernelFact]
    public void A_rule_that_says_something_else_under_its_own_comment_is_noticed()
    {
        using var node = new MasqueradeNode(Dual);
        node.SyncWell();
        var rule = node.Client.ListRules(NftablesPlan.Table).First(rule => rule.Comment == "what is for this node itself");
        var replaced = node.TryTool(
            ["nft", "-f", "-"],
            $"replace rule {Table} postrouting handle {rule.Handle} ip daddr 203.0.113.0/24 return comment \"{rule.Comment}\"\n"
        );
        Assert.True(replaced.ExitCode == 0, replaced.Error);
        Assert.Equal(PodAddress, node.SeenFromPod(Internet));

        Assert.NotEmpty(node.SyncWell(SyncCause.Kernel));

        Assert.Equal(Eth0, node.SeenFromPod(Internet));
        node.IsSteady();
    }

    [KernelFact]
    public void Where_only_a_list_changes_only_its_elements_are_written()
    {
        using var node = new MasqueradeNode(Dual, "nonMasqueradeCIDRs: [192.168.0.0/16, 172.16.0.0/12]");
        node.SyncWell();

        File.WriteAllText(node.ConfigPath, "nonMasqueradeCIDRs: [192.168.0.0/16, 203.0.113.0/24, 198.51.100.0/25]");
        var changes = node.SyncWell(SyncCause.Source);

        Assert.Equal(
            [
                $"delete element {Table} exempt4 {{ 172.16.0.0/12 }}",
                $"add element {Table} exempt4 {{ 198.51.100.0/25 comment \"nonMasqueradeCIDRs\", 203.0.113.0/24 comment "
                    + "\"nonMasqueradeCIDRs\" }",
            ],
            changes.Select(change => change.ToString())
        );
        Assert.Equal(PodAddress, node.SeenFromPod(Internet));
        node.IsSteady();
    }

    [KernelFact]
    public void A_network_split_in_two_or_joined_again_is_followed()
    {
        using var node = new MasqueradeNode(Dual, "nonMasqueradeCIDRs: [203.0.112.0/23]");
        node.SyncWell();

        foreach (
            var list in new[]
            {
                "203.0.112.0/24, 203.0.113.0/24",
                "203.0.112.0/23, 203.0.113.0/24, 203.0.113.1/32",
                "0.0.0.0/0",
                "203.0.113.0/25",
            }
        )
        {
            File.WriteAllText(node.ConfigPath, $"nonMasqueradeCIDRs: [{list}]");
            node.SyncWell(SyncCause.Source);
            Assert.Equal(PodAddress, node.SeenFromPod(Internet));
            node.IsSteady();
        }
    }

    [KernelFact]
    public void Another_reconciler_finds_nothing_to_do_and_a_removed_table_is_gone()
    {
        using var node = new MasqueradeNode(Dual with { ToPorts = PortRanges.Parse("1024-2047,4096-8191") });
        node.SyncWell();
        node.Restart(Dual with { ToPorts = PortRanges.Parse("1024-2047,4096-8191") });
        node.IsSteady();

        Assert.Equal($"delete table {Table}", Assert.Single(node.Run(() => node.Reconciler.Remove(isDryRun: true)).Changes).ToString());
        Assert.True(node.Client.Has(NftablesPlan.Table));
        Assert.Single(node.Run(() => node.Reconciler.Remove(isDryRun: false)).Changes);

        Assert.Equal("", node.Tool("nft list ruleset"));
        Assert.Equal([], node.Run(() => node.Reconciler.Remove(isDryRun: false)).Changes);
    }

    [KernelFact]
    public void What_nft_lists_of_it_nft_reads_again_and_it_is_right()
    {
        using var node = new MasqueradeNode(
            Dual with
            {
                ToPorts = PortRanges.Parse("1024-2047,5000,6000-6001"),
            },
            "masqueradeCIDRs: [0.0.0.0/0, '::/0']\noutputInterfaces: [eth0, eth1]\nsnatAddresses: {eth1: [198.51.100.10, '2001:db8:1::10']}"
        );
        node.SyncWell();
        var listed = Listed(node);

        node.Tool($"nft delete table {Table}");
        var read = node.TryTool(["nft", "-f", "-"], listed);

        Assert.True(read.ExitCode == 0, read.Error + listed);
        Assert.Equal(listed, Listed(node));
        node.IsSteady();
    }

    [KernelFact]
    public void Five_thousand_pod_networks_are_read_once_and_compared_by_one_number_after()
    {
        using var node = new MasqueradeNode(new MasqueradeOptions(), "nonMasqueradeCIDRs: []");
        node.View = node.View with
        {
            Peers =
            [
                .. FiveThousand.Select(
                    static (cidr, i) => new Plugboard.Coordinator.Cluster.ClusterNode { Name = $"n{i}", PodCidrs = [cidr] }
                ),
            ],
        };
        node.SyncWell();
        node.IsSteady();

        node.Run(() =>
        {
            using var socket = new FaultySocket(KernelSocket.OpenNetlink((int)NetlinkProtocol.Netfilter, 0));
            using var client = new NftablesClient(new NetlinkSocket(socket, new NftablesDialect(), null));
            var masquerade = new NftablesMasquerade(client);
            var wanted = new NftablesPlanner(new MasqueradeOptions()).PlanAgent(
                node.ConfigFile.Current,
                [Addresses.IPPrefix.Parse("10.244.1.0/24"), .. FiveThousand]
            );
            Assert.Empty(masquerade.Sync(wanted, isForced: true).Changes);
            Assert.True(socket.Requests > 1, "nothing was read");
            for (var i = 0; i < 3; i++)
            {
                var requests = socket.Requests;
                Assert.Empty(masquerade.Sync(wanted, isForced: false).Changes);
                Assert.Equal(requests + 1, socket.Requests);
            }
        });
    }

    private static IEnumerable<Addresses.IPPrefix> FiveThousand =>
        Enumerable.Range(0, 5000).Select(static i => Addresses.IPPrefix.Parse($"11.{i / 250}.{i % 250}.0/24"));

    private static string Listed(MasqueradeNode node) => node.Tool($"nft list table {Table}");
}
