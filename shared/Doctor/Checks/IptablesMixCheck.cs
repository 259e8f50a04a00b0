using Plugboard.Doctor.Nodes;
using Plugboard.Firewall.Iptables;
using Plugboard.Firewall.Nftables;

namespace Plugboard.Doctor.Checks;

/// <summary>Rules of iptables-nft and of iptables-legacy side by side: two rulesets that do not see each other.</summary>
internal sealed class IptablesMixCheck : ICheck
{
    private static readonly string[] Tables = ["filter", "nat", "mangle", "raw", "security"];

    public string Name => "iptables";

    public IEnumerable<Finding> Examine(Node node)
    {
        foreach (var is6 in (bool[])[false, true])
        {
            var legacy = Tables.Where(table => LegacyTable.FindEntries(is6, table) is { HasContent: true }).ToList();
            if (legacy.Count == 0)
                continue;
            var family = is6 ? NftFamily.IPv6 : NftFamily.IPv4;
            var nft = Node.Nftables(client => Tables.Where(table => client.ListRules(new Table(family, table)).Count > 0).ToList()) ?? [];
            if (nft.Count > 0)
                yield return Mixed(is6 ? "ip6tables" : "iptables", legacy, nft);
        }
    }

    private static Finding Mixed(string tool, List<string> legacy, List<string> nft) =>
        new(
            FindingIds.IptablesMixed,
            Severity.Warning,
            $"{tool}-legacy has rules in {string.Join(", ", legacy)}, {tool}-nft in {string.Join(", ", nft)}",
            "packets pass both, and each tool shows one of them: a DROP or DNAT stays hidden, and deleting a rule with the "
                + "wrong tool has no effect",
            $"find the users of each (`{tool}-legacy-save`, `{tool}-nft-save`), set one for all (update-alternatives, images of "
                + "kube-proxy and other programs), then delete the other's rules or reboot"
        )
        {
            Subject = tool,
        };
}
