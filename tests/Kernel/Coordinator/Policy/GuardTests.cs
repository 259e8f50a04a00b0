using Plugboard.Coordinator.Policy;
using Plugboard.Coordinator.Policy.Nftables;
using Plugboard.Coordinator.Reconciling;
using Plugboard.Testing;

namespace Plugboard.Tests.Kernel.Coordinator.Policy;

/// <summary>A table that no other process can change: whatever that does, no packet passes that a policy forbids.</summary>
public sealed class GuardTests
{
    private const string DenyAll = "podSelector: {}";

    private static PolicyNode NewNode() =>
        new(
            options: new PolicyOptions
            {
                NodeName = "n1",
                Directory = "",
                Guards = true,
            }
        );

    private static bool Passes(PolicyNode node, string from, string to) => node.Pod(from).AskUdpOnce(node, to, 80);

    // What others do, and what becomes of it.
    private static void IsUnharmed(PolicyNode node)
    {
        using var stream = PodStream.Open(node.Pod("y/a"), node.Pod("y/b"), "10.244.1.14:8080", 8080);
        foreach (var damage in new[] { "flush ruleset", "delete table inet plugboard_policy", "flush chain inet plugboard_policy ingress" })
        {
            node.TryTool(["nft", .. damage.Split(' ')]);
            Assert.True(node.Client.Has(PolicyRules.Table), damage);
            Assert.False(Passes(node, "y/a", "x/a"), damage);
        }

        Assert.True(stream.Works());
        Assert.Equal([], node.SyncWell(SyncCause.Audit));
        Assert.Contains("chain ingress", node.Tool("nft list table inet plugboard_policy"), StringComparison.Ordinal);
    }

    [KernelFact]
    public void No_other_process_removes_it_and_the_next_coordinator_takes_it_over()
    {
        using var node = NewNode();
        node.Tool("nft add table inet other");
        node.Write(("x", DenyAll));
        node.SyncWell(SyncCause.Start);
        IsUnharmed(node);

        node.Write(("x", DenyAll), ("z", DenyAll));
        node.SyncWell();
        Assert.False(Passes(node, "y/a", "z/a"));

        node.Restart();
        Assert.True(node.Client.Has(PolicyRules.Table));
        Assert.False(Passes(node, "y/a", "x/a"));
        Assert.Single(node.SyncWell(SyncCause.Start));
        IsUnharmed(node);
        Assert.NotEmpty(node.Run(() => node.Reconciler.Remove(isDryRun: false)).Changes);
        Assert.False(node.Client.Has(PolicyRules.Table));
    }

    [KernelFact]
    public void A_cleanup_beside_the_coordinator_that_guards_it_says_whose_it_is()
    {
        using var node = NewNode();
        node.Write(("x", DenyAll));
        node.SyncWell(SyncCause.Start);
        foreach (var isDryRun in new[] { true, false })
        {
            var outcome = node.Run(() => PolicyReconciler.RemoveTables(isDryRun));
            Assert.Empty(outcome.Changes);
            Assert.Contains("belongs to another process", Assert.Single(outcome.Problems), StringComparison.Ordinal);
        }
    }

    [KernelFact]
    public void A_plan_beside_the_coordinator_that_guards_it_has_nothing_to_say_while_it_is_right()
    {
        using var node = NewNode();
        node.Write(("x", DenyAll));
        node.SyncWell(SyncCause.Start);
        using var beside = node.NewReconciler(node.NewFiles());

        var right = node.Run(() => beside.Plan(PolicyNode.View));
        Assert.Empty(right.Changes);
        Assert.Empty(right.Problems);

        node.Write(("x", DenyAll), ("z", DenyAll));
        var wrong = node.Run(() => beside.Plan(PolicyNode.View));
        Assert.Contains(
            "it is a coordinator with --policy-guard, or another program",
            Assert.Single(wrong.Problems),
            StringComparison.Ordinal
        );
    }

    [KernelFact]
    public void It_is_guarded_and_unguarded_as_the_operator_says()
    {
        using var node = NewNode();
        node.Write(("x", DenyAll));
        node.Options = node.Options with { Guards = false };
        node.Restart();
        node.SyncWell(SyncCause.Start);
        foreach (var guards in new[] { true, false, true })
        {
            node.Options = node.Options with { Guards = guards };
            node.Restart();
            Assert.NotEmpty(node.Run(() => node.Reconciler.Plan(PolicyNode.View)).Changes);
            node.SyncWell(SyncCause.Start);
            Assert.Equal([], node.SyncWell(SyncCause.Audit));
            Assert.False(Passes(node, "y/a", "x/a"));
            node.TryTool(["nft", "flush", "ruleset"]);
            Assert.Equal(guards, node.Client.Has(PolicyRules.Table));
            node.SyncWell(SyncCause.Audit);
        }

        node.Restart();
        Assert.NotEmpty(node.Run(() => PolicyReconciler.RemoveTables(isDryRun: false)).Changes);
    }
}
