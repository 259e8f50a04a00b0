using Plugboard.Coordinator.Reconciling;
using Plugboard.Firewall;
using Plugboard.Firewall.HostPorts;
using Plugboard.Firewall.Iptables;
using Plugboard.Firewall.Pods;
using Plugboard.Linux;
using Plugboard.Linux.Files;
using Plugboard.Testing;

namespace Plugboard.Tests.Kernel.Coordinator.Pods;

/// <summary>
/// Objects that disappear from the plugins' tables are restored from the records: all of it, nothing else, and nothing that a DEL took
/// away.
/// </summary>
public sealed class PodReconcilerTests
{
    private static PodHostPorts WithConditions(PodHostPorts forward) => forward with { ConditionsV4 = ["ip", "saddr", "192.0.2.0/24"] };

    // A pod of each kind, and the reconciler has looked.
    private static PodNode Node()
    {
        var node = new PodNode();
        node.Add(1);
        node.Add(2, WithConditions);
        Assert.Empty(node.Sync(SyncCause.Start));
        node.Hear();
        return node;
    }

    [KernelTheory]
    [InlineData("flush ruleset")]
    [InlineData("delete table inet plugboard_portmap")]
    [InlineData("delete table inet plugboard_masquerade; delete table bridge plugboard_macspoof")]
    [InlineData("delete element inet plugboard_portmap ports4 { tcp . 8001 }")]
    [InlineData(
        "flush map inet plugboard_portmap ports4; flush map inet plugboard_portmap ports6; flush set inet plugboard_portmap masquerade4"
    )]
    [InlineData("flush set inet plugboard_portmap localhost_links")]
    [InlineData("flush chain inet plugboard_portmap hostports")]
    [InlineData("delete element inet plugboard_portmap conditional4 { tcp . 8002 }")]
    [InlineData("flush chain inet plugboard_portmap POD")]
    [InlineData("flush chain inet plugboard_masquerade postrouting")]
    [InlineData("flush set inet plugboard_masquerade own_network6")]
    [InlineData("flush set bridge plugboard_macspoof addresses")]
    public void What_another_process_removed_is_restored(string damage)
    {
        using var node = Node();
        var before = node.Ruleset();

        node.Tool("nft " + damage.Replace("POD", "pod_" + PodNode.Owner(2).Tag, StringComparison.Ordinal));
        Assert.NotEqual(before, node.Ruleset());
        Assert.NotEmpty(node.Run(() => node.Reconciler.Plan(PodNode.View)).Changes);
        var changes = node.Hear();

        Assert.Equal(before, node.Ruleset());
        Assert.NotEmpty(changes);
        Assert.All(changes, static change => Assert.Equal(ChangeVerb.Add, change.Verb));
        Assert.Empty(node.Hear());
        Assert.Empty(node.Run(() => node.Reconciler.Plan(PodNode.View)).Changes);
    }

    [KernelFact]
    public void Of_one_element_that_is_gone_only_that_is_put_back_and_only_its_pod_is_looked_at()
    {
        using var node = Node();
        var comparisons = node.Reconciler.ComparisonCount;

        node.Tool("nft delete element inet plugboard_portmap ports4 { tcp . 8001 }");

        Assert.Equal(
            [$"add element inet plugboard_portmap ports4 {{ tcp . 8001 comment \"{PodNode.Owner(1).Comment}\" : 10.244.0.3 . 80 }}"],
            node.Hear().Select(static change => change.ToString())
        );
        Assert.Equal(comparisons, node.Reconciler.ComparisonCount);
    }

