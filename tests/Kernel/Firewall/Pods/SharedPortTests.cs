using Plugboard.Firewall;
using Plugboard.Firewall.HostPorts;
using Plugboard.Firewall.Nftables;
using Plugboard.Firewall.Pods;
using Plugboard.Firewall.Restoring;
using Plugboard.Testing;

namespace Plugboard.Tests.Kernel.Firewall.Pods;

/// <summary>
/// One host port through several attachments of one container: one has it, the others wait for it and get it in the moment in which it is
/// given up.
/// </summary>
public sealed class SharedPortTests
{
    private static readonly PodHostPorts A = FirewallNode.Forward("c", "a", 1, "8080/tcp", "192.0.2.1:53/udp");
    private static readonly PodHostPorts B = FirewallNode.Forward("c", "b", 2, "8080/tcp", "192.0.2.1:53/udp");
    private static readonly PodHostPorts C = FirewallNode.Forward("c", "d", 3, "8080/tcp");

    private static FirewallNode Node()
    {
        var node = new FirewallNode();
        node.Publish(A);
        node.Publish(B);
        return node;
    }

    [KernelFact]
    public void The_first_has_it_and_CHECK_is_content_with_both()
    {
        using var node = Node();
        Assert.Equal(["tcp . 8080 : 10.1.0.2 . 80"], node.Ports());
        Assert.Equal(["tcp . 8080 : fd00:1::2 . 80"], node.Ports(is6: true));
        Assert.Null(node.Check(A));
        Assert.Null(node.Check(B));
    }

    [KernelFact]
    public void Who_waits_gets_it_in_the_transaction_in_which_the_other_goes()
    {
        using var node = Node();
        var generation = node.Client.GetGeneration();

        node.Withdraw(A);

        Assert.Equal(generation + 1, node.Client.GetGeneration());
        Assert.Equal(["tcp . 8080 : 10.2.0.2 . 80"], node.Ports());
        Assert.Equal(["tcp . 8080 : fd00:2::2 . 80"], node.Ports(is6: true));
        Assert.Equal(["192.0.2.1 . udp . 53 : 10.2.0.2 . 80"], node.Elements("inet plugboard_portmap", "host_ports4"));
        Assert.Null(node.Check(B));
        node.Withdraw(B);
        Assert.Empty(node.Ports());
        Assert.Empty(node.Files("claims"));
        Assert.Empty(node.Files("portmap"));
    }

    [KernelFact]
    public void Who_waits_gets_it_though_another_process_holds_its_record_for_a_moment()
    {
        using var node = Node();
        using var hold = node.Run(() => FirewallNode.Portmap.TryHoldAlone(B.Owner.Tag));
        using var release = new Timer(_ => hold!.Dispose(), null, TimeSpan.FromMilliseconds(20), Timeout.InfiniteTimeSpan);

        node.Withdraw(A);

        Assert.Equal(["tcp . 8080 : 10.2.0.2 . 80"], node.Ports());
    }

    [KernelFact]
    public void Who_waits_goes_without_a_trace()
    {
        using var node = Node();
        node.Withdraw(B);
        Assert.Equal(["tcp . 8080 : 10.1.0.2 . 80"], node.Ports());
        Assert.Null(node.Check(A));
        Assert.Empty(node.Files("claims"));
        node.Withdraw(A);
        Assert.Empty(node.Ports());
    }

    [KernelTheory]
    [InlineData(0, 1, 2)]
    [InlineData(0, 2, 1)]
    [InlineData(1, 0, 2)]
    [InlineData(2, 1, 0)]
    public void Of_three_any_may_go_in_any_order(int first, int second, int last)
    {
        using var node = Node();
        node.Publish(C);
        PodHostPorts[] all = [A, B, C];
        node.Withdraw(all[first]);
        Assert.Single(node.Ports());
        Assert.Null(node.Check(all[second]));
        Assert.Null(node.Check(all[last]));
        node.Withdraw(all[second]);
        Assert.Equal([$"tcp . 8080 : {all[last].IPv4!.Value.Address} . 80"], node.Ports());
        Assert.Null(node.Check(all[last]));
        node.Withdraw(all[last]);
        Assert.Empty(node.Ports());
        Assert.Empty(node.Files("claims"));
    }

