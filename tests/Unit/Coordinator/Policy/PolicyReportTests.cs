using Plugboard.Addresses;
using Plugboard.Coordinator.Cli;
using Plugboard.Coordinator.Policy;
using Plugboard.Coordinator.Policy.Judging;

namespace Plugboard.Tests.Unit.Coordinator.Policy;

/// <summary>What operators read.</summary>
public sealed class PolicyReportTests
{
    private readonly PolicyCluster cluster = new PolicyCluster().With(
        "podSelector: {matchLabels: {pod: a}}\ningress: [{from: [{podSelector: {}}], ports: [{port: 80}]}]",
        "podSelector: {matchLabels: {pod: a}}\npolicyTypes: [Egress, Ingress]"
    );

    private string[] Explain(string from, string to, int port = 80) =>
        [.. PolicyExplanation.Of(cluster.Judge(from, to, port), Of(from, to, port)).Select(static line => $"{line.Step}: {line.Text}")];

    private Connection Of(string from, string to, int port)
    {
        IPAddr Address(string name) => IPAddr.TryParse(name, out var address) ? address : cluster.Pod(name).Addresses[0];
        return new Connection(Address(from), Address(to), 6, (ushort)port);
    }

    [Fact]
    public void An_explanation_names_the_policies_and_the_node_that_refuses()
    {
        Assert.Equal(
            [
                "egress: no policy isolates x/b for egress: allowed",
                "ingress: allowed by policy x/p0; x/a is isolated by policies x/p0, x/p1",
            ],
            Explain("x/b", "x/a")
        );
        Assert.Equal(
            [
                "egress: no policy isolates y/b for egress: allowed",
                "ingress: refused on node n1: x/a is isolated by policies x/p0, x/p1, and no rule there allows it",
            ],
            Explain("y/b", "x/a")
        );
        Assert.Equal(
            [
                "egress: refused on node n1: x/a is isolated by policy x/p1, and no rule there allows it",
                "ingress: no pod on the pod network has 192.0.2.1: no policy is for it",
            ],
            Explain("x/a", "192.0.2.1")
        );
        Assert.Equal(["n1"], PolicyExplanation.RefusingNodes(cluster.Judge("x/a", "192.0.2.1")));
    }

    [Fact]
    public void An_explanation_names_the_cluster_policy_that_decides_with_tier_priority_and_rule()
    {
        const string Subject = "subject: {namespaces: {matchLabels: {ns: x}}}\n";
        const string FromY = "from: [{namespaces: {matchLabels: {ns: y}}}]";
        const string FromZ = "from: [{namespaces: {matchLabels: {ns: z}}}]";
        cluster.WithCluster(
            $"tier: Admin\npriority: 10\n{Subject}ingress: [{{action: Pass, {FromZ}}}, {{action: Deny, name: no-y, {FromY}}}]",
            $"tier: Baseline\npriority: 7\n{Subject}ingress: [{{action: Deny, {FromZ}}}]",
            $"tier: Admin\npriority: 3\n{Subject}egress: [{{action: Accept, to: [{{networks: [192.0.2.0/24]}}]}}]"
        );
        const string Open = "no policy isolates y/b for egress: allowed";
        Assert.Equal(
            [$"egress: {Open}", "ingress: refused on node n1 by cluster policy c0 (tier Admin, priority 10, rule \"no-y\")"],
            Explain("y/b", "x/a")
        );
        Assert.Equal(
            "ingress: cluster policy c0 (tier Admin, priority 10, rule 1) passes it on; no policy isolates x/b for ingress: "
                + "refused on node n2 by cluster policy c1 (tier Baseline, priority 7, rule 1)",
            Explain("z/b", "x/b")[1]
        );
        Assert.Equal(
            "ingress: cluster policy c0 (tier Admin, priority 10, rule 1) passes it on; "
                + "refused on node n1: x/a is isolated by policies x/p0, x/p1, and no rule there allows it",
            Explain("z/b", "x/a")[1]
        );
        Assert.Equal("egress: allowed by cluster policy c2 (tier Admin, priority 3, rule 1)", Explain("x/a", "192.0.2.1")[0]);
        Assert.Equal(["n1"], PolicyExplanation.RefusingNodes(cluster.Judge("y/b", "x/a")));

        var report = PolicyReport.Of(cluster.Objects, "n1");
        Assert.Equal(
            "POD  ADDRESSES           INGRESS  EGRESS  CLUSTER-INGRESS            CLUSTER-EGRESS\n"
                + "x/a  10.0.0.1,fd00::1    p0,p1    p1      Admin/10/c0,Baseline/7/c1  Admin/3/c2\n"
                + "y/a  10.1.0.1,fd00::1:1  open     open    none                       none\n"
                + "z/a  10.2.0.1,fd00::2:1  open     open    none                       none\n",
            report.ToText()
        );
        Assert.Contains("\"tier\": \"Baseline\",\n        \"priority\": 7", report.ToJson(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_list_has_the_pods_of_the_node_with_their_policies()
    {
        var report = PolicyReport.Of(cluster.Objects, "n1");

        Assert.Equal(
            "POD  ADDRESSES           INGRESS  EGRESS\n"
                + "x/a  10.0.0.1,fd00::1    p0,p1    p1\n"
                + "y/a  10.1.0.1,fd00::1:1  open     open\n"
                + "z/a  10.2.0.1,fd00::2:1  open     open\n",
            report.ToText()
        );
        Assert.Contains("\"egress\": [\n      \"p1\"\n    ]", report.ToJson(), StringComparison.Ordinal);
        Assert.Equal("no pod of this node has an address\n", PolicyReport.Of(cluster.Objects, "n9").ToText());
    }
}
