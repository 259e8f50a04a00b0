using Plugboard.Firewall.Pods;

namespace Plugboard.Firewall.Accepting;

/// <summary>The nftables part of what the plugin firewall does: the policies of bridges.</summary>
public sealed class AcceptedPodKind : PodRuleKind
{
    private readonly IsolationTable table;

    /// <summary>The kind with its records.</summary>
    public AcceptedPodKind(PodRecordStore records)
        : this(records, new IsolationTable()) { }

    private AcceptedPodKind(PodRecordStore records, IsolationTable table)
        : base(records, table) => this.table = table;

    /// <summary>The table of the policies.</summary>
    internal IsolationTable Table => table;

    /// <summary>The plan of a pod: the elements of its bridge.</summary>
    internal PodPlan PlanOf(AcceptedPod pod) =>
        pod.Policy == IngressPolicy.Open || pod.PolicyBackend == FirewallBackend.Iptables || pod.Bridge.Length == 0
            ? PodPlan.Empty
            : new PodPlan
            {
                Tables = [table],
                Elements = [],
                NodeElements = table.ElementsOf(pod.Bridge, pod.Policy),
            };

    private protected override PodPlan FindPlan(PodRecord record) => PlanOf(AcceptedPod.FromRecord(record));

    // Accepts and drops concern each packet by itself.
    internal override void OnRestored(PodRecord record) { }
}
