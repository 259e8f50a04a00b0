using Plugboard.Coordinator.Masquerade.Nftables;
using Plugboard.Firewall.Iptables;
using Plugboard.Firewall.Nftables;

namespace Plugboard.Coordinator.Masquerade;

/// <summary>
/// Finds who else changes the sources of packets on this node: exactly one should. Nothing is changed, and no process run.
/// </summary>
/// <param name="client">The kernel.</param>
/// <param name="ours">The chains of iptables that we keep.</param>
internal sealed class OtherMasquerades(NftablesClient client, IReadOnlyCollection<string> ours)
{
    // Of our portmap: it changes the source of what came for a published port, and of nothing else.
    private const string PublishedPorts = "plugboard_portmap";

    /// <summary>A sentence for each.</summary>
    public IReadOnlyList<string> Find()
    {
        var found = new List<string>();
        foreach (
            var table in client
                .ListTables()
                .Where(table =>
                    table.Family is NftFamily.IPv4 or NftFamily.IPv6 or NftFamily.Inet
                    && table.Name != NftablesPlan.Table.Name
                    && table.Name != PublishedPorts
                )
        )
            Find(table, found);
        foreach (var is6 in (bool[])[false, true])
        {
            foreach (var chain in LegacyTable.ListChains(is6, "nat"))
                AddKnown(found, $"{(is6 ? "ip6" : "ip")}tables-legacy", chain);
        }

        return [.. found.Distinct(StringComparer.Ordinal)];
    }

    private void Find(Table table, List<string> found)
    {
        var bases = client
            .ListChains(table)
            .Where(chain => chain.Hook is { Type: ChainType.Nat, Hook: NftHook.Postrouting })
            .Select(chain => chain.Name)
            .ToHashSet(StringComparer.Ordinal);
        if (bases.Count == 0)
            return;
        if (table.Name is "flannel-ipv4" or "flannel-ipv6")
        {
            found.Add(
                $"flannel masquerades too, by table {table}: start flanneld without --ip-masq, or remove what it left (nft delete "
                    + $"table {table})"
            );
            return;
        }

        foreach (var (rule, opcodes) in client.ListContents(table).Select(content => (content.Rule, content.Opcodes)))
        {
            if (!bases.Contains(rule.Chain.Name))
                continue;
            if (rule.Target.Length > 0)
                AddKnown(found, $"table {table}", rule.Target);
            else if (ChangesSource(opcodes))
                found.Add(
                    $"a rule of chain {rule.Chain} changes the source of packets too: nft -a list chain {rule.Chain} shows it as "
                        + $"handle {rule.Handle}"
                );
        }
    }

    private void AddKnown(List<string> found, string where, string chain)
    {
        if (ours.Contains(chain))
            return;
        if (chain == "IP-MASQ-AGENT")
            found.Add($"ip-masq-agent's chain {chain} is in {where}: take its DaemonSet away, then the chain");
        else if (chain == "FLANNEL-POSTRTG")
            found.Add($"flannel masquerades too, by chain {chain} in {where}: start flanneld without --ip-masq, then remove the chain");
        else if (chain.StartsWith("CNI-", StringComparison.Ordinal) && !chain.StartsWith("CNI-HOSTPORT", StringComparison.Ordinal))
            found.Add(
                $"CNI plugins masquerade pods one by one (chains CNI-… in {where}): set \"ipMasq\": false in the network's configuration"
            );
    }

    // nft's opcodes, and the targets of iptables, which are told with their names.
    private static bool ChangesSource(string opcodes) =>
        opcodes
            .Split('\n')
            .Any(line =>
                line.StartsWith("masq", StringComparison.Ordinal)
                || (line.StartsWith("nat ", StringComparison.Ordinal) && !line.Contains(" 1=00000001", StringComparison.Ordinal))
                || (
                    line.StartsWith("target ", StringComparison.Ordinal)
                    && (line.Contains(Hex("MASQUERADE"), StringComparison.Ordinal) || line.Contains(Hex("SNAT"), StringComparison.Ordinal))
                )
            );

    private static string Hex(string name) => Convert.ToHexString(System.Text.Encoding.ASCII.GetBytes(name));
}
