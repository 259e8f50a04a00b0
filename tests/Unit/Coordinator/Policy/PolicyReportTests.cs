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
