using Plugboard.Coordinator.Masquerade;
using Plugboard.Coordinator.Masquerade.Nftables;
using Plugboard.Coordinator.Reconciling;
using Plugboard.Firewall.Iptables;
using Plugboard.Testing;
using static Plugboard.Tests.Kernel.Coordinator.Masquerade.MasqueradeNode;

namespace Plugboard.Tests.Kernel.Coordinator.Masquerade;

public sealed class IptablesMasqueradeTests
{
    private static readonly MasqueradeOptions Dual = new() { EnableIPv6 = true, Backend = MasqueradeBackend.Iptables };

    [KernelFact]
    public void The_agents_chains_masquerade_and_are_written_once()
    {
        using var node = new MasqueradeNode(
            Dual with
            {
                ToPorts = PortRanges.Parse("20000-20999,40000-40999"),
            },
            "nonMasqueradeCIDRs: [192.168.0.0/16, 10.0.0.0/8, 'fd00::/8']"
        );
        node.SyncWell();

        Assert.Equal(Eth0, node.SeenFromPod(Internet));
        Assert.Equal(Eth06, node.SeenFromPod(Internet6));
        Assert.Equal(PodAddress, node.SeenFromPod(Private));
        Assert.Equal(PodAddress6, node.SeenFromPod(Private6));
        Assert.Contains("-j MASQUERADE --to-ports 20000-20999 --random-fully", node.Tool("iptables-save -t nat"), StringComparison.Ordinal);
        node.IsSteady();
        node.Restart(Dual with { ToPorts = PortRanges.Parse("20000-20999,40000-40999") });
        node.IsSteady();
    }

    [KernelTheory]
    [InlineData("iptables -t nat -F")]
    [InlineData("iptables -t nat -F IP-MASQ-AGENT")]
    [InlineData("iptables -t nat -D IP-MASQ-AGENT 2")]
    [InlineData("iptables -t nat -I IP-MASQ-AGENT -d 203.0.113.0/24 -j RETURN")]
    [InlineData("iptables -t nat -F POSTROUTING")]
    [InlineData("iptables -t nat -A POSTROUTING -j IP-MASQ-AGENT")]
    [InlineData("ip6tables -t nat -F")]
    [InlineData("iptables -t nat -F PLUGBOARD-MASQ")]
    [InlineData("nft flush ruleset")]
    public void What_others_do_to_the_chains_is_undone(string damage)
    {
        using var node = new MasqueradeNode(Dual);
        node.SyncWell();
        var whole = Saved(node);

        node.Tool(damage);
        Assert.NotEmpty(node.SyncWell(SyncCause.Kernel));

        Assert.Equal(whole, Saved(node));
        Assert.Equal(Eth0, node.SeenFromPod(Internet));
        node.IsSteady();
    }

    [KernelFact]
    public void Chains_of_iptables_legacy_are_kept_repaired_and_removed()
    {
        var legacy = Dual with { Tools = new IptablesOptions { Variant = IptablesVariant.Legacy } };
        using var node = new MasqueradeNode(legacy);
        node.SyncWell();
        Assert.Equal(Eth0, node.SeenFromPod(Internet));
        Assert.Equal("", node.Tool("nft list ruleset"));

        node.Tool("iptables-legacy -t nat -F");
        Assert.NotEmpty(node.SyncWell(SyncCause.Kernel));
        Assert.Equal(Eth1, node.SeenFromPod(ByEth1));
        node.IsSteady();

        node.Restart(new MasqueradeOptions());
        node.SyncWell();
        Assert.DoesNotContain(
            "MASQ",
            node.Tool("iptables-legacy-save -t nat") + node.Tool("ip6tables-legacy-save -t nat"),
            StringComparison.Ordinal
        );
        Assert.Equal(Eth0, node.SeenFromPod(Internet));
    }

