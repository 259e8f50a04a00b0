using Plugboard.Coordinator.Policy;
using Plugboard.Coordinator.Reconciling;
using Plugboard.Testing;

namespace Plugboard.Tests.Kernel.Coordinator.Policy;

/// <summary>Real packets between nine pods with ClusterNetworkPolicies pass as the oracle says.</summary>
public sealed class ClusterPolicyTests
{
    private const string OnX = "subject: {namespaces: {matchLabels: {ns: x}}}\n";
    private const string OnAll = "subject: {namespaces: {}}\n";
    private const string FromAll = "from: [{namespaces: {}}]";
    private const string FromY = "from: [{namespaces: {matchLabels: {ns: y}}}]";
    private const string FromYb = "from: [{pods: {namespaceSelector: {matchLabels: {ns: y}}, podSelector: {matchLabels: {pod: b}}}}]";
    private const string AllowAll = "podSelector: {}\ningress: [{}]";
    private const string DenyAll = "podSelector: {}";
    private const int Port = 8080;

    private static readonly PolicyOptions options = new() { NodeName = "n1", ReadsCluster = true };

    private static string Admin(int priority, string rules, string subject = OnX) => $"tier: Admin\npriority: {priority}\n{subject}{rules}";

    private static string Baseline(int priority, string rules, string subject = OnX) =>
        $"tier: Baseline\npriority: {priority}\n{subject}{rules}";

    private static readonly (string Name, string[] Cluster, (string, string)[] Policies)[] cases =
    [
        ("Admin denies what a policy allows", [Admin(1, $"ingress: [{{action: Deny, {FromY}}}]")], [("x", AllowAll)]),
        ("Admin accepts what a policy forbids", [Admin(1, $"ingress: [{{action: Accept, {FromYb}}}]")], [("x", DenyAll)]),
        (
            "Pass leads to the policies",
            [
                Admin(1, $"ingress: [{{action: Pass, {FromYb}}}, {{action: Deny, {FromY}}}]"),
                Admin(2, $"ingress: [{{action: Deny, {FromAll}}}]"),
            ],
            [("x", "podSelector: {matchLabels: {pod: a}}\ningress: [{ports: [{port: 80}, {port: 80, protocol: UDP}]}]")]
        ),
        (
            "Baseline denies where no policy isolates",
            [Baseline(1, $"ingress: [{{action: Deny, {FromAll}}}]\negress: [{{action: Deny, to: [{{namespaces: {{}}}}]}}]", OnAll)],
            [("x", "podSelector: {matchLabels: {pod: a}}\ningress: [{}]"), ("y", "podSelector: {}\npolicyTypes: [Egress]\negress: [{}]")]
        ),
        (
            "the lower priority is asked first",
            [
                Admin(20, $"ingress: [{{action: Deny, {FromAll}}}]"),
                Admin(3, $"ingress: [{{action: Accept, {FromYb}, protocols: [{{tcp: {{destinationPort: {{number: 80}}}}}}]}}]"),
                Admin(100, $"ingress: [{{action: Accept, {FromAll}}}]"),
            ],
            []
        ),
        (
            "networks, ranges and named ports of egress",
            [
                Admin(
                    1,
                    "egress:\n- {action: Accept, to: [{pods: {namespaceSelector: {}, podSelector: {matchLabels: {pod: c}}}}], "
                        + "protocols: [{destinationNamedPort: serve-81-udp}]}\n"
                        + "- {action: Deny, to: [{networks: [10.244.1.12/31, 10.244.1.16/28]}]}\n"
                        + "- {action: Pass, to: [{namespaces: {}}], protocols: [{tcp: {destinationPort: {range: {start: 80, end: 81}}}}]}\n"
                        + "- {action: Deny, to: [{networks: [\"::/0\", 0.0.0.0/0]}]}"
                ),
            ],
            [("x", "podSelector: {matchLabels: {pod: b}}\npolicyTypes: [Egress]\negress: [{ports: [{port: 80}]}]")]
        ),
    ];

