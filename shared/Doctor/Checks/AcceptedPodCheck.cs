using Plugboard.Doctor.Fixing;
using Plugboard.Doctor.Nodes;
using Plugboard.Firewall.Accepting;
using Plugboard.Firewall.Pods;

namespace Plugboard.Doctor.Checks;

/// <summary>
/// What bridge, ptp and firewall have for pods that are gone: records, rules that accept an address, policies of bridges.
/// </summary>
internal sealed class AcceptedPodCheck : ICheck
{
    public string Name => "rules of pods that are gone";

    public IEnumerable<Finding> Examine(Node node)
    {
        var accepted = new PodRecordStore(node.Under(PodRecordStore.Root + "/firewall"));
        var forgotten = new ForgottenAccepts(accepted);
        foreach (var bridge in forgotten.ListBridges())
            yield return Policy(accepted, bridge);
        if (!node.CacheTells)
            yield break;
        foreach (var record in Gone(node, accepted))
            yield return Accept(accepted, record);
        var bridged = new PodRecordStore(node.Under(PodRecordStore.Root + "/bridge"));
        foreach (var record in Gone(node, bridged))
            yield return Traffic(bridged, record);
        foreach (var finding in Rules(node, forgotten))
            yield return finding;
    }

    // Neither alone proves it: a runtime may keep no cache of the pod, and a link may be renamed.
    private static IEnumerable<PodRecord> Gone(Node node, PodRecordStore records) =>
        records.List().Where(record => !node.KnowsContainer(record.Owner.ContainerId) && node.IsGone(record));

    private static Finding Policy(PodRecordStore records, string bridge) =>
        new(
            FindingIds.PolicyStale,
            Severity.Warning,
            $"table inet plugboard_firewall has an ingress policy for {bridge}, and no pod there has one",
            "pods of a network that uses this bridge next are kept from other bridges' pods",
            $"`nft delete element inet plugboard_firewall bridges '{{ \"{bridge}\" }}'`, and the same of within_bridges and "
                + "isolated_bridges with the name twice; or `installer doctor --fix`"
        )
        {
            Subject = bridge,
            MayPass = true,
            Fix = new SettlePolicy(records, bridge),
        };

    private static Finding Accept(PodRecordStore records, PodRecord record) =>
        new(
            FindingIds.AcceptStale,
            Severity.Warning,
            $"firewall accepts what {record.Owner} sends, which the runtime does not know and whose link or namespace is gone",
            "whatever has the address next is accepted too; its bridge keeps the policy of the pod",
            "`installer doctor --fix`"
        )
        {
            Subject = record.Owner.Tag,
            MayPass = true,
            Fix = new WithdrawAccept(records, record),
        };

    private static Finding Traffic(PodRecordStore records, PodRecord record) =>
        new(
            FindingIds.MasqueradeStale,
            Severity.Notice,
            $"masquerading or the check of sources is recorded for {record.Owner}, which the runtime does not know and whose link is gone",
            "its elements take space; a new pod with the address replaces them",
            "`installer doctor --fix`"
        )
        {
            Subject = record.Owner.Tag,
            MayPass = true,
            Fix = new WithdrawTraffic(records, record),
        };

    // Of the reference, whose rules have no owner, or of a node whose /run was emptied.
    private static IEnumerable<Finding> Rules(Node node, ForgottenAccepts forgotten)
    {
        var cached = node.Cache!.Pods.SelectMany(static pod => pod.Addresses).ToHashSet();
        foreach (var rule in forgotten.ListAddresses())
        {
            if (cached.Contains(rule.Address) || node.Namespaces.Addresses.Contains(rule.Address))
                continue;
            yield return new Finding(
                FindingIds.AcceptRuleStale,
                Severity.Warning,
                $"chain CNI-FORWARD of {rule.Tool} accepts {rule.Address}, which no pod has",
                "whatever has the address next is accepted",
                string.Join(", ", rule.Commands.Select(static command => $"`{command}`"))
            )
            {
                Subject = $"{rule.Tool} {rule.Address}",
                MayPass = true,
            };
        }
    }
}