    [KernelFact]
    public void ADD_and_DEL_are_no_reason_to_compare_anything()
    {
        using var node = Node();
        var comparisons = node.Reconciler.ComparisonCount;

        for (var number = 3; number < 8; number++)
        {
            node.Add(number);
            Assert.Empty(node.Hear());
            Assert.False(node.WasConcerned);
        }

        node.Delete(3);
        Assert.Empty(node.Hear());
        Assert.Equal(!KernelRelease.IsAtLeast(6, 12), node.WasConcerned);
        // Of a pod with conditions chain and elements are deleted on every kernel, which is heard.
        node.Delete(2);
        Assert.Empty(node.Hear());
        Assert.True(node.WasConcerned);
        Assert.Equal(comparisons, node.Reconciler.ComparisonCount);
        Assert.DoesNotContain(node.Ruleset(), line => line.Contains(PodNode.Owner(2).Tag, StringComparison.Ordinal));
    }

    [KernelFact]
    public void A_steady_node_is_not_written_to_and_only_the_audit_compares()
    {
        using var node = Node();
        var (generation, comparisons) = (node.Client.GetGeneration(), node.Reconciler.ComparisonCount);

        foreach (var cause in (SyncCause[])[SyncCause.Source, SyncCause.Kernel, SyncCause.Source, SyncCause.Kernel])
            Assert.Same(SyncOutcome.Steady, node.Run(() => node.Reconciler.Sync(PodNode.View, cause)));
        Assert.Equal(comparisons, node.Reconciler.ComparisonCount);
        Assert.Same(SyncOutcome.Steady, node.Run(() => node.Reconciler.Sync(PodNode.View, SyncCause.Audit)));

        Assert.Equal(comparisons + 1, node.Reconciler.ComparisonCount);
        Assert.Equal(generation, node.Client.GetGeneration());
    }

    [KernelFact]
    public void A_node_without_pods_gets_no_table()
    {
        using var node = new PodNode();
        Assert.Empty(node.Sync(SyncCause.Start));
        node.Add(1);
        node.Delete(1);
        node.Tool("nft flush ruleset");

        Assert.Empty(node.Hear());
        Assert.Empty(node.Sync(SyncCause.Audit));

        Assert.Equal("", node.Tool("nft list ruleset"));
    }

    [KernelFact]
    public void What_a_dead_pod_had_is_not_put_back()
    {
        using var node = Node();
        node.Tool("ip link del veth1");
        node.Tool("nft flush ruleset");

        node.Hear();

        Assert.DoesNotContain(node.Ruleset(), line => line.Contains(PodNode.Owner(1).Tag, StringComparison.Ordinal));
        Assert.Contains(node.Ruleset(), line => line.Contains(PodNode.Owner(2).Tag, StringComparison.Ordinal));
        node.Tool("ip link del veth2");
        node.Tool("nft flush ruleset");
        Assert.Empty(node.Hear());
        Assert.Equal("", node.Tool("nft list ruleset"));
    }

    [KernelFact]
    public void What_a_DEL_that_goes_on_took_away_is_not_put_back_but_that_of_a_DEL_that_was_killed_is()
    {
        using var node = Node();
        using (node.Run(() => PodNode.Portmap.Hold(PodNode.Owner(1))))
        {
            node.Tool("nft delete element inet plugboard_portmap ports4 { tcp . 8001 }");
            Assert.Empty(node.Hear());
            Assert.Empty(node.Sync(SyncCause.Audit));
        }

        Eventually.Equal(1, () => node.Sync(SyncCause.Audit).Count);
    }

    [KernelFact]
    public void What_an_ADD_that_goes_on_has_not_made_yet_is_no_damage_and_what_is_lost_meanwhile_is_restored_at_its_end()
    {
        using var node = Node();
        var records = ((int[])[1, 2]).Select(number => PodNode.Portmap.WriteHeld(PodNode.Portmap.Find(PodNode.Owner(number))!));
        var held = node.Run(() => records.ToList());
        node.Tool("nft delete table inet plugboard_portmap");
        Assert.Empty(node.Hear());
        Assert.DoesNotContain("plugboard_portmap", node.Tool("nft list tables"), StringComparison.Ordinal);

        var afterThat = TimeSpan.FromMilliseconds(100);
        using var end = new Timer(_ => held.ForEach(static each => each.Dispose()), null, afterThat, Timeout.InfiniteTimeSpan);
        // A comparison waits for them up to a second: on a busy machine the end may be that of the next.
        Eventually.True(
            () => node.Sync(SyncCause.Audit).Any(static change => change.ToString().Contains("8001", StringComparison.Ordinal)),
            () => "nothing was restored"
        );
        Assert.Contains(node.Ruleset(), static line => line.Contains("tcp . 8001", StringComparison.Ordinal));
    }

