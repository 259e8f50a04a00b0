using System.Globalization;
using System.Text;
using Plugboard.Coordinator.Cluster;
using Plugboard.Coordinator.Engine;
using Plugboard.Coordinator.Policy;
using Plugboard.Coordinator.Reconciling;

namespace Plugboard.Coordinator.Cli;

/// <summary>The coordinator's state in Prometheus' text format, version 0.0.4: pure.</summary>
internal static class MetricsText
{
    /// <summary>All metrics.</summary>
    /// <param name="status">The state.</param>
    /// <param name="clock">The clock of its times. Ages are of the time that passed: the node's clock may have been set since.</param>
    /// <param name="policy">What the reconciler of policies did; null: no policy is enforced.</param>
    public static string Render(EngineStatus status, TimeProvider clock, PolicyState? policy = null)
    {
        var text = new StringBuilder();
        WriteReadiness(text, status);
        WritePeers(text, status);
        WriteReconcilers(text, status);
        if (policy is not null)
        {
            WritePolicy(text, policy);
            WritePolicySource(text, policy, clock);
        }

        Head(
            text,
            "coordinator_faults_total",
            "counter",
            "Unexpected errors, survived, by part: round, a sync round; source, its task; kernel, the notification loop."
        );
        foreach (var (part, count) in status.Faults)
            text.Append(CultureInfo.InvariantCulture, $"coordinator_faults_total{{part=\"{part}\"}} {count}\n");
        Head(
            text,
            "coordinator_source_last_heard_seconds",
            "gauge",
            "Seconds since the source last delivered a list or a change; -1: never."
        );
        var age = status.SourceHeardAt is { } heard ? clock.GetElapsedTime(heard).TotalSeconds : -1;
        text.Append(CultureInfo.InvariantCulture, $"coordinator_source_last_heard_seconds {age:0.###}\n");
        return text.ToString();
    }

    private static void WriteReadiness(StringBuilder text, EngineStatus status)
    {
        Head(text, "coordinator_ready", "gauge", "1 when rules, routes and files are in place.");
        text.Append(CultureInfo.InvariantCulture, $"coordinator_ready {(status.FirstNotReadyReason is null ? 1 : 0)}\n");
        Head(text, "coordinator_source_reachable", "gauge", "1 when the source of peers can be read.");
        text.Append(CultureInfo.InvariantCulture, $"coordinator_source_reachable {(status.SourceError is null ? 1 : 0)}\n");
        Head(text, "coordinator_source_writable", "gauge", "1 when this node's entry in the source can be written, or has not to be.");
        text.Append(CultureInfo.InvariantCulture, $"coordinator_source_writable {(status.PublishError is null ? 1 : 0)}\n");
    }

    private static void WritePeers(StringBuilder text, EngineStatus status)
    {
        Head(text, "coordinator_peers", "gauge", "Peers by how their pods are reached, or why not.");
        var counts = status
            .Paths.GroupBy(static path => (path.Is6, path.State))
            .ToDictionary(static group => group.Key, static group => group.Count());
        foreach (var is6 in (ReadOnlySpan<bool>)[false, true])
        {
            foreach (var state in Enum.GetValues<PeerState>())
            {
                var count = counts.GetValueOrDefault((is6, state));
                text.Append(
                    CultureInfo.InvariantCulture,
                    $"coordinator_peers{{family=\"{(is6 ? "ipv6" : "ipv4")}\",state=\"{Label(state.ToString())}\"}} {count}\n"
                );
            }
        }

        Head(text, "coordinator_refused", "gauge", "Networks and addresses of nodes that are refused, by reason.");
        foreach (var group in (status.View?.Refused ?? []).GroupBy(node => node.Reason).OrderBy(group => group.Key, StringComparer.Ordinal))
            text.Append(CultureInfo.InvariantCulture, $"coordinator_refused{{reason=\"{group.Key}\"}} {group.Count()}\n");
    }

