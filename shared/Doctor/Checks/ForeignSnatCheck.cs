using Plugboard.Doctor.Nodes;
using Plugboard.Firewall.Iptables;
using Plugboard.Firewall.Nftables;
using Plugboard.Firewall.Walk;
using Plugboard.Netlink.Route;

namespace Plugboard.Doctor.Checks;

/// <summary>
/// Other programs' rules that change the source address of packets between pods. Only a rule that certainly matches is reported; packets
/// with kube-proxy's mark do not count.
/// </summary>
internal sealed class ForeignSnatCheck : ICheck
{
    private const string OwnPrefix = "plugboard_";

    public string Name => "other programs' address translation";

    public IEnumerable<Finding> Examine(Node node)
    {
        var told = new HashSet<string>(StringComparer.Ordinal);
        foreach (var packet in Packets(node))
        {
            foreach (var (where, rule) in FindAll(packet))
            {
                if (told.Add(where + rule.Chain + rule.Comment))
                    yield return Overridden(packet, where, rule);
            }
        }
    }

    // From a pod of each bridge to one of the cluster's network where that is known, else to one of the same bridge.
    private static IEnumerable<WalkedPacket> Packets(Node node)
    {
        foreach (var bridge in node.PodBridges)
        {
            foreach (
                var address in node
                    .Addresses.Where(address => address.LinkIndex == bridge.Index && address.Scope == RouteScope.Universe)
                    .Select(static address => address.Address)
            )
            {
                var source = address.Address.Next();
                yield return node.FindFarPod(address) is { } destination && node.FindWay(destination) is { } link
                    ? new WalkedPacket(source, destination, link)
                    : new WalkedPacket(source, source.Next(), bridge.Name);
            }
        }
    }

    private static List<(string Where, WalkedRule Rule)> FindAll(WalkedPacket packet)
    {
        var found = new List<(string, WalkedRule)>();
        foreach (var each in Node.Nftables(client => InNft(client, packet)) ?? [])
            found.Add(each);
        if (
            LegacyTable.FindEntries(packet.Source.Is6, "nat") is { } entries
            && new RuleWalk(new LegacyRuleReader(packet).Read(entries)).FindSnat(LegacyRuleReader.Postrouting) is { } rule
        )
            found.Add(($"{(packet.Source.Is6 ? "ip6tables" : "iptables")}-legacy", rule));
        return found;
    }

    private static List<(string Where, WalkedRule Rule)> InNft(NftablesClient client, WalkedPacket packet)
    {
        var found = new List<(string, WalkedRule)>();
        var family = packet.Source.Is6 ? NftFamily.IPv6 : NftFamily.IPv4;
        foreach (
            var table in client
                .ListTables()
                .Where(table =>
                    (table.Family == family || table.Family == NftFamily.Inet)
                    && !table.Name.StartsWith(OwnPrefix, StringComparison.Ordinal)
                )
        )
        {
            var places = client
                .ListChains(table)
                .Where(static chain => chain.Hook is { Type: ChainType.Nat, Hook: NftHook.Postrouting })
                .ToList();
            if (places.Count == 0)
                continue;
            var reader = new NftRuleReader(packet, table);
            var walk = new RuleWalk(client.ReadRules(table, reader.Read));
            foreach (var chain in places)
            {
                if (walk.FindSnat(chain.Name) is { } rule)
                    found.Add((table.ToString(), rule));
            }
        }

        return found;
    }

    private static Finding Overridden(WalkedPacket packet, string where, WalkedRule rule) =>
        new(
            FindingIds.SnatForeign,
            Severity.Warning,
            $"a rule in chain {rule.Chain} of {where}{(rule.Comment.Length == 0 ? "" : $" (\"{rule.Comment}\")")} changes the "
                + $"source address "
                + $"of packets between pods, as from {packet.Source} to {packet.Destination} by {packet.OutLink}",
            "pods see the node's address instead of the other pod's: network policies drop it, logs name the wrong one",
            "exclude the pods' networks in that program (ip-masq-agent: nonMasqueradeCIDRs; Docker: another `bip`; other "
                + "programs: a RETURN "
                + "for them before the rule)"
        )
        {
            Subject = $"{where} {rule.Chain}",
        };
}