    [KernelFact]
    public void A_DEL_does_not_wait_for_ever_for_who_puts_back()
    {
        using var node = Node();
        using var stopped = node.Run(() => PodNode.Portmap.TryHoldAlone(PodNode.Owner(1).Tag));
        node.Run(() =>
        {
            using var rules = HostPortKind.Open(
                new PodRecordStore(PodRecordStore.Root + "/portmap") { HoldTimeout = TimeSpan.FromMilliseconds(20) }
            );
            Assert.Throws<FileLockTimeoutException>(() => rules.Withdraw(PodNode.Owner(1), null));
        });
        Assert.NotNull(node.Run(() => PodNode.Portmap.Find(PodNode.Owner(1))));
    }

    [KernelFact]
    public void A_record_that_cannot_be_read_is_named_and_the_others_are_put_back()
    {
        using var node = Node();
        var torn = $"/run/plugboard/portmap/{PodNode.Owner(1).Tag}";
        node.Run(() => File.WriteAllText(torn, "network pods\ncontai"));
        node.Run(() => File.AppendAllText($"/run/plugboard/portmap/{PodNode.Owner(2).Tag}", "condition-v4 nonsense\n"));
        node.Add(3);
        node.Tool("nft flush ruleset");

        node.Hear();

        Assert.Equal(
            [
                "the record of pods/pod2/eth0 is invalid: its pod's rules are not restored",
                $"{torn} is not a record, or is torn: its pod's rules are not restored; DEL of the pod removes it",
            ],
            node.Reconciler.Warnings.Order(StringComparer.Ordinal).Reverse()
        );
        Assert.Contains(node.Ruleset(), line => line.Contains("tcp . 8003", StringComparison.Ordinal));
        Assert.DoesNotContain(node.Ruleset(), line => line.Contains("tcp . 8001", StringComparison.Ordinal));
    }

    [KernelFact]
    public void A_port_that_another_living_pod_has_stays_its_own_and_is_named()
    {
        using var node = Node();
        var thief = PodNode.Owner(2);
        const string Map = "element inet plugboard_portmap ports4";
        node.Tool($"nft delete {Map} {{ tcp . 8001 }}; add {Map} {{ tcp . 8001 comment \"{thief.Comment}\" : 10.244.0.4 . 80 }}");
        var before = node.Ruleset();

        Assert.Empty(node.Hear());
        Assert.Empty(node.Sync(SyncCause.Audit));

        Assert.Equal(before, node.Ruleset());
        const string Named = "host port 8001/tcp of pods/pod1/eth0 leads elsewhere: inet plugboard_portmap ports4 has tcp . 8001";
        Assert.StartsWith(Named, Assert.Single(node.Reconciler.Warnings), StringComparison.Ordinal);
    }

    [KernelFact]
    public void An_element_that_the_kernel_refuses_is_reported_and_the_others_are_restored()
    {
        using var node = Node();
        node.Tool(
            "nft flush set inet plugboard_portmap masquerade4; add element inet plugboard_portmap masquerade4 { 10.0.0.0/8 . 10.244.0.3 }"
        );

        var outcome = node.Run(() => node.Reconciler.Sync(PodNode.View, SyncCause.Audit));

        Assert.StartsWith(
            "nftables: add element inet plugboard_portmap masquerade4 { 10.244.0.0/16 . 10.244.0.3",
            Assert.Single(outcome.Problems),
            StringComparison.Ordinal
        );
        Assert.True(outcome.IsUsable);
        Assert.Contains(outcome.Changes, static change => change.Text.Contains("127.0.0.0/8 . 10.244.0.3", StringComparison.Ordinal));
        Assert.Contains(outcome.Changes, static change => change.Text.Contains("10.244.0.0/16 . 10.244.0.4", StringComparison.Ordinal));
    }

