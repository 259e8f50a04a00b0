using Plugboard.Coordinator.Policy;
using Plugboard.Coordinator.Policy.Nftables;
using Plugboard.Coordinator.Reconciling;
using Plugboard.Firewall.Nftables;
using Plugboard.Firewall.Starting;
using Plugboard.Testing;

namespace Plugboard.Tests.Kernel.Coordinator.Policy;

/// <summary>The table is repaired, survives a restart without a write, and goes only when it should.</summary>
public sealed class PolicyReconcilerTests
{
    private const string DenyAll = "podSelector: {}\npolicyTypes: [Ingress, Egress]";
    private const string FromB =
        "podSelector: {matchLabels: {pod: a}}\ningress: [{from: [{podSelector: {matchLabels: {pod: b}}}], ports: [{port: 80}]}]";

    private static bool Passes(PolicyNode node, string from, string to, int port = 80) => node.Pod(from).AskUdpOnce(node, to, port);

    private static void IsSteady(PolicyNode node)
    {
        var before = node.Client.GetGeneration();
        foreach (var cause in Enum.GetValues<SyncCause>())
            Assert.Equal([], node.SyncWell(cause));
        Assert.Equal([], node.Run(() => node.Reconciler.Plan(PolicyNode.View)).Changes);
        Assert.Equal(before, node.Client.GetGeneration());
    }

    [KernelFact]
    public void A_restart_writes_nothing_and_a_steady_state_writes_nothing()
    {
        using var node = new PolicyNode();
        node.Write(("x", FromB), ("y", DenyAll));
        node.SyncWell(SyncCause.Start);
        IsSteady(node);
        var before = node.Client.GetGeneration();

        node.Restart();

        Assert.Equal([], node.SyncWell(SyncCause.Start));
        Assert.Equal(before, node.Client.GetGeneration());
        IsSteady(node);
    }

    [KernelTheory]
    [InlineData("nft flush ruleset")]
    [InlineData("nft delete table inet plugboard_policy")]
    [InlineData("nft flush chain inet plugboard_policy ingress")]
    [InlineData("nft flush map inet plugboard_policy ingress4")]
    [InlineData("nft add element inet plugboard_policy own4 { 10.244.1.11 . 10.244.1.10 }")]
    [InlineData("nft insert rule inet plugboard_policy egress accept")]
    [InlineData("nft add chain inet plugboard_policy foreign")]
    [InlineData("nft add table inet plugboard_policy { flags dormant ; }")]
    public void What_another_process_changed_is_repaired(string damage)
    {
        using var node = new PolicyNode();
        node.Write(("x", FromB), ("y", DenyAll));
        node.SyncWell(SyncCause.Start);
        node.Tool(damage);

        Assert.NotEmpty(node.Run(() => node.Reconciler.Plan(PolicyNode.View)).Changes);
        Assert.NotEmpty(node.SyncWell(SyncCause.Audit));

        IsSteady(node);
        node.Holds(damage);
    }

    [KernelFact]
    public void A_change_after_damage_that_was_not_heard_of_repairs_all()
    {
        using var node = new PolicyNode();
        node.Write(("x", FromB));
        node.SyncWell(SyncCause.Start);
        node.Tool("nft flush ruleset");
        node.Write(("x", FromB), ("y", DenyAll));

        node.SyncWell();

        IsSteady(node);
        node.Holds("after the flush");
    }

    [KernelFact]
    public void Random_changes_one_after_another_give_the_table_of_a_comparison_with_all()
    {
        using var node = new PolicyNode();
        node.SyncWell(SyncCause.Start);
        var cases = ConformanceCases.Cases.ToList();
#pragma warning disable CA5394 // It repeats.
        var random = new Random(16);
        for (var step = 0; step < 60; step++)
        {
            node.Write([.. Enumerable.Range(0, random.Next(4)).SelectMany(_ => cases[random.Next(cases.Count)].Policies)]);
            node.Label("y/b", random.Next(2) == 0 ? "pod: b" : "pod: a");
            node.LabelNamespace("z", random.Next(2) == 0 ? "ns: z" : "ns: y");
            node.WritePods();
#pragma warning restore CA5394
            node.SyncWell();
            Assert.Equal([], node.Run(() => node.Reconciler.Plan(PolicyNode.View)).Changes);
            if (step % 10 == 0)
                node.Holds($"step {step}");
        }
    }

    [KernelFact]
    public void A_file_that_turns_bad_or_goes_changes_nothing_and_is_reported()
    {
        using var node = new PolicyNode();
        node.Write(("x", DenyAll));
        node.SyncWell(SyncCause.Start);
        var before = node.Client.GetGeneration();

        node.Replace("policies.yaml", "kind: NetworkPolicy\nmetadata: {name: p, namespace: x}\nspec: {podSelectr: {}}\n");
        Assert.Equal([], node.SyncWell());
        Assert.Contains("podSelectr", Assert.Single(node.Reconciler.Warnings), StringComparison.Ordinal);
        File.Delete(Path.Combine(node.DirectoryPath, "policies.yaml"));
        Assert.Equal([], node.SyncWell());
        Assert.Contains("no such file", Assert.Single(node.Reconciler.Warnings), StringComparison.Ordinal);
        Assert.Equal(before, node.Client.GetGeneration());

        // A restart without a valid file leaves the rules of the run before.
        node.Restart();
        var outcome = node.Sync(SyncCause.Start);
        Assert.False(outcome.IsUsable);
        Assert.Contains("no such file", Assert.Single(outcome.Problems), StringComparison.Ordinal);
        Assert.Equal(before, node.Client.GetGeneration());
        Assert.False(Passes(node, "y/a", "x/a"));

        node.Write();
        node.SyncWell(SyncCause.Retry);
        Assert.True(Passes(node, "y/a", "x/a"));
    }