    [KernelFact]
    public void The_other_backends_rules_go_in_both_directions()
    {
        using var node = new MasqueradeNode(Dual);
        node.SyncWell();

        node.Restart(Dual with { Backend = MasqueradeBackend.Nftables });
        node.SyncWell();
        Assert.DoesNotContain("MASQ", node.Tool("iptables-save"), StringComparison.Ordinal);
        Assert.DoesNotContain("MASQ", node.Tool("ip6tables-save"), StringComparison.Ordinal);
        Assert.Equal(Eth0, node.SeenFromPod(Internet));

        node.Restart(Dual);
        node.SyncWell();
        Assert.False(node.Client.Has(NftablesPlan.Table));
        Assert.Equal(Eth0, node.SeenFromPod(Internet));
    }

    [KernelFact]
    public void A_renamed_chain_and_a_family_that_is_switched_off_leave_nothing_behind()
    {
        using var node = new MasqueradeNode(Dual with { MasqChain = "MY-MASQ" });
        node.SyncWell();

        node.Restart(Dual with { EnableIPv6 = false });
        node.SyncWell();

        Assert.DoesNotContain("MY-MASQ", node.Tool("iptables-save"), StringComparison.Ordinal);
        Assert.DoesNotContain("MASQ", node.Tool("ip6tables-save"), StringComparison.Ordinal);
        Assert.Contains("-j IP-MASQ-AGENT", node.Tool("iptables-save"), StringComparison.Ordinal);
        node.IsSteady();
    }

    [KernelFact]
    public void Others_who_masquerade_are_named_and_left_alone()
    {
        using var node = new MasqueradeNode(new MasqueradeOptions());
        node.Tool("iptables -t nat -N IP-MASQ-AGENT");
        node.Tool("iptables -t nat -A POSTROUTING -j IP-MASQ-AGENT");
        node.Tool("iptables -t nat -N CNI-0123456789abcdef01234567");
        node.Tool("iptables -t nat -A POSTROUTING -s 10.244.1.5 -j CNI-0123456789abcdef01234567");
        node.Tool("iptables -t nat -A POSTROUTING -o eth1 -j MASQUERADE");
        node.Tool("nft add table ip flannel-ipv4");
        node.Tool("nft add chain ip flannel-ipv4 postrtg { type nat hook postrouting priority srcnat ; }");
        var before = Saved(node);

        node.SyncWell();

        Assert.Equal(before, Saved(node));
        Assert.Equal(4, node.Reconciler.Warnings.Count);
        Assert.Contains(node.Reconciler.Warnings, warning => warning.Contains("ip-masq-agent's chain", StringComparison.Ordinal));
        Assert.Contains(node.Reconciler.Warnings, warning => warning.Contains("ipMasq", StringComparison.Ordinal));
        Assert.Contains(node.Reconciler.Warnings, warning => warning.Contains("flannel-ipv4", StringComparison.Ordinal));
        Assert.Contains(node.Reconciler.Warnings, warning => warning.Contains("changes the source", StringComparison.Ordinal));
    }

    [KernelFact]
    public void What_portmap_does_for_published_ports_is_no_masquerading_of_others()
    {
        using var node = new MasqueradeNode(new MasqueradeOptions());
        node.Tool("nft add table inet plugboard_portmap");
        node.Tool("nft add chain inet plugboard_portmap postrouting { type nat hook postrouting priority srcnat ; }");
        node.Tool("nft add rule inet plugboard_portmap postrouting ct status dnat masquerade");

        node.SyncWell();

        Assert.Empty(node.Reconciler.Warnings);
    }

    private static string Saved(MasqueradeNode node) =>
        string.Join(
            '\n',
            $"{node.Tool("iptables-save -t nat")}{node.Tool("ip6tables-save -t nat")}"
                .Split('\n')
                .Where(line => !line.StartsWith('#'))
                .Select(line => line.StartsWith(':') ? line.Split(" [")[0] : line)
                .Order(StringComparer.Ordinal)
        );
}
