using System.Globalization;
using Plugboard.Doctor.Nodes;
using Plugboard.Firewall.Pods;
using Plugboard.Firewall.Restoring;

namespace Plugboard.Doctor.Checks;

/// <summary>Whether the rules of running pods are in the kernel, by the plugins' records of them.</summary>
internal sealed class PodRulesCheck : ICheck
{
    private const int Examples = 2;

    public string Name => "rules of the pods";

    public IEnumerable<Finding> Examine(Node node)
    {
        var missing = FindMissing(node);
        if (missing.Count == 0)
            yield break;
        var examples = string.Join(", ", missing.Take(Examples).Select(static line => $"`{line}`"));
        var verb = missing.Count == 1 ? "command restores" : "commands restore";
        var count = string.Create(CultureInfo.InvariantCulture, $"{missing.Count} {verb}");
        yield return new Finding(
            FindingIds.RulesMissing,
            Severity.Error,
            $"rules of running pods are missing or changed; {count} them, such as {examples}",
            "their published ports are not reached, or what they send is not masqueraded; often after `nft flush ruleset` or a restart of "
                + "nftables.service",
            "`coordinator apply --source none` restores them from the pods' records, also on a node without a cluster; a coordinator "
                + "that runs does so by itself"
        );
    }

    // Of two looks what both found: on a busy node there is always a pod in the middle of its ADD or DEL, but not the same one.
    private static List<string> FindMissing(Node node)
    {
        using var restorer = new PodRestorer(node.Under(PodRecordStore.Root));
        var first = restorer.Plan().Lines;
        if (first.Count == 0)
            return [];
        using (var wait = new ManualResetEventSlim())
            wait.Wait(node.Options.SecondLook);
        return [.. restorer.Plan().Lines.Intersect(first, StringComparer.Ordinal)];
    }
}