    [KernelFact]
    public void A_table_that_another_process_owns_is_named_and_the_other_tables_are_put_back()
    {
        using var node = Node();
        node.Tool("nft flush ruleset");
        using var owner = node.OwnTable("plugboard_portmap");

        var outcome = node.Run(() => node.Reconciler.Sync(PodNode.View, SyncCause.Audit));

        Assert.Empty(outcome.Problems);
        var named =
            $"table inet plugboard_portmap belongs to another process (flags owner, netlink port {owner.PortId}), "
            + "and only that process can change it: its rules are not restored";
        Assert.Equal([named], node.Reconciler.Warnings);
        Assert.Contains("addresses", node.Tool("nft list table bridge plugboard_macspoof"), StringComparison.Ordinal);
        owner.Dispose();
        // A child that another test starts has a copy of the owning socket, until it executes.
        Eventually.True(() => node.Sync(SyncCause.Retry).Count > 0, static () => "nothing is put back");
        Assert.Contains("tcp . 8001", node.Tool("nft list map inet plugboard_portmap ports4"), StringComparison.Ordinal);
    }

    [KernelTheory]
    [InlineData("-t nat -F")]
    [InlineData("-t nat -D PREROUTING -m addrtype --dst-type LOCAL -j CNI-HOSTPORT-DNAT")]
    [InlineData("-t nat -F CNI-HOSTPORT-DNAT")]
    [InlineData("-t nat -I CHAIN -p tcp -j RETURN")]
    [InlineData("-t nat -R CHAIN 3 -p tcp -m tcp --dport 8001 -j DNAT --to-destination 10.244.0.99:80")]
    public void What_iptables_has_for_pods_is_put_right_by_the_audit(string damage)
    {
        using var node = new PodNode();
        node.Tool("ip link add veth1 type bridge");
        node.Publish(PodNode.Ports(1), FirewallBackend.Iptables);
        Assert.Empty(node.Sync(SyncCause.Audit));
        Assert.Null(node.CheckPorts(1));
        node.Tool("iptables " + damage.Replace("CHAIN", ReferenceNames.ForwardChain(PodNode.Owner(1)), StringComparison.Ordinal));
        Assert.NotNull(node.CheckPorts(1));
        var planned = node.Run(() => node.Reconciler.Plan(PodNode.View)).Changes;

        var changes = node.Sync(SyncCause.Audit);

        Assert.Null(node.CheckPorts(1));
        Assert.Contains(changes, static change => change.Text.StartsWith("iptables -t nat -A ", StringComparison.Ordinal));
        Assert.Equal(planned.Select(static change => change.ToString()), changes.Select(static change => change.ToString()));
        Assert.Empty(node.Sync(SyncCause.Audit));
    }

    [KernelFact]
    public void What_iptables_had_for_a_dead_pod_and_for_one_of_an_older_build_stays_away()
    {
        using var node = new PodNode();
        node.Tool("ip link add veth2 type bridge");
        node.Publish(PodNode.Ports(1), FirewallBackend.Iptables);
        node.Publish(PodNode.Ports(2), FirewallBackend.Iptables);
        node.Tool($"sed -i /mark-bit/d /run/plugboard/portmap/{PodNode.Owner(2).Tag}");
        node.Tool("iptables -t nat -F");

        Assert.Empty(node.Sync(SyncCause.Audit));
    }

    [KernelFact]
    public void Cleanup_leaves_what_pods_have()
    {
        using var node = Node();
        var before = node.Ruleset();
        Assert.Same(SyncOutcome.Steady, node.Run(() => node.Reconciler.Remove(isDryRun: false)));
        Assert.Equal(before, node.Ruleset());
    }
}
