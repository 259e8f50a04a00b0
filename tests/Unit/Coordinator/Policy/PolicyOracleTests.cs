using Plugboard.Addresses;
using Plugboard.Coordinator.Policy.Objects;
using Plugboard.Firewall.Ports;

namespace Plugboard.Tests.Unit.Coordinator.Policy;

/// <summary>The API's definition, a sentence each. Each is asked of the oracle and of the compiled rules.</summary>
public sealed class PolicyOracleTests
{
    private const string Others = "x/b x/c y/a y/b y/c z/a z/b z/c";

    private readonly PolicyCluster cluster = new();

    [Fact]
    public void Without_a_policy_everything_is_allowed() => Assert.Empty(cluster.Forbidden());

    [Fact]
    public void A_policy_selects_pods_of_its_own_namespace_only()
    {
        cluster.With("podSelector: {}");
        Assert.Equal("", cluster.Reaching("x/a"));
        Assert.Equal("x/a x/b x/c y/b y/c z/a z/b z/c", cluster.Reaching("y/a"));
    }

    [Fact]
    public void Without_types_a_policy_is_for_ingress_and_for_egress_only_if_it_has_a_rule_of_it()
    {
        cluster.With("podSelector: {}\negress: []");
        Assert.Equal("", cluster.Reaching("x/a"));
        Assert.Equal("y/a y/b y/c z/a z/b z/c", cluster.ReachedBy("x/a"));
        cluster.With("podSelector: {}\negress: [{to: [{podSelector: {}}]}]");
        Assert.Equal("", cluster.Reaching("x/a"));
        Assert.Equal("", cluster.ReachedBy("x/a"));
    }

    [Fact]
    public void A_section_whose_type_is_not_listed_is_ignored()
    {
        cluster.With("podSelector: {}\npolicyTypes: [Egress]\ningress: []\negress: [{}]");
        Assert.Empty(cluster.Forbidden());
    }

    [Fact]
    public void A_listed_type_without_rules_allows_nothing()
    {
        cluster.With("podSelector: {matchLabels: {pod: a}}\npolicyTypes: [Ingress, Egress]");
        Assert.Equal("", cluster.Reaching("x/a"));
        Assert.Equal("", cluster.ReachedBy("x/a"));
        Assert.Equal("x/c y/a y/b y/c z/a z/b z/c", cluster.Reaching("x/b"));
    }

    [Fact]
    public void An_empty_rule_allows_all_peers_ports_and_protocols_also_pings()
    {
        cluster.With("podSelector: {}\ningress: [{}]");
        Assert.Empty(cluster.Forbidden(81, PortProtocol.Udp));
        Assert.True(cluster.AllowsPing("y/a", "x/a"));
        Assert.True(cluster.Allows("192.0.2.1", "x/a"));
    }

    [Fact]
    public void An_empty_list_of_peers_or_ports_is_the_same_as_no_list()
    {
        cluster.With("podSelector: {}\ningress: [{from: [], ports: []}]");
        Assert.Empty(cluster.Forbidden());
    }

    [Fact]
    public void Peers_of_a_rule_are_alternatives_and_ports_are_required_with_them()
    {
        cluster.With(
            "podSelector: {}\ningress: [{from: [{podSelector: {matchLabels: {pod: b}}}, {podSelector: {matchLabels: {pod: c}}}], "
                + "ports: [{port: 80}, {port: 82}]}]"
        );
        Assert.Equal("x/b x/c", cluster.Reaching("x/a"));
        Assert.Equal("", cluster.Reaching("x/a", 81));
        Assert.Equal("x/b x/c", cluster.Reaching("x/a", 82));
    }

    [Fact]
    public void The_protocol_of_a_port_is_TCP_unless_it_says_another_and_an_empty_port_is_all_of_TCP()
    {
        cluster.With("podSelector: {}\ningress: [{ports: [{}]}]");
        Assert.True(cluster.Allows("y/a", "x/a", 12345));
        Assert.False(cluster.Allows("y/a", "x/a", 12345, PortProtocol.Udp));
        Assert.False(cluster.AllowsPing("y/a", "x/a"));
    }

    [Fact]
    public void A_rule_for_SCTP_isolates_and_is_not_taken_for_TCP()
    {
        cluster.With("podSelector: {}\ningress: [{ports: [{protocol: SCTP, port: 81}]}]");
        Assert.False(cluster.Allows("y/a", "x/a", 81));
        Assert.True(cluster.Allows("y/a", "x/a", 81, PortProtocol.Sctp));
        Assert.False(cluster.Allows("y/a", "x/a", 80, PortProtocol.Sctp));
    }