    [KernelTheory]
    [InlineData(true)]
    [InlineData(false)]
    public void Packets_pass_exactly_if_the_oracle_allows_them(bool isBridged)
    {
        using var node = new PolicyNode(isBridged, options);
        node.SyncWell(SyncCause.Start);
        foreach (var (name, cluster, policies) in cases)
        {
            node.Cluster = cluster;
            node.Write(policies);
            node.SyncWell();
            node.Holds(name);
        }

        node.Cluster = [];
        node.Write();
        node.SyncWell();
        node.Holds("without a policy again");
        Assert.Equal([], node.Run(() => node.Reconciler.Plan(PolicyNode.View)).Changes);
    }

    [KernelFact]
    public void Labels_of_namespaces_and_pods_are_followed()
    {
        using var node = new PolicyNode(options: options);
        node.Cluster = [Admin(1, $"ingress: [{{action: Deny, {FromYb}}}]"), Baseline(1, $"ingress: [{{action: Deny, {FromY}}}]")];
        node.Write();
        node.SyncWell(SyncCause.Start);
        node.Holds("before");
        foreach (
            var (name, change) in new (string, Action)[]
            {
                ("a namespace becomes a peer", () => node.LabelNamespace("z", "ns: y")),
                ("a namespace becomes a subject", () => node.LabelNamespace("z", "ns: x")),
                ("a pod becomes a peer", () => node.Label("y/c", "pod: b")),
                ("a namespace is no subject any more", () => node.LabelNamespace("x", "ns: w")),
            }
        )
        {
            change();
            node.WritePods();
            node.SyncWell();
            node.Holds(name);
        }
    }

    [KernelFact]
    public void Nodes_are_followed_by_their_labels_and_addresses()
    {
        using var node = new PolicyNode(options: options);
        node.Cluster =
        [
            Admin(
                1,
                "egress: [{action: Accept, to: [{nodes: {matchLabels: {role: api}}}], "
                    + "protocols: [{tcp: {destinationPort: {number: 80}}}]}, {action: Deny, to: [{nodes: {}}]}]"
            ),
        ];
        node.Write();
        node.WritePods();
        node.SyncWell(SyncCause.Start);
        node.Holds("without a node");
        // The addresses are those of pods, so that the probe has somebody who answers.
        foreach (
            var (name, nodes) in new[]
            {
                ("one node", Node("m1", "worker", "y/a")),
                ("a node of another label", Node("m1", "worker", "y/a") + Node("m2", "api", "y/b")),
                ("the label changed", Node("m1", "api", "y/a") + Node("m2", "worker", "y/b")),
                ("two with one address", Node("m1", "api", "y/a") + Node("m2", "worker", "y/a")),
                ("one of both went", Node("m2", "worker", "y/a")),
            }
        )
        {
            node.WritePods(nodes);
            node.SyncWell();
            node.Holds(name);
            Assert.Equal([], node.Run(() => node.Reconciler.Plan(PolicyNode.View)).Changes);
        }

        string Node(string name, string role, string pod) =>
            $"kind: Node\nmetadata: {{name: {name}, labels: {{role: {role}}}}}\nstatus:\n  addresses:\n"
            + $"  - {{type: InternalIP, address: {node.Address(pod, is6: false)}}}\n"
            + $"  - {{type: InternalIP, address: '{node.Address(pod, is6: true)}'}}\n---\n";
    }

    [KernelFact]
    public void Without_cluster_policies_the_flag_changes_nothing_of_the_table()
    {
        using var node = new PolicyNode(options: options with { ReadsCluster = false });
        node.Write([.. ConformanceCases.Cases.SelectMany(static each => each.Policies).Distinct()]);
        node.SyncWell(SyncCause.Start);
        var before = node.Tool("nft list ruleset");
        var generation = node.Client.GetGeneration();

        node.Options = node.Options with { ReadsCluster = true };
        node.Restart();
        node.SyncWell(SyncCause.Start);

        Assert.Equal(generation, node.Client.GetGeneration());
        Assert.Equal(before, node.Tool("nft list ruleset"));
        Assert.DoesNotContain("chain admin_", before, StringComparison.Ordinal);

        // One that selects no pod of this node, or has no rule, neither.
        node.Cluster =
        [
            Admin(1, $"ingress: [{{action: Deny, {FromAll}}}]", "subject: {namespaces: {matchLabels: {ns: other}}}\n"),
            Baseline(1, "ingress: []", OnAll),
        ];
        node.Write([.. ConformanceCases.Cases.SelectMany(static each => each.Policies).Distinct()]);
        Assert.Equal([], node.SyncWell());
        Assert.Equal(generation, node.Client.GetGeneration());
    }