    [KernelFact]
    public void One_that_comes_back_waits_in_its_turn()
    {
        using var node = Node();
        node.Withdraw(A);
        node.Publish(A);
        Assert.Equal(["tcp . 8080 : 10.2.0.2 . 80"], node.Ports());
        node.Withdraw(B);
        Assert.Equal(["tcp . 8080 : 10.1.0.2 . 80"], node.Ports());
        Assert.Null(node.Check(A));
    }

    [KernelFact]
    public void Two_interfaces_of_one_container_on_one_network_share_it_too()
    {
        using var node = new FirewallNode();
        var second = B with { Owner = A.Owner with { IfName = "eth1" } };
        node.Publish(A);
        node.Publish(second);
        node.Withdraw(A);
        Assert.Equal(["tcp . 8080 : 10.2.0.2 . 80"], node.Ports());
        Assert.Null(node.Check(second));
    }

    [KernelFact]
    public void A_pod_with_conditions_that_waits_gets_a_jump_to_its_own_chain()
    {
        using var node = new FirewallNode();
        PodHostPorts With(PodHostPorts forward) => forward with { ConditionsV4 = ["ip", "saddr", "192.0.2.0/24"] };
        node.Publish(With(A));
        node.Publish(With(B));
        node.Withdraw(With(A));
        Assert.Equal([$"tcp . 8080 : jump pod_{B.Owner.Tag}"], node.Elements("inet plugboard_portmap", "conditional4"));
        Assert.Null(node.Check(With(B)));
        node.Withdraw(With(B));
        Assert.DoesNotContain("pod_", node.Tool("nft list ruleset"), StringComparison.Ordinal);
    }

    [KernelFact]
    public void Another_container_is_refused_as_long_as_any_of_them_lives_and_takes_the_port_over_then()
    {
        using var node = Node();
        var stranger = FirewallNode.Forward("s", "a", 4, "8080/tcp");
        Assert.Equal(A.Owner, Assert.Throws<PortTakenException>(() => node.Publish(stranger)).Owner);
        node.Tool("ip link del v1");
        Assert.Equal(B.Owner, Assert.Throws<PortTakenException>(() => node.Publish(stranger)).Owner);
        Assert.Null(Record.Exception(() => node.Withdraw(A)));
        Assert.Equal(["tcp . 8080 : 10.2.0.2 . 80"], node.Ports());
        node.Tool("ip link del v2");

        node.Publish(stranger);

        Assert.Equal(["tcp . 8080 : 10.4.0.2 . 80"], node.Ports());
        node.Withdraw(B);
        Assert.Equal(["tcp . 8080 : 10.4.0.2 . 80"], node.Ports());
        node.Withdraw(stranger);
        Assert.Empty(node.Ports());
        Assert.Empty(node.Files("claims"));
    }

    [KernelFact]
    public void GC_of_one_network_hands_over_what_it_collects()
    {
        using var node = Node();
        node.With(rules =>
        {
            rules.Collect("a", new HashSet<string>());
            return 0;
        });
        Assert.Equal(["tcp . 8080 : 10.2.0.2 . 80"], node.Ports());
        Assert.Equal([B.Owner.Tag], node.Files("portmap"));
    }

    [KernelFact]
    public void GC_without_a_record_hands_over_too()
    {
        using var node = Node();
        node.Tool($"rm /run/plugboard/portmap/{A.Owner.Tag}");
        node.With(rules =>
        {
            rules.Collect("a", new HashSet<string>());
            return 0;
        });
        Assert.Equal(["tcp . 8080 : 10.2.0.2 . 80"], node.Ports());
    }

    [KernelFact]
    public void A_flush_is_restored_to_who_had_it_before_who_waits()
    {
        using var node = Node();
        foreach (var flush in (string[])["flush ruleset", "flush map inet plugboard_portmap ports4"])
        {
            node.Tool("nft " + flush);
            var outcome = node.Run(() =>
            {
                using var restorer = new PodRestorer(PodRecordStore.Root);
                return restorer.Restore(isForced: true);
            });
            Assert.Empty(outcome.Problems);
            Assert.Equal(["tcp . 8080 : 10.1.0.2 . 80"], node.Ports());
            Assert.Null(node.Check(A));
            Assert.Null(node.Check(B));
        }

        node.Withdraw(A);
        Assert.Equal(["tcp . 8080 : 10.2.0.2 . 80"], node.Ports());
    }