    [Fact]
    public void An_end_of_ports_is_included()
    {
        cluster.With("podSelector: {}\ningress: [{ports: [{port: 80, endPort: 90}]}]");
        Assert.False(cluster.Allows("y/a", "x/a", 79));
        Assert.True(cluster.Allows("y/a", "x/a", 80));
        Assert.True(cluster.Allows("y/a", "x/a", 90));
        Assert.False(cluster.Allows("y/a", "x/a", 91));
    }

    [Fact]
    public void A_block_matches_by_address_also_pods_and_its_exceptions_end_only_the_block()
    {
        cluster.With("podSelector: {}\ningress: [{from: [{ipBlock: {cidr: 10.1.0.7/16, except: [10.1.0.2/32]}}, {podSelector: {}}]}]");
        Assert.Equal("x/b x/c y/a y/c", cluster.Reaching("x/a"));
        cluster.With(
            "podSelector: {}\ningress: [{from: [{ipBlock: {cidr: 10.1.0.0/16, except: [10.1.0.2/32]}}, {ipBlock: {cidr: 10.1.0.2/31}}]}]"
        );
        Assert.Equal("y/a y/b y/c", cluster.Reaching("x/a"));
    }

    [Fact]
    public void A_block_of_one_family_says_nothing_of_the_other_which_stays_isolated()
    {
        cluster.With("podSelector: {}\ningress: [{from: [{ipBlock: {cidr: 0.0.0.0/0}}]}]");
        Assert.True(cluster.Allows("y/a", "x/a"));
        Assert.False(cluster.Allows("y/a", "x/a", is6: true));
    }

    [Fact]
    public void Policies_add_up_and_their_order_does_not_matter()
    {
        cluster.With(
            "podSelector: {}",
            "podSelector: {matchLabels: {pod: a}}\ningress: [{from: [{podSelector: {matchLabels: {pod: b}}}]}]"
        );
        Assert.Equal("x/b", cluster.Reaching("x/a"));
        Assert.Equal("", cluster.Reaching("x/b"));
    }

    [Fact]
    public void A_connection_needs_the_egress_of_its_source_and_the_ingress_of_its_destination()
    {
        cluster.With(
            "podSelector: {matchLabels: {pod: a}}\npolicyTypes: [Egress]\negress: [{to: [{podSelector: {matchLabels: {pod: b}}}]}]",
            "podSelector: {matchLabels: {pod: b}}\ningress: [{from: [{podSelector: {matchLabels: {pod: c}}}]}]"
        );
        Assert.False(cluster.Allows("x/a", "x/b"));
        Assert.True(cluster.Allows("x/c", "x/b"));
        Assert.False(cluster.Allows("x/a", "x/c"));
        // Who opens the connection decides: answers are not judged.
        Assert.True(cluster.Allows("x/b", "x/a"));
    }

    [Fact]
    public void A_selector_of_pods_alone_is_of_the_policys_namespace()
    {
        cluster.With("podSelector: {}\ningress: [{from: [{podSelector: {}}]}]");
        Assert.Equal("x/b x/c", cluster.Reaching("x/a"));
    }

    [Fact]
    public void A_selector_of_namespaces_alone_selects_all_pods_there()
    {
        cluster.With("podSelector: {}\ningress: [{from: [{namespaceSelector: {}}]}]");
        Assert.Equal(Others, cluster.Reaching("x/a"));
        Assert.False(cluster.Allows("192.0.2.1", "x/a"));
        cluster.With("podSelector: {}\ningress: [{from: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: y}}}]}]");
        Assert.Equal("y/a y/b y/c", cluster.Reaching("x/a"));
    }

    [Fact]
    public void Both_selectors_of_a_peer_must_match_and_those_of_two_peers_are_alternatives()
    {
        cluster.With(
            "podSelector: {}\ningress: [{from: [{namespaceSelector: {matchLabels: {ns: y}}, podSelector: {matchLabels: {pod: b}}}]}]"
        );
        Assert.Equal("y/b", cluster.Reaching("x/a"));
        cluster.With(
            "podSelector: {}\ningress: [{from: [{namespaceSelector: {matchLabels: {ns: y}}}, {podSelector: {matchLabels: {pod: b}}}]}]"
        );
        Assert.Equal("x/b y/a y/b y/c", cluster.Reaching("x/a"));
    }

