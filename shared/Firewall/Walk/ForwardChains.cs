using Plugboard.Addresses;
using Plugboard.Firewall.Iptables;
using Plugboard.Firewall.Nftables;

namespace Plugboard.Firewall.Walk;

/// <summary>
/// Whether the chains at the forward hook let a packet through: of nftables, of iptables-nft, of iptables-legacy. Each of them has to:
/// that one accepts does not help against another's policy.
/// Only reads, and runs no process. In the calling thread's network namespace.
/// </summary>
public static class ForwardChains
{
    private const string OwnPrefix = "plugboard_";

    /// <summary>The chains that drop a packet, or may; empty: it passes.</summary>
    /// <param name="client">The kernel's nftables; null: it has none.</param>
    /// <param name="packet">The packet.</param>
    /// <exception cref="Linux.ErrnoException">The rules cannot be read: EPERM without CAP_NET_ADMIN, and for iptables-legacy
    /// CAP_NET_RAW.</exception>
    public static IReadOnlyList<ForwardChainDrop> FindDrops(NftablesClient? client, ForwardedPacket packet)
    {
        var walked = new WalkedPacket(packet.Source, packet.Destination, packet.OutLink) { InLink = packet.InLink };
        var found = new List<ForwardChainDrop>();
        if (client is not null)
            found.AddRange(InNftables(client, packet, walked));
        if (InLegacy(packet, walked) is { } legacy)
            found.Add(legacy);
        return found;
    }

    private static IEnumerable<ForwardChainDrop> InNftables(NftablesClient client, ForwardedPacket packet, WalkedPacket walked)
    {
        var family = packet.Source.Is6 ? NftFamily.IPv6 : NftFamily.IPv4;
        var tables = client.ListTables().Where(table => !table.IsDormant && (table.Family == family || table.Family == NftFamily.Inet));
        foreach (var table in tables.Where(static table => !table.Name.StartsWith(OwnPrefix, StringComparison.Ordinal)))
        {
            var bases = client
                .ListChains(table)
                .Where(static chain => chain.Hook is { Type: ChainType.Filter, Hook: NftHook.Forward })
                .ToList();
            if (bases.Count == 0)
                continue;
            var walk = new RuleWalk(client.ReadRules(table, new NftRuleReader(walked, table).Read), new SetLookups(client, table).Resolve);
            foreach (var chain in bases)
            {
                if (walk.Judge(chain.Name, chain.Hook!.DropsByDefault) is { IsDropped: true } dropped)
                    yield return Describe(packet, (chain.Name, table.ToString(), ToolOf(table, chain.Name)), dropped.Rule, dropped.IsSure);
            }
        }
    }

    private static ForwardChainDrop? InLegacy(ForwardedPacket packet, WalkedPacket walked)
    {
        var is6 = packet.Source.Is6;
        if (LegacyTable.FindEntries(is6, "filter") is not { } entries)
            return null;
        // The last entry of a chain that hangs is its policy.
        var rules = new LegacyRuleReader(walked).Read(entries);
        var policy = rules.LastOrDefault(static rule => rule.Chain == LegacyRuleReader.Forward);
        var (isDropped, rule, isSure) = new RuleWalk(rules.Where(other => !ReferenceEquals(other, policy))).Judge(
            LegacyRuleReader.Forward,
            policy?.Action == RuleAction.Drop
        );
        return isDropped
            ? Describe(packet, (LegacyRuleReader.Forward, "filter", is6 ? "ip6tables-legacy" : "iptables-legacy"), rule, isSure)
            : null;
    }

    private static string ToolOf(Table table, string chain) =>
        (table.Family, table.Name, chain) switch
        {
            (NftFamily.IPv4, "filter", LegacyRuleReader.Forward) => "iptables",
            (NftFamily.IPv6, "filter", LegacyRuleReader.Forward) => "ip6tables",
            _ => "",
        };

    private static ForwardChainDrop Describe(
        ForwardedPacket packet,
        (string Chain, string Table, string Tool) where,
        WalkedRule? rule,
        bool isSure
    )
    {
        var (chain, table, tool) = where;
        var place =
            tool.EndsWith("-legacy", StringComparison.Ordinal) ? $"chain {chain} of {tool}"
            : tool.Length > 0 ? $"chain {chain} of {tool} (table {table})"
            : $"chain {chain} of nftables' table {table}";
        return new ForwardChainDrop(packet, place, tool, Cause(chain, rule), isSure);
    }

    private static string Cause(string chain, WalkedRule? rule)
    {
        if (rule is null)
            return "its policy is drop";
        var inner = rule.Chain == chain ? "" : $" of its chain {rule.Chain}";
        var comment = rule.Comment.Length == 0 ? "" : $" (\"{rule.Comment}\")";
        return $"a rule{inner}{comment} drops or rejects it";
    }
}

/// <summary>The first packet of a TCP connection that a node forwards from one of its links to another.</summary>
/// <param name="Source">The sender's address.</param>
/// <param name="Destination">The destination address.</param>
/// <param name="InLink">The incoming link.</param>
/// <param name="OutLink">The outgoing link.</param>
public sealed record ForwardedPacket(IPAddr Source, IPAddr Destination, string InLink, string OutLink);