    private static void WriteReconcilers(StringBuilder text, EngineStatus status)
    {
        Head(text, "coordinator_right", "gauge", "1 if everything that this reconciler owns is as it should be.");
        foreach (var reconciler in status.Reconcilers)
            text.Append(
                CultureInfo.InvariantCulture,
                $"coordinator_right{{keeper=\"{reconciler.Name}\"}} {(reconciler.IsRight ? 1 : 0)}\n"
            );
        Head(text, "coordinator_problems", "gauge", "Problems that this reconciler could not repair.");
        foreach (var reconciler in status.Reconcilers)
            text.Append(
                CultureInfo.InvariantCulture,
                $"coordinator_problems{{keeper=\"{reconciler.Name}\"}} {reconciler.Problems.Count}\n"
            );
        Head(text, "coordinator_syncs_total", "counter", "Comparisons by this reconciler.");
        foreach (var reconciler in status.Reconcilers)
            text.Append(CultureInfo.InvariantCulture, $"coordinator_syncs_total{{keeper=\"{reconciler.Name}\"}} {reconciler.SyncCount}\n");
        Head(
            text,
            "coordinator_changes_total",
            "counter",
            "Changes made to the node, by cause: kernel repairs a change by another process, audit one that no notification " + "reported."
        );
        foreach (var reconciler in status.Reconcilers)
        {
            foreach (var cause in Enum.GetValues<SyncCause>())
                text.Append(
                    CultureInfo.InvariantCulture,
                    $"coordinator_changes_total{{keeper=\"{reconciler.Name}\",cause=\"{Label(cause.ToString())}\"}} "
                        + $"{reconciler.ChangeCounts.GetValueOrDefault(cause)}\n"
                );
        }
    }

    private static void WritePolicy(StringBuilder text, PolicyState policy)
    {
        var figures = policy.Figures;
        Head(text, "coordinator_policy_objects", "gauge", "Objects of network policy in the cluster, by kind.");
        text.Append(CultureInfo.InvariantCulture, $"coordinator_policy_objects{{kind=\"pods\"}} {figures.Pods}\n");
        text.Append(CultureInfo.InvariantCulture, $"coordinator_policy_objects{{kind=\"policies\"}} {figures.Policies}\n");
        text.Append(CultureInfo.InvariantCulture, $"coordinator_policy_objects{{kind=\"cluster-policies\"}} {figures.ClusterPolicies}\n");
        text.Append(CultureInfo.InvariantCulture, $"coordinator_policy_objects{{kind=\"nodes\"}} {figures.Nodes}\n");
        Head(text, "coordinator_policy_local_pods", "gauge", "Pods of this node, with an address of their own.");
        text.Append(CultureInfo.InvariantCulture, $"coordinator_policy_local_pods {figures.LocalPods}\n");
        Head(
            text,
            "coordinator_policy_chains",
            "gauge",
            "Chains: of policies that select a pod of this node, and of pods with the same ones."
        );
        text.Append(CultureInfo.InvariantCulture, $"coordinator_policy_chains{{of=\"policies\"}} {figures.PolicyChains}\n");
        text.Append(CultureInfo.InvariantCulture, $"coordinator_policy_chains{{of=\"pods\"}} {figures.Profiles}\n");
        Head(text, "coordinator_policy_sets", "gauge", "Sets of the table.");
        text.Append(CultureInfo.InvariantCulture, $"coordinator_policy_sets {figures.Sets}\n");
        Head(text, "coordinator_policy_selectors", "gauge", "Distinct selectors of peers in these policies.");
        text.Append(CultureInfo.InvariantCulture, $"coordinator_policy_selectors {figures.Selectors}\n");
        WriteRefused(text, policy);
        Head(text, "coordinator_policy_cut_connections_total", "counter", "Established connections that a policy ended.");
        text.Append(CultureInfo.InvariantCulture, $"coordinator_policy_cut_connections_total {policy.CutFlows}\n");
        Head(text, "coordinator_policy_waiting_pods", "gauge", "Pods that plugins attached whose policies are not in force yet.");
        text.Append(CultureInfo.InvariantCulture, $"coordinator_policy_waiting_pods {policy.WaitingPods}\n");
        WriteLatency(text, policy.Changes);
        Head(text, "coordinator_policy_comparisons_total", "counter", "Comparisons of the whole table with the kernel.");
        text.Append(CultureInfo.InvariantCulture, $"coordinator_policy_comparisons_total {policy.Compared}\n");
        Head(
            text,
            "coordinator_policy_last_change_seconds",
            "gauge",
            "From changed objects to the kernel's answer, the last time; -1: never."
        );
        text.Append(
            CultureInfo.InvariantCulture,
            $"coordinator_policy_last_change_seconds {policy.LastChange?.TotalSeconds ?? -1:0.######}\n"
        );
    }