    [Fact]
    public void NotIn_and_DoesNotExist_match_where_the_key_is_absent()
    {
        cluster.With(
            "podSelector: {}\ningress: [{from: [{podSelector: {matchExpressions: [{key: tier, operator: NotIn, values: [web]}]}}]}]"
        );
        Assert.Equal("x/b x/c", cluster.Reaching("x/a"));
        cluster.With("podSelector: {}\ningress: [{from: [{podSelector: {matchExpressions: [{key: tier, operator: DoesNotExist}]}}]}]");
        Assert.Equal("x/b x/c", cluster.Reaching("x/a"));
        cluster.With("podSelector: {}\ningress: [{from: [{podSelector: {matchExpressions: [{key: tier, operator: Exists}]}}]}]");
        Assert.Equal("", cluster.Reaching("x/a"));
    }

    [Fact]
    public void All_requirements_of_a_selector_must_hold()
    {
        cluster.With(
            "podSelector: {}\ningress: [{from: [{namespaceSelector: {matchLabels: {ns: y}, matchExpressions: "
                + "[{key: ns, operator: In, values: [x, z]}]}}]}]"
        );
        Assert.Equal("", cluster.Reaching("x/a"));
    }

    [Fact]
    public void Pods_of_an_unknown_namespace_match_only_peers_without_a_selector_of_namespaces()
    {
        cluster.With("podSelector: {}\ningress: [{from: [{namespaceSelector: {}}]}]");
        cluster.Forget("y");
        Assert.Equal("x/b x/c z/a z/b z/c", cluster.Reaching("x/a"));
        cluster.Forget("x");
        cluster.With("podSelector: {}\ningress: [{from: [{podSelector: {}}]}]");
        Assert.Equal("x/b x/c", cluster.Reaching("x/a"));
    }

    [Fact]
    public void A_pod_of_the_hosts_network_is_neither_subject_nor_peer()
    {
        cluster.Change("x/b", static pod => pod with { IsHostNetwork = true });
        cluster.With("podSelector: {}\ningress: [{from: [{podSelector: {}}]}]");
        Assert.Equal("x/c", cluster.Reaching("x/a"));
        Assert.Equal("x/a x/c y/a y/b y/c z/a z/b z/c", cluster.Reaching("x/b"));
    }

    [Fact]
    public void A_finished_pod_is_neither_subject_nor_peer_and_its_address_may_be_another_pods()
    {
        cluster.With("podSelector: {matchLabels: {pod: a}}\ningress: [{from: [{podSelector: {matchLabels: {pod: b}}}]}]");
        cluster.Change("x/b", static pod => pod with { IsFinished = true });
        Assert.Equal("", cluster.Reaching("x/a"));
        cluster.Change("z/c", pod => pod with { Addresses = cluster.Pod("x/b").Addresses });
        Assert.Equal("", cluster.Reaching("x/a"));
        cluster.Change("z/c", pod => pod with { Addresses = cluster.Pod("x/a").Addresses });
        cluster.Change("x/a", static pod => pod with { IsFinished = true });
        Assert.True(cluster.Allows("y/a", "z/c"));
    }

    [Fact]
    public void A_leaving_pod_counts_until_its_address_is_a_newer_pods()
    {
        cluster.With("podSelector: {matchLabels: {pod: a}}\ningress: [{from: [{podSelector: {matchLabels: {pod: b}}}]}]");
        cluster.Change("x/b", static pod => pod with { IsLeaving = true });
        Assert.Equal("x/b", cluster.Reaching("x/a"));
        cluster.Change("y/b", pod => pod with { Addresses = cluster.Pod("x/b").Addresses });
        Assert.Equal("", cluster.Reaching("x/a"));
    }

    [Fact]
    public void Of_two_pods_with_one_address_the_newer_one_has_it()
    {
        cluster.With("podSelector: {matchLabels: {pod: a}}\ningress: [{from: [{podSelector: {matchLabels: {pod: b}}}]}]");
        cluster.Change("x/b", static pod => pod with { CreatedAt = DateTimeOffset.UnixEpoch });
        cluster.Change(
            "z/b",
            pod => pod with { Addresses = cluster.Pod("x/b").Addresses, CreatedAt = DateTimeOffset.UnixEpoch.AddDays(1) }
        );
        Assert.False(cluster.Allows("10.0.0.2", "x/a"));
    }

