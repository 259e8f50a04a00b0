using Plugboard.Addresses;
using Plugboard.Coordinator.Policy.Compiling;
using Plugboard.Coordinator.Policy.Objects;
using Plugboard.Firewall.Ports;
using Plugboard.Linux;

namespace Plugboard.Tests.Unit.Coordinator.Policy;

/// <summary>What a ClusterNetworkPolicy means, a sentence each. Each is asked of the oracle and of the compiled rules.</summary>
public sealed class ClusterPolicyTests
{
    private const string Others = "x/b x/c y/a y/b y/c z/a z/b z/c";
    private const string OnX = "subject: {namespaces: {matchLabels: {ns: x}}}";
    private const string All = "from: [{namespaces: {}}]";
    private const string FromY = "from: [{namespaces: {matchLabels: {ns: y}}}]";
    private const string FromYb = "from: [{pods: {namespaceSelector: {matchLabels: {ns: y}}, podSelector: {matchLabels: {pod: b}}}}]";
    private const string Http = "protocols: [{tcp: {destinationPort: {number: 80}}}]";

    private readonly PolicyCluster cluster = new();

    private static string Admin(int priority, string rules, string subject = OnX) =>
        $"tier: Admin\npriority: {priority}\n{subject}\n{rules}";

    private static string Baseline(int priority, string rules) => $"tier: Baseline\npriority: {priority}\n{OnX}\n{rules}";

    private static string Ingress(params string[] rules) => $"ingress: [{string.Join(", ", rules.Select(static rule => $"{{{rule}}}"))}]";

    private static string Egress(params string[] rules) => $"egress: [{string.Join(", ", rules.Select(static rule => $"{{{rule}}}"))}]";

    [Fact]
    public void What_no_rule_matches_is_allowed()
    {
        cluster.WithCluster(Admin(1, Ingress($"action: Deny, {FromY}")), Baseline(1, Ingress($"action: Accept, {FromY}")));
        Assert.Equal("x/b x/c z/a z/b z/c", cluster.Reaching("x/a"));
        Assert.Equal("x/a x/b x/c y/b y/c z/a z/b z/c", cluster.Reaching("y/a"));
        Assert.True(cluster.Allows("192.0.2.1", "x/a"));
    }

    [Fact]
    public void A_policy_without_rules_of_a_direction_says_nothing_of_it()
    {
        cluster.WithCluster(Admin(1, "ingress: []"), Admin(2, Ingress($"action: Deny, {All}")));
        Assert.Equal("", cluster.Reaching("x/a"));
        Assert.Equal("y/a y/b y/c z/a z/b z/c", cluster.ReachedBy("x/a"));
    }

    [Fact]
    public void Admin_Deny_overrules_a_policy_that_allows()
    {
        cluster.With("podSelector: {}\ningress: [{}]").WithCluster(Admin(1, Ingress($"action: Deny, {FromY}")));
        Assert.Equal("x/b x/c z/a z/b z/c", cluster.Reaching("x/a"));
    }

    [Fact]
    public void Admin_Accept_overrules_a_policy_that_isolates()
    {
        cluster.With("podSelector: {}").WithCluster(Admin(1, Ingress($"action: Accept, {FromYb}, {Http}")));
        Assert.Equal("y/b", cluster.Reaching("x/a"));
        Assert.Equal("", cluster.Reaching("x/a", 81));
    }

    [Fact]
    public void Pass_leaves_the_tier_and_the_policies_of_namespaces_decide()
    {
        string[] admin =
        [
            Admin(1, Ingress($"action: Pass, {FromYb}", $"action: Deny, {FromYb}")),
            Admin(2, Ingress($"action: Deny, {All}")),
        ];
        Assert.Equal("y/b", cluster.WithCluster(admin).Reaching("x/a"));
        Assert.Equal("", cluster.With("podSelector: {}").Reaching("x/a"));
        cluster.With($"podSelector: {{}}\ningress: [{{from: [{{namespaceSelector: {{}}}}]}}]");
        Assert.Equal("y/b", cluster.Reaching("x/a"));
    }

    [Fact]
    public void Pass_in_Admin_leads_to_Baseline_if_no_policy_isolates()
    {
        cluster.WithCluster(
            Admin(1, Ingress($"action: Pass, {FromY}")),
            Admin(2, Ingress($"action: Deny, {FromY}")),
            Baseline(1, Ingress($"action: Deny, {FromYb}"))
        );
        Assert.Equal("x/b x/c y/a y/c z/a z/b z/c", cluster.Reaching("x/a"));
    }

