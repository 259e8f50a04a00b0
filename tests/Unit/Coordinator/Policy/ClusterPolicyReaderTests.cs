using System.Text;
using Plugboard.Coordinator.Policy.Objects;
using Plugboard.Coordinator.Policy.Reading;
using Plugboard.Documents;

namespace Plugboard.Tests.Unit.Coordinator.Policy;

/// <summary>ClusterNetworkPolicies as the API serves them, what is refused, and what a refused one is worth.</summary>
public sealed class ClusterPolicyReaderTests
{
    private const string Head = "tier: Admin\npriority: 5\nsubject: {namespaces: {}}\n";
    private const string Peer = "from: [{namespaces: {}}]";

    private static ClusterPolicy Closed(string spec) =>
        new ClusterPolicyReader(new PolicyLimits()).ReadClosed(
            YamlDocumentReader.ReadAll(Encoding.UTF8.GetBytes(PolicyCluster.ClusterText(spec))).Single()
        );

    private static string Rules(ClusterPolicy policy) =>
        string.Join(
            ' ',
            policy
                .Ingress.Select(static rule => $"in:{rule.Action}:{rule.Matches.Peers.Count}")
                .Concat(policy.Egress.Select(static rule => $"out:{rule.Action}:{rule.Matches.Peers.Count}"))
        );

    [Fact]
    public void A_policy_as_kubectl_prints_it_is_read()
    {
        var policy = PolicyCluster.ClusterPolicy(
            """
            tier: Baseline
            priority: 1000
            subject:
              pods:
                namespaceSelector: {matchLabels: {team: blue}}
                podSelector: {}
            ingress:
            - name: "from web"
              action: Pass
              from:
              - namespaces: {matchExpressions: [{key: a, operator: Exists}]}
              - pods: {namespaceSelector: {}, podSelector: {matchLabels: {app: web}}}
              protocols:
              - tcp: {destinationPort: {number: 80}}
              - udp: {destinationPort: {range: {start: 1, end: 65535}}}
              - destinationNamedPort: dns
            egress:
            - action: Deny
              to:
              - networks: [10.0.0.0/8, "fd00::/8"]
            """
        );

        Assert.Equal((PolicyTier.Baseline, 1000), (policy.Tier, policy.Priority));
        Assert.Equal("[team in (blue)]: ", policy.Subject.ToString());
        var ingress = Assert.Single(policy.Ingress);
        Assert.Equal(("from web", RuleAction.Pass), (ingress.Name, ingress.Action));
        Assert.Equal(["[a]: ", "[]: app in (web)"], ingress.Matches.Peers.Select(static peer => peer.Pods!.ToString()));
        Assert.Equal(5, ingress.Matches.Ports.Count);
        Assert.Equal(["10.0.0.0/8", "fd00::/8"], Assert.Single(policy.Egress).Matches.Peers.Select(static peer => peer.Block!.ToString()));
    }

    [Theory]
    [InlineData("tier: admin\npriority: 1\nsubject: {namespaces: {}}", "tier \"admin\" is not Admin or Baseline (did you mean \"Admin\"?)")]
    [InlineData("priority: 1\nsubject: {namespaces: {}}", "has no tier")]
    [InlineData("tier: Admin\nsubject: {namespaces: {}}", "has no priority")]
    [InlineData("tier: Admin\npriority: 1001\nsubject: {namespaces: {}}", "0 to 1000")]
    [InlineData("tier: Admin\npriority: 1", "has no subject")]
    [InlineData("tier: Admin\npriority: 1\nsubject: {}", "needs namespaces or pods")]
    [InlineData("tier: Admin\npriority: 1\nsubject: {namespaces: {}, pods: {podSelector: {}}}", "only one")]
    [InlineData("tier: Admin\npriority: 1\nsubject: {pods: {namespaceSelector: {}}}", "no podSelector")]
    [InlineData(Head + "ingres: []", "did you mean \"ingress\"?")]
    [InlineData(Head + "ingress: [{action: Allow, " + Peer + "}]", "is not Accept or Deny or Pass")]
    [InlineData(Head + "ingress: [{" + Peer + "}]", "has no action")]
    [InlineData(Head + "ingress: [{action: Deny}]", "has no from")]
    [InlineData(Head + "ingress: [{action: Deny, from: []}]", "is an empty list")]
    [InlineData(Head + "ingress: [{action: Deny, from: [{}]}]", "needs namespaces or pods")]
    [InlineData(Head + "ingress: [{action: Deny, from: [{networks: [10.0.0.0/8]}]}]", "unknown key \"networks\"")]
    [InlineData(Head + "ingress: [{action: Deny, " + Peer + ", protocols: []}]", "is an empty list")]
    [InlineData(Head + "ingress: [{action: Deny, " + Peer + ", protocols: [{tcp: {}}]}]", "has no destinationPort")]
    [InlineData(Head + "ingress: [{action: Deny, " + Peer + ", protocols: [{icmp: {}}]}]", "unknown key \"icmp\"")]
    [InlineData(Head + "ingress: [{action: Deny, " + Peer + ", protocols: [{tcp: {destinationPort: {number: '80'}}}]}]", "whole number")]
    [InlineData(
        Head + "ingress: [{action: Deny, " + Peer + ", protocols: [{tcp: {destinationPort: {range: {start: 9, end: 9}}}}]}]",
        "it must be 10 to 65535"
    )]
    [InlineData(Head + "ingress: [{action: Deny, " + Peer + ", ports: [{portNumber: {port: 1}}]}]", "unknown key \"ports\"")]
    [InlineData(Head + "egress: [{action: Accept, to: [{domainNames: [example.com]}]}]", "not enforced here")]
    [InlineData(Head + "egress: [{action: Deny, to: [{nodes: {matchLabel: {a: b}}}]}]", "unknown key \"matchLabel\"")]
    [InlineData(Head + "ingress: [{action: Deny, from: [{nodes: {}}]}]", "unknown key \"nodes\"")]
    [InlineData(Head + "egress: [{action: Deny, to: [{nodes: {}, networks: [10.0.0.0/8]}]}]", "only one is possible")]
    [InlineData(Head + "egress: [{action: Deny, to: [{networks: [10.0.0.0/33]}]}]", "is not a network")]
    [InlineData(
        Head + "egress: [{action: Deny, to: [{networks: [10.0.0.0/8]}], protocols: [{destinationNamedPort: a}]}]",
        "only pods' ports have names"
    )]
    [InlineData(
        Head + "egress: [{action: Deny, to: [{nodes: {}}], protocols: [{destinationNamedPort: a}]}]",
        "only pods' ports have names"
    )]
    public void What_the_API_does_not_have_or_is_not_enforced_is_refused(string spec, string reason) =>
        Assert.Contains(
            reason,
            Assert.Throws<DocumentException>(() => PolicyCluster.ClusterPolicy(spec)).Message,
            StringComparison.Ordinal
        );