    [KernelFact]
    public void Where_the_first_has_died_without_DEL_the_audit_gives_it_to_who_waits()
    {
        using var node = Node();
        node.Tool("ip link del v1");
        node.Run(() =>
        {
            using var restorer = new PodRestorer(PodRecordStore.Root);
            Assert.Empty(restorer.Restore(isForced: true).Problems);
        });
        Assert.Equal(["tcp . 8080 : 10.2.0.2 . 80"], node.Ports());
        Assert.Null(node.Check(B));
    }

    // As where the second ADD says that it waits just after the first one's DEL has looked for heirs.
    [KernelFact]
    public void Who_begins_to_wait_while_the_other_goes_gets_it_all_the_same()
    {
        using var node = Node();
        var table = new HostPortTable();
        node.Run(() =>
        {
            using var client = NftablesClient.Open();
            var pods = new HostPortKind(FirewallNode.Portmap);
            var set = table.Of(is6: false).Ports;
            var element = client.Find(set, FamilyMaps.Key(A.Ports[0]))!;
            var batch = new NftablesBatch();
            batch.Expire(set, element);
            client.Commit(batch);
            using var heirs = new PodHeirs(client, pods);
            heirs.Appoint([(set, element)], A.Owner.Tag, waitsNoMore: true);
        });
        Assert.Equal(["tcp . 8080 : 10.2.0.2 . 80"], node.Ports());
    }

    [KernelFact]
    public void With_iptables_each_attachment_has_rules_of_its_own()
    {
        using var node = new FirewallNode();
        node.Publish(A, FirewallBackend.Iptables);
        node.Publish(B, FirewallBackend.Iptables);
        Assert.Null(node.Check(A));
        Assert.Null(node.Check(B));
        node.Withdraw(A);
        Assert.Null(node.Check(B));
        Assert.DoesNotContain("10.1.0.2", node.Tool("iptables-save -t nat"), StringComparison.Ordinal);
        node.Withdraw(B);
        Assert.DoesNotContain("CNI-DN", node.Tool("iptables-save -t nat"), StringComparison.Ordinal);
    }

    [KernelTheory]
    [InlineData(false)]
    [InlineData(true)]
    public void With_iptables_two_interfaces_on_one_network_share_a_chain_and_either_may_go(bool lastGoesFirst)
    {
        using var node = new FirewallNode();
        var second = B with { Owner = A.Owner with { IfName = "eth1" } };
        node.Publish(A, FirewallBackend.Iptables);
        node.Publish(second, FirewallBackend.Iptables);
        node.Withdraw(lastGoesFirst ? second : A);
        Assert.Null(node.Check(lastGoesFirst ? A : second));
    }

    [KernelFact]
    public void Two_pods_of_one_address_on_two_networks_are_masqueraded_until_the_last_goes()
    {
        using var node = new FirewallNode();
        node.AddLink("v1");
        node.AddLink("v2");
        var (one, other) = (FirewallNode.Traffic("c1", "a", 1, "v1"), FirewallNode.Traffic("c2", "b", 1, "v2"));
        foreach (var traffic in (Plugboard.Firewall.Bridging.PodTraffic[])[one, other])
            node.WithTraffic(firewall => firewall.Apply(traffic, FirewallBackend.Nftables));
        Assert.Null(node.WithTraffic(firewall => firewall.FindDifference(other)));

        node.WithTraffic(firewall =>
        {
            firewall.Withdraw(one.Owner, null);
            return 0;
        });

        Assert.Equal(["10.1.0.2"], node.Elements("inet plugboard_masquerade", "pods4"));
        Assert.Null(node.WithTraffic(firewall => firewall.FindDifference(other)));
        node.WithTraffic(firewall =>
        {
            firewall.Withdraw(other.Owner, null);
            return 0;
        });
        Assert.Empty(node.Elements("inet plugboard_masquerade", "pods4"));
        Assert.Empty(node.Files("claims"));
    }
}
