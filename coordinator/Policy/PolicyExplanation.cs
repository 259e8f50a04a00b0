using System.Globalization;
using Plugboard.Coordinator.Policy.Judging;
using Plugboard.Coordinator.Policy.Objects;
using Plugboard.Linux;

namespace Plugboard.Coordinator.Policy;

/// <summary>Explains a verdict to people. Pure.</summary>
internal static class PolicyExplanation
{
    /// <summary>A sentence for each side.</summary>
    public static IEnumerable<(string Step, string Text)> Of(PolicyVerdict verdict, Connection connection) =>
        [
            ("egress", Describe(verdict.Egress, PolicyDirection.Egress, connection.Source.ToString())),
            ("ingress", Describe(verdict.Ingress, PolicyDirection.Ingress, connection.Destination.ToString())),
        ];

    /// <summary>The nodes that refuse the connection: of its source, of its destination, or both.</summary>
    public static IEnumerable<string> RefusingNodes(PolicyVerdict verdict) =>
        new[] { verdict.Egress, verdict.Ingress }.Where(static side => !side.IsAllowed).Select(static side => side.Subject!.NodeName);

    private static string Describe(DirectionVerdict side, PolicyDirection direction, string address)
    {
        if (side.Exemption is { } why)
            return $"not judged: {why}";
        if (side.Subject is not { } pod)
            return $"no pod on the pod network has {address}: no policy is for it";
        var word = direction == PolicyDirection.Ingress ? "ingress" : "egress";
        if (side.Admin is { Action: not RuleAction.Pass } first)
            return Decide(first, pod);
        var passed = side.Admin is { } pass ? $"{Name(pass)} passes it on; " : "";
        return passed + DescribePolicies(side, pod, word);
    }

    private static string DescribePolicies(DirectionVerdict side, PolicyPod pod, string word)
    {
        if (side.Isolating.Count == 0)
            return $"no policy isolates {pod.Name} for {word}: "
                + (side.Baseline is { Action: not RuleAction.Pass } last ? Decide(last, pod) : "allowed");
        return side.Allowing.Count > 0
            ? $"allowed by {Count(side.Allowing)}; {pod.Name} is isolated by {Count(side.Isolating)}"
            : $"refused on node {pod.NodeName}: {pod.Name} is isolated by {Count(side.Isolating)}, and no rule there allows it";
    }

    private static string Decide(ClusterVerdict verdict, PolicyPod pod) =>
        verdict.Action == RuleAction.Accept ? $"allowed by {Name(verdict)}" : $"refused on node {pod.NodeName} by {Name(verdict)}";

    private static string Name(ClusterVerdict verdict) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"cluster policy {verdict.Policy.Name} (tier {verdict.Policy.Tier}, priority {verdict.Policy.Priority}, {verdict.Rule})"
        );

    private static string Count(ValueArray<ObjectName> policies) =>
        $"{(policies.Count == 1 ? "policy" : "policies")} {string.Join(", ", policies)}";
}