    [Fact]
    public void Pass_in_Baseline_passes_over_the_rest_of_Baseline()
    {
        cluster.WithCluster(Baseline(1, Ingress($"action: Pass, {FromYb}")), Baseline(2, Ingress($"action: Deny, {All}")));
        Assert.Equal("y/b", cluster.Reaching("x/a"));
    }

    [Fact]
    public void Baseline_is_asked_only_for_pods_that_no_policy_isolates_in_that_direction()
    {
        cluster.WithCluster(Baseline(1, $"{Ingress($"action: Deny, {All}")}\n{Egress("action: Deny, to: [{namespaces: {}}]")}"));
        Assert.Equal("", cluster.Reaching("x/a"));
        Assert.Equal("", cluster.ReachedBy("x/a"));
        cluster.With("podSelector: {matchLabels: {pod: a}}\ningress: [{from: [{namespaceSelector: {matchLabels: {ns: y}}}]}]");
        Assert.Equal("y/a y/b y/c", cluster.Reaching("x/a"));
        Assert.Equal("", cluster.Reaching("x/b"));
        Assert.Equal("", cluster.ReachedBy("x/a"));
    }

    [Fact]
    public void The_lower_priority_is_asked_first_and_of_equal_ones_the_first_by_name()
    {
        var (deny, accept) = (Ingress($"action: Deny, {FromY}"), Ingress($"action: Accept, {FromY}"));
        Assert.Equal("x/b x/c z/a z/b z/c", cluster.WithCluster(Admin(9, accept), Admin(8, deny)).Reaching("x/a"));
        Assert.Equal(Others, cluster.WithCluster(Admin(9, deny), Admin(8, accept)).Reaching("x/a"));
        Assert.Equal(Others, cluster.WithCluster(Admin(9, accept), Admin(9, deny)).Reaching("x/a"));
        Assert.Equal("x/b x/c z/a z/b z/c", cluster.WithCluster(Admin(10, deny), Admin(10, accept)).Reaching("x/a"));
        // A number, not a text.
        Assert.Equal(Others, cluster.WithCluster(Admin(100, deny), Admin(20, accept)).Reaching("x/a"));
    }

    [Fact]
    public void Of_a_policy_the_first_rule_that_matches_counts()
    {
        cluster.WithCluster(Admin(1, Ingress($"action: Accept, {FromYb}", $"action: Deny, {FromY}", $"action: Accept, {All}")));
        Assert.Equal("x/b x/c y/b z/a z/b z/c", cluster.Reaching("x/a"));
    }

    [Fact]
    public void Admin_is_asked_before_Baseline_whatever_their_priorities_are()
    {
        cluster.WithCluster(Baseline(0, Ingress($"action: Deny, {All}")), Admin(1000, Ingress($"action: Accept, {FromY}")));
        Assert.Equal("y/a y/b y/c", cluster.Reaching("x/a"));
    }

    [Fact]
    public void A_subject_of_pods_needs_both_selectors_and_a_peer_too()
    {
        const string Subject =
            "subject: {pods: {namespaceSelector: {matchLabels: {ns: x}}, "
            + "podSelector: {matchExpressions: [{key: pod, operator: NotIn, values: [b]}]}}}";
        cluster.WithCluster(Admin(1, Ingress($"action: Deny, {FromYb}"), Subject));
        Assert.Equal("x/b x/c y/a y/c z/a z/b z/c", cluster.Reaching("x/a"));
        Assert.Equal("x/a x/c y/a y/b y/c z/a z/b z/c", cluster.Reaching("x/b"));
    }

    [Fact]
    public void What_one_side_accepts_the_other_side_may_deny()
    {
        cluster.WithCluster(
            Admin(1, Egress("action: Accept, to: [{namespaces: {}}]")),
            Admin(2, Ingress($"action: Deny, {All}"), "subject: {namespaces: {matchLabels: {ns: y}}}")
        );
        Assert.Equal("x/b x/c z/a z/b z/c", cluster.ReachedBy("x/a"));
    }