    [Fact]
    public void A_name_of_a_port_is_looked_up_in_each_selected_pod_with_its_protocol()
    {
        cluster.Change("x/b", static pod => pod with { Ports = [new NamedPort("serve-80", PortProtocol.Tcp, 9090)] });
        cluster.Change("x/c", static pod => pod with { Ports = [new NamedPort("serve-80", PortProtocol.Udp, 80)] });
        cluster.With("podSelector: {}\ningress: [{ports: [{port: serve-80}]}]");
        Assert.True(cluster.Allows("y/a", "x/a", 80));
        Assert.False(cluster.Allows("y/a", "x/b", 80));
        Assert.True(cluster.Allows("y/a", "x/b", 9090));
        Assert.False(cluster.Allows("y/a", "x/c", 80));
        Assert.False(cluster.Allows("y/a", "x/c", 80, PortProtocol.Udp));
    }

    [Fact]
    public void A_name_of_a_port_in_egress_is_looked_up_in_the_destination()
    {
        cluster.Change("y/b", static pod => pod with { Ports = [new NamedPort("serve-80", PortProtocol.Tcp, 9090)] });
        cluster.With("podSelector: {}\npolicyTypes: [Egress]\negress: [{to: [{namespaceSelector: {}}], ports: [{port: serve-80}]}]");
        Assert.True(cluster.Allows("x/a", "y/a", 80));
        Assert.False(cluster.Allows("x/a", "y/b", 80));
        Assert.True(cluster.Allows("x/a", "y/b", 9090));
    }

    [Fact]
    public void Egress_to_a_name_of_a_port_without_a_peer_asks_all_pods_of_the_cluster()
    {
        cluster.With("podSelector: {}\npolicyTypes: [Egress]\negress: [{ports: [{port: serve-80}]}]");
        Assert.Equal(Others, cluster.ReachedBy("x/a"));
        Assert.Equal("", cluster.ReachedBy("x/a", 81));
        Assert.False(cluster.Allows("x/a", "192.0.2.1"));
    }

    [Fact]
    public void A_name_of_a_port_behind_a_block_matches_nothing_in_egress()
    {
        cluster.With("podSelector: {}\npolicyTypes: [Egress]\negress: [{to: [{ipBlock: {cidr: 0.0.0.0/0}}], ports: [{port: serve-80}]}]");
        Assert.Equal("", cluster.ReachedBy("x/a"));
        cluster.With("podSelector: {}\ningress: [{from: [{ipBlock: {cidr: 0.0.0.0/0}}], ports: [{port: serve-80}]}]");
        Assert.Equal(Others, cluster.Reaching("x/a"));
    }

    [Fact]
    public void Pings_match_only_rules_without_ports()
    {
        cluster.With("podSelector: {}\ningress: [{ports: [{port: 1, endPort: 65535}, {protocol: UDP}]}]");
        Assert.False(cluster.AllowsPing("y/a", "x/a"));
        cluster.With("podSelector: {}\ningress: [{from: [{namespaceSelector: {matchLabels: {ns: y}}}]}]");
        Assert.True(cluster.AllowsPing("y/a", "x/a"));
        Assert.False(cluster.AllowsPing("z/a", "x/a"));
    }

    [Fact]
    public void A_pods_own_node_is_never_judged_and_another_node_is()
    {
        cluster.Nodes[IPAddr.Parse("192.0.2.11")] = "n1";
        cluster.Nodes[IPAddr.Parse("192.0.2.12")] = "n2";
        cluster.With("podSelector: {}\npolicyTypes: [Ingress, Egress]");
        Assert.True(cluster.Allows("192.0.2.11", "x/a"));
        Assert.True(cluster.Allows("x/a", "192.0.2.11"));
        Assert.False(cluster.Allows("192.0.2.12", "x/a"));
        Assert.False(cluster.Allows("x/a", "192.0.2.12"));
        Assert.Contains("own pods", cluster.Judge("192.0.2.11", "x/a").Ingress.Exemption, StringComparison.Ordinal);
    }

    [Fact]
    public void A_pod_reaches_itself_by_way_of_its_Service()
    {
        cluster.With("podSelector: {}\npolicyTypes: [Ingress, Egress]");
        Assert.True(cluster.Allows("x/a", "x/a"));
        Assert.True(cluster.Allows("x/a", "x/a", is6: true));
    }

    [Fact]
    public void The_policies_that_isolate_and_those_that_allow_are_named()
    {
        cluster.With("podSelector: {}", "podSelector: {}\ningress: [{ports: [{port: 80}]}]");
        var verdict = cluster.Judge("y/a", "x/a");
        Assert.Equal("x/p0, x/p1", verdict.Ingress.Isolating.ToString());
        Assert.Equal("x/p1", verdict.Ingress.Allowing.ToString());
        Assert.Empty(verdict.Egress.Isolating);
        Assert.Empty(cluster.Judge("y/a", "x/a", 81).Ingress.Allowing);
    }
}
