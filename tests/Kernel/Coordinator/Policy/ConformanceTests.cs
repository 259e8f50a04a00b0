using Plugboard.Coordinator.Reconciling;
using Plugboard.Testing;

namespace Plugboard.Tests.Kernel.Coordinator.Policy;

/// <summary>Real packets between nine pods, of every pair, for TCP, UDP and SCTP, IPv4 and IPv6, after each of Kubernetes' cases.</summary>
public sealed class ConformanceTests
{
    [KernelTheory]
    [InlineData(true)]
    [InlineData(false)]
    public void Packets_pass_exactly_if_the_oracle_allows_them(bool isBridged)
    {
        using var node = new PolicyNode(isBridged);
        node.SyncWell(SyncCause.Start);
        node.Holds("without a policy");
        foreach (var (name, policies) in ConformanceCases.Cases)
        {
            node.Write(policies);
            node.SyncWell();
            node.Holds(name);
        }
    }

    [KernelFact]
    public void Labels_that_change_are_followed()
    {
        using var node = new PolicyNode();
        node.Write(
            ("x", "podSelector: {matchLabels: {pod: a}}\ningress: [{from: [{namespaceSelector: {matchLabels: {ns: new}}}]}]"),
            ("x", "podSelector: {matchLabels: {tier: web}}\ningress: [{from: [{podSelector: {matchLabels: {client: 'yes'}}}]}]")
        );
        node.SyncWell(SyncCause.Start);
        node.Holds("before");

        foreach (
            var (name, change) in new (string, Action)[]
            {
                ("21 a namespace gets the label", () => node.LabelNamespace("y", "ns: new")),
                ("22 a peer gets the label", () => node.Label("x/b", "pod: b, client: 'yes'")),
                ("24 a subject gets the label", () => node.Label("x/c", "pod: c, tier: web")),
                ("a subject loses it", () => node.Label("x/c", "pod: c")),
                ("a namespace loses it", () => node.LabelNamespace("y", "ns: y")),
            }
        )
        {
            change();
            node.WritePods();
            node.SyncWell();
            node.Holds(name);
        }
    }
}