    [KernelFact]
    public void The_node_itself_is_never_judged_and_other_addresses_are()
    {
        using var node = new PolicyNode();
        node.Write(("x", DenyAll), ("y", "podSelector: {}\ningress: [{from: [{ipBlock: {cidr: 192.0.2.0/24}}]}]"));
        node.SyncWell(SyncCause.Start);
        using var outside = new TestNamespace();
        node.Tool($"ip link add eth0 type veth peer name eth0 netns {outside.Path}");
        node.Tool("ip addr add 192.0.2.1/24 dev eth0");
        node.Tool("ip link set eth0 up");
        outside.Tool("ip addr add 192.0.2.2/24 dev eth0");
        outside.Tool("ip link set eth0 up");
        outside.Tool("ip route add default via 192.0.2.1");

        Assert.True(node.AskUdpOnce(node, "x/a", 80));
        Assert.False(outside.AskUdpOnce(node, "x/a", 80));
        Assert.True(outside.AskUdpOnce(node, "y/a", 80));
        Assert.True(outside.AskUdpOnce(node, "z/a", 80));
        node.Tool("ping -c 1 -W 2 10.244.1.10");
        Assert.NotEqual(0, node.Pod("y/a").TryTool(["ping", "-c", "1", "-W", "1", "10.244.1.10"]).ExitCode);
    }

    [KernelFact]
    public void Refused_packets_are_answered_if_asked_so()
    {
        using var node = new PolicyNode(
            options: new PolicyOptions
            {
                NodeName = "n1",
                Directory = "",
                Rejects = true,
                Logs = true,
            }
        );
        node.Write(("x", DenyAll));
        node.SyncWell(SyncCause.Start);
        IsSteady(node);

        Assert.Equal("refused", node.Pod("y/a").AskTcp("10.244.1.10:80"));
        Assert.Equal("refused", node.Pod("y/a").AskTcp("[fd00:244:0:1::10]:80"));
        Assert.Equal("refused", node.Pod("y/a").AskUdp("10.244.1.10:80"));
        Assert.True(node.Run(node.Reconciler.ReadState).Refused is { Egress: 0, Ingress: >= 3 });
        var listed = node.Tool("nft list table inet plugboard_policy");
        Assert.Contains("log prefix \"refused ingress of pods with policy x/p0: \"", listed, StringComparison.Ordinal);
    }

    [KernelFact]
    public void A_closed_start_refuses_pods_until_the_files_have_them()
    {
        using var node = new PolicyNode(
            options: new PolicyOptions
            {
                NodeName = "n1",
                Directory = "",
                StartsClosed = true,
            }
        );
        node.Hide("y/c");
        node.WritePods();
        node.Write(("x", "podSelector: {matchLabels: {pod: a}}"));
        node.SyncWell(SyncCause.Start);
        IsSteady(node);

        Assert.False(Passes(node, "z/a", "y/c"));
        Assert.False(Passes(node, "y/c", "z/a"));
        Assert.True(Passes(node, "z/a", "y/b"));
        Assert.True(node.AskUdpOnce(node, "y/c", 80));
        Assert.False(Passes(node, "z/a", "x/a"));

        node.Label("y/c", "pod: c");
        node.WritePods();
        node.SyncWell();
        Assert.True(Passes(node, "z/a", "y/c"));
        Assert.True(Passes(node, "y/c", "z/a"));
        node.Hide("y/c");
        node.WritePods();
        node.SyncWell();
        Assert.False(Passes(node, "z/a", "y/c"));
        IsSteady(node);
    }

    [KernelFact]
    public void Bridged_packets_are_shown_to_the_rules()
    {
        using var node = new PolicyNode();
        node.Write(("x", DenyAll));
        node.Tool("sysctl -qw net.bridge.bridge-nf-call-iptables=0 net.bridge.bridge-nf-call-ip6tables=0");

        Assert.Contains(node.SyncWell(SyncCause.Start), static change => change.Kind == "sysctl");

        node.Holds("after the settings");
        IsSteady(node);
    }

    [KernelFact]
    public void Cleanup_removes_the_table_and_nothing_else()
    {
        using var node = new PolicyNode();
        node.Write(("x", DenyAll));
        node.SyncWell(SyncCause.Start);
        node.Tool("nft add table inet other");

        Assert.NotEmpty(node.Run(() => node.Reconciler.Remove(isDryRun: true)).Changes);
        Assert.True(node.Client.Has(PolicyRules.Table));
        Assert.NotEmpty(node.Run(() => node.Reconciler.Remove(isDryRun: false)).Changes);
        Assert.False(node.Client.Has(PolicyRules.Table));
        Assert.True(node.Client.Has(new Table(NftFamily.Inet, "other")));
        Assert.Equal([], node.Run(() => PolicyReconciler.RemoveTables(isDryRun: false)).Changes);
    }

    [KernelFact]
    public void The_tables_of_an_earlier_run_are_removed_although_reports_cannot_be_switched_off()
    {
        using var node = new PolicyNode();
        node.Write(("x", DenyAll));
        node.SyncWell(SyncCause.Start);
        var root = Directory.CreateTempSubdirectory("starts");
        // It cannot be removed, as in a /run that is read-only.
        root.CreateSubdirectory("policy/wait/full");

        var outcome = node.Run(() => PolicyReconciler.RemoveEarlier(new PodStarts(root.FullName)));

        root.Delete(recursive: true);
        Assert.False(node.Client.Has(PolicyRules.Table));
        Assert.Contains("plugins go on to report their pods", Assert.Single(outcome.Problems), StringComparison.Ordinal);
    }
}