    [Fact]
    public void A_policy_of_another_group_is_refused_and_without_the_flag_the_kind()
    {
        var text = PolicyCluster.ClusterText(Head);
        var other = text.Replace("policy.networking.k8s.io/v1alpha2", "crd.antrea.io/v1beta1", StringComparison.Ordinal);
        var on = new PolicyFileReader(new PolicyLimits(), readsCluster: true);
        Assert.Contains(
            "crd.antrea.io",
            Assert.Throws<DocumentException>(() => on.ReadPolicies(Bytes(other))).Message,
            StringComparison.Ordinal
        );
        var off = new PolicyFileReader(new PolicyLimits());
        Assert.Contains(
            "with --policy-cluster ClusterNetworkPolicy",
            Assert.Throws<DocumentException>(() => off.ReadPolicies(Bytes(text))).Message,
            StringComparison.Ordinal
        );
        Assert.Contains(
            "present twice",
            Assert.Throws<DocumentException>(() => on.ReadPolicies(Bytes(text + "---\n" + text))).Message,
            StringComparison.Ordinal
        );

        static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);
    }

    [Theory]
    [InlineData("ingress: [{action: Accept, from: [{}]}, {action: Deny, " + Peer + "}]", "in:Deny:1")]
    [InlineData("ingress: [{action: Deny, from: [{}]}, {action: Accept, " + Peer + "}]", "in:Deny:0 in:Accept:1")]
    [InlineData("ingress: [{action: Pass, from: [{}]}]", "in:Deny:0")]
    [InlineData("ingress: [{action: Log, " + Peer + "}]", "in:Deny:0")]
    [InlineData("ingress: [{action: Pass, " + Peer + "}]\negress: [{action: Deny, to: [{domainNames: [a.b]}]}]", "in:Pass:1 out:Deny:0")]
    [InlineData("egress: [{action: Accept, to: [{domainNames: [a.b]}]}, {action: Deny, to: [{networks: [0.0.0.0/0]}]}]", "out:Deny:1")]
    [InlineData("egress: 7", "out:Deny:0")]
    public void A_refused_policy_denies_what_it_cannot_say_and_accepts_what_it_can(string rules, string expected)
    {
        var policy = Closed(Head + rules);
        Assert.Equal((PolicyTier.Admin, 5), (policy.Tier, policy.Priority));
        Assert.Equal(expected, Rules(policy));
    }

    [Theory]
    [InlineData("tier: Middle\npriority: 5\nsubject: {namespaces: {matchLabels: {a: b}}}", "[a in (b)]: ")]
    [InlineData("tier: Baseline\npriority: x\nsubject: {namespaces: {matchLabels: {a: b}}}", "[a in (b)]: ")]
    [InlineData("tier: Baseline\npriority: 5\nsubject: {}", "[]: ")]
    [InlineData("tier: Baseline\npriority: 5\nsubject: {namespaces: {matchLabels: {a: b}}}\nschedule: x", "[a in (b)]: ")]
    public void A_policy_whose_place_or_subject_cannot_be_read_only_denies(string head, string subject)
    {
        var policy = Closed(
            head + "\ningress: [{action: Accept, " + Peer + "}, {action: Pass, " + Peer + "}, {action: Deny, " + Peer + "}]"
        );
        Assert.Equal("in:Deny:1", Rules(policy));
        Assert.Equal(subject, policy.Subject.ToString());
    }

    [Fact]
    public void Too_many_entries_deny_their_direction()
    {
        var many = string.Join(", ", Enumerable.Repeat("{action: Accept, " + Peer + "}", 1001));
        Assert.Equal("in:Deny:0", Rules(Closed($"{Head}ingress: [{many}]")));
        var peers = string.Join(", ", Enumerable.Repeat("{namespaces: {}}", 900));
        var rule = $"{{action: Accept, from: [{peers}], protocols: [{{destinationNamedPort: a}}]}}";
        var spec = $"{Head}ingress: [{string.Join(", ", Enumerable.Repeat(rule, 3))}]";
        Assert.Contains(
            "10000 is the limit",
            Assert.Throws<DocumentException>(() => PolicyCluster.ClusterPolicy(spec)).Message,
            StringComparison.Ordinal
        );
        Assert.Equal("in:Deny:0", Rules(Closed(spec)));
    }
}