    [KernelFact]
    public void A_restart_writes_nothing_and_a_table_of_another_process_is_repaired()
    {
        using var node = new PolicyNode(options: options with { Logs = true, Rejects = true });
        node.Cluster = cases[2].Cluster;
        node.Write(cases[2].Policies);
        node.SyncWell(SyncCause.Start);
        Assert.Contains("refused ingress by cluster policy c1 1", node.Tool("nft list ruleset"), StringComparison.Ordinal);
        node.Restart();
        Assert.Equal([], node.SyncWell(SyncCause.Start));

        var chain = node.Tool("nft list table inet plugboard_policy")
            .Split('\n')
            .First(static line => line.Contains("chain admin_", StringComparison.Ordinal));
        node.Tool($"nft flush chain inet plugboard_policy {chain.Trim().Split(' ')[1]}");
        Assert.NotEqual([], node.SyncWell(SyncCause.Audit));
        node.Holds("repaired");
    }

    [KernelTheory]
    [InlineData(true, true)]
    [InlineData(false, false)]
    public void Connections_that_exist_end_when_Admin_denies_them_and_go_on_when_it_does_not(bool isTcp, bool is6)
    {
        using var node = new PolicyNode(options: options);
        node.Write(("x", AllowAll));
        node.SyncWell(SyncCause.Start);
        using var forbidden = Open(node, "y/a", "x/a", is6, isTcp);
        using var allowed = Open(node, "z/a", "x/a", is6, isTcp, Port + 1);
        node.Cluster = [Admin(1, $"ingress: [{{action: Deny, {FromY}}}]")];
        node.Write(("x", AllowAll));
        Assert.Equal(1, node.SyncFlows().Count(static change => change.Kind == "connection"));
        Assert.True(forbidden.IsCut());
        Assert.True(allowed.Works());

        node.Cluster = [Admin(0, $"ingress: [{{action: Accept, {FromY}}}]"), .. node.Cluster];
        node.Write(("x", AllowAll));
        node.SyncFlows();
        Assert.True(forbidden.Works());
        Assert.True(allowed.Works());
    }

    [KernelTheory]
    [InlineData("Deny", "")]
    [InlineData("Pass", DenyAll)]
    public void A_peer_that_comes_ends_connections_where_with_NetworkPolicy_it_could_only_allow(string action, string policy)
    {
        using var node = new PolicyNode(options: options);
        node.Cluster = [Admin(1, $"ingress: [{{action: {action}, {FromY}}}]"), Admin(2, $"ingress: [{{action: Accept, {FromAll}}}]")];
        node.Write(policy.Length > 0 ? [("x", policy)] : []);
        node.SyncWell(SyncCause.Start);
        using var stream = Open(node, "z/a", "x/a", is6: false, isTcp: true);
        node.SyncFlows();
        Assert.True(stream.Works());

        node.LabelNamespace("z", "ns: y");
        node.WritePods();

        Assert.Equal(1, node.SyncFlows().Count(static change => change.Kind == "connection"));
        Assert.True(stream.IsCut());
    }

    private static PodStream Open(PolicyNode node, string from, string to, bool is6, bool isTcp, int port = Port)
    {
        var address = node.Address(to, is6);
        return PodStream.Open(node.Pod(from), node.Pod(to), is6 ? $"[{address}]:{port}" : $"{address}:{port}", port, isTcp);
    }
}