    [Fact]
    public void Networks_match_pods_too_and_one_family_says_nothing_of_the_other()
    {
        cluster.WithCluster(Admin(1, Egress("action: Deny, to: [{networks: [10.1.0.9/16, 192.0.2.0/24]}]")));
        Assert.Equal("x/b x/c z/a z/b z/c", cluster.ReachedBy("x/a"));
        Assert.False(cluster.Allows("x/a", "192.0.2.1"));
        Assert.True(cluster.Allows("x/a", "198.51.100.1"));
        Assert.True(cluster.Allows("x/a", "y/a", is6: true));
        cluster.WithCluster(Admin(1, Egress("action: Deny, to: [{networks: [\"::/0\"]}]")));
        Assert.False(cluster.Allows("x/a", "y/a", is6: true));
        Assert.True(cluster.Allows("x/a", "y/a"));
        Assert.True(cluster.AllowsPing("x/a", "y/a"));
    }

    [Fact]
    public void Protocols_are_alternatives_and_without_them_everything_matches_also_pings()
    {
        cluster.WithCluster(
            Admin(
                1,
                Ingress(
                    $"action: Deny, {All}, protocols: [{{udp: {{destinationPort: {{range: {{start: 80, end: 82}}}}}}}}, "
                        + "{sctp: {destinationPort: {number: 7}}}]"
                )
            )
        );
        Assert.True(cluster.Allows("y/a", "x/a"));
        Assert.False(cluster.Allows("y/a", "x/a", 82, PortProtocol.Udp));
        Assert.True(cluster.Allows("y/a", "x/a", 83, PortProtocol.Udp));
        Assert.False(cluster.Allows("y/a", "x/a", 7, PortProtocol.Sctp));
        Assert.True(cluster.AllowsPing("y/a", "x/a"));
        cluster.WithCluster(Admin(1, Ingress($"action: Deny, {All}")));
        Assert.False(cluster.AllowsPing("y/a", "x/a"));
    }

    [Fact]
    public void A_named_port_is_the_destination_pods_whatever_its_protocol()
    {
        cluster.Change("x/a", static pod => pod with { Ports = [new("dns", PortProtocol.Tcp, 53), new("dns", PortProtocol.Udp, 5353)] });
        cluster.WithCluster(Admin(1, Ingress($"action: Deny, {All}, protocols: [{{destinationNamedPort: dns}}]")));
        Assert.False(cluster.Allows("y/a", "x/a", 53));
        Assert.False(cluster.Allows("y/a", "x/a", 5353, PortProtocol.Udp));
        Assert.True(cluster.Allows("y/a", "x/a", 53, PortProtocol.Udp));
        cluster.WithCluster(Admin(1, Egress("action: Deny, to: [{namespaces: {}}], protocols: [{destinationNamedPort: serve-81}]")));
        Assert.False(cluster.Allows("x/a", "y/a", 81));
        Assert.True(cluster.Allows("x/a", "y/a", 80));
    }

    [Fact]
    public void Pods_of_the_hosts_network_and_a_pods_own_node_are_not_concerned()
    {
        cluster.Change("x/b", static pod => pod with { IsHostNetwork = true });
        cluster.WithCluster(Admin(1, Ingress($"action: Deny, {All}"), "subject: {namespaces: {}}"));
        Assert.True(cluster.Allows(cluster.Pod("x/b").Addresses[0].ToString(), "x/a"));
        Assert.True(cluster.Allows("y/a", cluster.Pod("x/b").Addresses[0].ToString()));
        cluster.Nodes[IPAddr.Parse("192.0.2.1")] = "n1";
        Assert.True(cluster.Allows("192.0.2.1", "x/a"));
        Assert.True(cluster.Allows("x/a", "x/a"));
    }

    [Fact]
    public void A_pod_whose_labels_cannot_be_read_stays_closed()
    {
        cluster.Change("x/a", static pod => pod with { IsClosed = true });
        cluster.WithCluster(Admin(1, Ingress($"action: Accept, {All}"), "subject: {namespaces: {}}"));
        Assert.Equal("", cluster.Reaching("x/a"));
    }

    [Fact]
    public void A_namespace_that_gets_other_labels_becomes_a_subject_and_a_peer()
    {
        cluster.WithCluster(Admin(1, Ingress($"action: Deny, {FromY}")));
        cluster.Set(new PolicyNamespace("z", LabelsOf("y")));
        Assert.Equal("x/b x/c", cluster.Reaching("x/a"));
        cluster.Set(new PolicyNamespace("z", LabelsOf("x")));
        Assert.Equal("x/a x/b x/c z/b z/c", cluster.Reaching("z/a"));
    }

