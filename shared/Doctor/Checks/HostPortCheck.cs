using Plugboard.Addresses;
using Plugboard.Doctor.Fixing;
using Plugboard.Doctor.Nodes;
using Plugboard.Firewall.HostPorts;
using Plugboard.Firewall.Iptables;
using Plugboard.Firewall.Nftables;
using Plugboard.Firewall.Pods;

namespace Plugboard.Doctor.Checks;

/// <summary>Host ports that lead to pods which are gone: in portmap's records and elements, and in the reference's chains.</summary>
internal sealed class HostPortCheck : ICheck
{
    private const string ChainPrefix = "CNI-DN-";

    public string Name => "host ports";

    public IEnumerable<Finding> Examine(Node node) => [.. Records(node), .. Elements(node), .. Chains(node)];

    private static IEnumerable<Finding> Records(Node node)
    {
        var store = new PodRecordStore(node.PortRecordDirectory);
        foreach (var record in node.PortRecords)
        {
            var isGone = node.IsGone(record);
            var isUnknown = node.CacheTells && !node.KnowsContainer(record.Owner.ContainerId);
            if (!isGone && !isUnknown)
                continue;
            var forward = HostPortRecord.FromRecord(record);
            // Alone, neither proves it: a runtime may keep no cache of the pod, and a link may be renamed.
            var fix = isGone && isUnknown ? new WithdrawPorts(store, record) : null;
            yield return new Finding(
                FindingIds.HostPortStale,
                Severity.Warning,
                $"host ports {string.Join(", ", forward.Ports)} belong to {record.Owner}, "
                    + $"{(isGone ? "its link or namespace is gone" : "the runtime does not know it")}",
                "connections to these ports time out; a new pod of ours takes the ports over, other programs cannot",
                fix is null
                    ? $"if the pod has ended, {new RepeatedDel("portmap", record.Owner).Remedy(node)}, with our portmap"
                    : "`installer doctor --fix`"
            )
            {
                Subject = record.Owner.Tag,
                MayPass = true,
                Fix = fix,
            };
        }
    }

    // An element expires a moment after DEL has removed the record.
    private static IEnumerable<Finding> Elements(Node node)
    {
        var known = node.PortRecords.Select(static record => record.Owner.Tag).ToHashSet(StringComparer.Ordinal);
        var table = new HostPortTable();
        var unknown = new Dictionary<string, (string Comment, int Count)>(StringComparer.Ordinal);
        var elements = Node.Nftables(client => table.PodSets.SelectMany(set => client.ListElements(set)).ToList()) ?? [];
        foreach (var element in elements)
        {
            if (AttachmentTag.Find(element.Comment) is { } tag && !known.Contains(tag))
                unknown[tag] = (element.Comment, unknown.TryGetValue(tag, out var found) ? found.Count + 1 : 1);
        }

        foreach (var (tag, (comment, count)) in unknown)
        {
            yield return new Finding(
                FindingIds.HostPortUnknown,
                Severity.Warning,
                $"{count} elements of table inet plugboard_portmap, \"{comment}\", have no record below {PodRecordStore.Root}",
                "the ports may lead to a pod that is gone; a new pod of ours takes them over",
                "if the container is gone, delete the elements with that comment (`nft list table inet plugboard_portmap`); else "
                    + "start the pod again"
            )
            {
                Subject = tag,
                MayPass = true,
            };
        }
    }

    private static IEnumerable<Finding> Chains(Node node)
    {
        if (!node.CacheTells)
            yield break;
        var expected = new HashSet<string>(StringComparer.Ordinal);
        foreach (var pod in node.Cache!.Pods)
            expected.Add(ReferenceNames.ForwardChain(new Attachment(pod.Network, pod.ContainerId, pod.IfName)));
        foreach (
            var (where, chain) in AllChains()
                .Where(found => found.Chain.StartsWith(ChainPrefix, StringComparison.Ordinal) && !expected.Contains(found.Chain))
        )
        {
            yield return new Finding(
                FindingIds.HostPortChainStale,
                Severity.Warning,
                $"chain {chain} of {where} forwards host ports to a pod that the runtime does not know",
                "connections to these ports time out, even after another pod has published them",
                $"inspect it (`iptables-save -t nat | grep {chain}`), delete the rule of CNI-HOSTPORT-DNAT that jumps there, then the chain"
            )
            {
                Subject = $"{where} {chain}",
                MayPass = true,
            };
        }
    }

    private static List<(string Where, string Chain)> AllChains()
    {
        var chains = new List<(string, string)>();
        foreach (var family in (NftFamily[])[NftFamily.IPv4, NftFamily.IPv6])
        {
            var table = new Table(family, "nat");
            foreach (var chain in Node.Nftables(client => client.ListChains(table)) ?? [])
                chains.Add(($"{table} (iptables-nft)", chain.Name));
            foreach (var chain in LegacyTable.ListChains(family == NftFamily.IPv6, "nat"))
                chains.Add(($"{(family == NftFamily.IPv6 ? "ip6tables" : "iptables")}-legacy", chain));
        }

        return chains;
    }
}