    private static void WriteRefused(StringBuilder text, PolicyState policy)
    {
        if (policy.Refused is not { } refused)
            return;
        Head(text, "coordinator_policy_refused_packets_total", "counter", "Packets refused since the table was made, by the pod's side.");
        text.Append(CultureInfo.InvariantCulture, $"coordinator_policy_refused_packets_total{{direction=\"egress\"}} {refused.Egress}\n");
        text.Append(CultureInfo.InvariantCulture, $"coordinator_policy_refused_packets_total{{direction=\"ingress\"}} {refused.Ingress}\n");
        Head(
            text,
            "coordinator_policy_cut_packets_total",
            "counter",
            "Packets of established connections refused since the table was made."
        );
        text.Append(CultureInfo.InvariantCulture, $"coordinator_policy_cut_packets_total {refused.Established}\n");
    }

    private static void WriteLatency(StringBuilder text, LatencyHistogram changes)
    {
        const string Name = "coordinator_policy_change_seconds";
        Head(text, Name, "histogram", "From changed objects to the kernel's answer.");
        for (var i = 0; i < LatencyHistogram.Bounds.Count; i++)
            text.Append(CultureInfo.InvariantCulture, $"{Name}_bucket{{le=\"{LatencyHistogram.Bounds[i]}\"}} {changes.Counts[i]}\n");
        text.Append(CultureInfo.InvariantCulture, $"{Name}_bucket{{le=\"+Inf\"}} {changes.Count}\n");
        text.Append(CultureInfo.InvariantCulture, $"{Name}_sum {changes.Sum.TotalSeconds:0.######}\n");
        text.Append(CultureInfo.InvariantCulture, $"{Name}_count {changes.Count}\n");
    }

    private static void WritePolicySource(StringBuilder text, PolicyState policy, TimeProvider clock)
    {
        Head(text, "coordinator_policy_source_reachable", "gauge", "1 when this kind of objects can be read.");
        foreach (var kind in policy.Kinds)
            text.Append(
                CultureInfo.InvariantCulture,
                $"coordinator_policy_source_reachable{{kind=\"{kind.Name}\"}} {(kind.IsReachable ? 1 : 0)}\n"
            );
        Head(
            text,
            "coordinator_policy_source_last_heard_seconds",
            "gauge",
            "The age of the objects of this kind: seconds since the source last said how they are; -1: never."
        );
        foreach (var kind in policy.Kinds)
            text.Append(
                CultureInfo.InvariantCulture,
                $"coordinator_policy_source_last_heard_seconds{{kind=\"{kind.Name}\"}} "
                    + $"{(kind.HeardAt is { } heard ? clock.GetElapsedTime(heard).TotalSeconds : -1):0.###}\n"
            );
        Head(text, "coordinator_policy_refused_objects", "gauge", "Objects of this kind that are not obeyed as they are.");
        foreach (var kind in policy.Kinds)
            text.Append(CultureInfo.InvariantCulture, $"coordinator_policy_refused_objects{{kind=\"{kind.Name}\"}} {kind.Refused}\n");
    }

    private static void Head(StringBuilder text, string name, string type, string help) =>
        text.Append($"# HELP {name} {help}\n# TYPE {name} {type}\n");

    // BehindRouter: behind_router.
    private static string Label(string word)
    {
        var text = new StringBuilder();
        foreach (var letter in word)
        {
            if (char.IsAsciiLetterUpper(letter) && text.Length > 0)
                text.Append('_');
            text.Append(char.ToLowerInvariant(letter));
        }

        return text.ToString();
    }
}