    [Fact]
    public void Nodes_are_peers_by_their_labels_with_all_their_addresses()
    {
        cluster.Set(Node("worker", "192.0.2.1", "2001:db8::1"));
        cluster.Set(Node("control-plane", "192.0.2.2", "203.0.113.2"));
        cluster.WithCluster(Admin(1, Egress("action: Deny, to: [{nodes: {matchLabels: {role: control-plane}}}]")));
        Assert.True(cluster.Allows("x/a", "192.0.2.1"));
        Assert.False(cluster.Allows("x/a", "192.0.2.2"));
        Assert.False(cluster.Allows("x/a", "203.0.113.2"));
        Assert.True(cluster.Allows("y/a", "192.0.2.2"));
        Assert.True(cluster.Allows("x/a", "2001:db8::1", is6: true));
        Assert.Equal(Others, cluster.ReachedBy("x/a"));

        cluster.Set(
            new PolicyNode("worker", Labels.Of([new("role", "control-plane")]), Node("worker", "192.0.2.1", "2001:db8::1").Addresses)
        );
        Assert.False(cluster.Allows("x/a", "192.0.2.1"));
        Assert.False(cluster.Allows("x/a", "2001:db8::1", is6: true));
    }

    [Fact]
    public void An_empty_selector_is_all_nodes_and_ports_count_as_for_networks()
    {
        cluster.Set(Node("worker", "192.0.2.1"));
        cluster.Set(Node("control-plane", "192.0.2.2"));
        cluster.WithCluster(
            Admin(
                1,
                Egress("action: Accept, to: [{nodes: {matchLabels: {role: control-plane}}}], " + Http, "action: Deny, to: [{nodes: {}}]")
            )
        );
        Assert.True(cluster.Allows("x/a", "192.0.2.2"));
        Assert.False(cluster.Allows("x/a", "192.0.2.2", 81));
        Assert.False(cluster.Allows("x/a", "192.0.2.1"));
        Assert.True(cluster.Allows("x/a", "192.0.2.3"));
    }

    private static PolicyNode Node(string role, params string[] addresses) =>
        new(role, Labels.Of([new("role", role)]), addresses.Select(static address => IPAddr.Parse(address)).ToValueArray());

    [Fact]
    public void A_namespace_that_is_not_known_has_the_label_of_its_name_for_a_subject_and_is_no_peer()
    {
        cluster.Forget("x");
        cluster.WithCluster(Admin(1, Ingress($"action: Deny, {All}"), "subject: {namespaces: {}}"));
        Assert.Equal("x/b x/c", cluster.Reaching("x/a"));
        cluster.WithCluster(
            Admin(1, Ingress($"action: Deny, {FromY}"), "subject: {namespaces: {matchLabels: {kubernetes.io/metadata.name: x}}}")
        );
        Assert.Equal("x/b x/c z/a z/b z/c", cluster.Reaching("x/a"));
        cluster.WithCluster(Admin(1, Ingress($"action: Deny, {FromY}")));
        Assert.Equal(Others, cluster.Reaching("x/a"));
    }

    [Fact]
    public void A_pod_that_starts_has_its_policies_only_when_its_namespace_is_known_too()
    {
        var pod = cluster.Pod("x/a");
        cluster.WithCluster(Admin(1, Ingress($"action: Deny, {All}")));
        cluster.Forget("x");
        var compiler = new PolicyCompiler("n1");
        compiler.Apply(
            PolicyChanges.Between(PolicyObjects.Empty, cluster.Objects with { ClusterPolicies = PolicyObjects.Empty.ClusterPolicies })
        );
        Assert.True(compiler.IsCompiled(pod.Name, pod.Addresses[0]));

        var before = cluster.Objects;
        compiler.Apply(PolicyChanges.Between(PolicyObjects.Empty, before));
        Assert.False(compiler.IsCompiled(pod.Name, pod.Addresses[0]));
        cluster.Set(new PolicyNamespace("x", LabelsOf("x")));
        compiler.Apply(PolicyChanges.Between(before, cluster.Objects));
        Assert.True(compiler.IsCompiled(pod.Name, pod.Addresses[0]));
    }

    private static Labels LabelsOf(string home) => Labels.Of([new("ns", home)]);
}
