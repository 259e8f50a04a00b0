using Plugboard.Addresses;
using Plugboard.Doctor.Nat;
using Plugboard.Doctor.Nodes;
using Plugboard.Firewall.Iptables;
using Plugboard.Firewall.Nftables;
using Plugboard.Netlink;
using Plugboard.Netlink.Route;

namespace Plugboard.Doctor.Checks;

/// <summary>
/// Other programs' rules that change the sender of what a pod sends to a pod. Only a rule that surely matches is told; what kube-proxy has marked is not such a packet.
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
    private static IEnumerable<NatPacket> Packets(Node node)
    {
        var file = node.FindSubnetFile();
        foreach (var bridge in node.PodBridges)
        {
            foreach (var address in node.Addresses.Where(address => address.LinkIndex == bridge.Index && address.Scope == RouteScope.Universe).Select(static address => address.Address))
            {
                var source = address.Address.Next();
                var far = (address.Is6 ? file?.IPv6Networks : file?.Networks)?.Where(network => network.Is6 == address.Is6).Select(network => Other(network, address)).FirstOrDefault();
                yield return far is { } destination && FindWay(node, destination) is { } link
                    ? new NatPacket(source, destination, link)
                    : new NatPacket(source, source.Next(), bridge.Name);
            }
        }
    }

    // An address of the cluster's network that is not the node's own.
    private static IPAddr? Other(IPPrefix network, IPPrefix own) =>
        !own.Contains(network.Last) ? network.Last.Previous() : !own.Contains(network.Network.Address) ? network.Network.Address.Next() : null;

    private static string? FindWay(Node node, IPAddr destination)
    {
        try
        {
            var route = Node.Route(client => client.Routes.Get(destination));
            return route is null ? null : node.Links.FirstOrDefault(link => link.Index == route.OutInterface)?.Name;
        }
        catch (NetlinkException)
        {
            // A blackhole, as for a node that is not known: nothing leaves, nothing is changed.
            return null;
        }
    }

    private static List<(string Where, NatRule Rule)> FindAll(NatPacket packet)
    {
        var found = new List<(string, NatRule)>();
        foreach (var each in Node.Nftables(client => InNft(client, packet)) ?? [])
            found.Add(each);
        if (LegacyTable.FindEntries(packet.Source.Is6, "nat") is { } entries
            && new NatWalk(new LegacyNatReader(packet).Read(entries)).FindSnat(LegacyNatReader.Postrouting) is { } rule)
            found.Add(($"{(packet.Source.Is6 ? "ip6tables" : "iptables")}-legacy", rule));
        return found;
    }

    private static List<(string Where, NatRule Rule)> InNft(NftablesClient client, NatPacket packet)
    {
        var found = new List<(string, NatRule)>();
        var family = packet.Source.Is6 ? NftFamily.IPv6 : NftFamily.IPv4;
        foreach (var table in client.ListTables().Where(table => (table.Family == family || table.Family == NftFamily.Inet) && !table.Name.StartsWith(OwnPrefix, StringComparison.Ordinal)))
        {
            var places = client.ListChains(table).Where(static chain => chain.Hook is { Type: ChainType.Nat, Hook: NftHook.Postrouting }).ToList();
            if (places.Count == 0)
                continue;
            var reader = new NftNatReader(packet, table);
            var walk = new NatWalk(client.ReadRules(table, reader.Read));
            foreach (var chain in places)
            {
                if (walk.FindSnat(chain.Name) is { } rule)
                    found.Add((table.ToString(), rule));
            }
        }

        return found;
    }

    private static Finding Overridden(NatPacket packet, string where, NatRule rule) => new(
        FindingIds.SnatForeign, Severity.Warning,
        $"a rule in chain {rule.Chain} of {where}{(rule.Comment.Length == 0 ? "" : $" (\"{rule.Comment}\")")} changes the sender of what pods send to pods, as from {packet.Source} to {packet.Destination} by {packet.OutLink}",
        "pods see the node's address instead of the other pod's: network policies drop it, logs name the wrong one",
        "have its maker leave out the pods' networks (ip-masq-agent: nonMasqueradeCIDRs; Docker: another `bip`; others: a RETURN for them before the rule)")
    {
        Subject = $"{where} {rule.Chain}",
    };
}
