using Plugboard.Doctor.Nodes;
using Plugboard.Firewall.Iptables;
using Plugboard.Firewall.Nftables;

namespace Plugboard.Doctor.Checks;

/// <summary>
/// Rules of a network policy engine that does not run here: they refuse what its last policies refused, and an address that goes to another
/// pod keeps them. Nothing is said of an engine that runs.
/// </summary>
internal sealed class PolicyLeftoverCheck : ICheck
{
    private static readonly string[] tables = ["filter", "nat", "mangle", "raw"];

    private static readonly Engine[] engines =
    [
        new("kube-router", ["kube-router"], "KUBE-(ROUTER|NWPLCY|POD-FW)-", "^(inet6:)?KUBE-(SRC|DST)-")
        {
            Chains = ["KUBE-POD-FW-", "KUBE-NWPLCY-", "KUBE-ROUTER-"],
        },
        new("calico", ["calico-node"], "cali[-:]", "^cali[46]0")
        {
            Chains = ["cali-"],
            Tables = [new Table(NftFamily.IPv4, "calico"), new Table(NftFamily.IPv6, "calico")],
        },
        new("kube-network-policies", ["kube-network-policies", "netpol", "kindnetd"], "", "")
        {
            Tables = [new Table(NftFamily.Inet, "kube-network-policies"), new Table(NftFamily.Inet, "kindnet-network-policies")],
        },
    ];

    public string Name => "other policy engines";

    public IEnumerable<Finding> Examine(Node node)
    {
        IReadOnlySet<string>? running = null;
        foreach (var engine in engines)
        {
            var places = Places(engine).ToList();
            if (places.Count == 0)
                continue;
            running ??= RunningPrograms.Find(node.Options);
            if (!engine.Programs.Any(program => running.Contains(program[..Math.Min(program.Length, RunningPrograms.LongestName)])))
                yield return Describe(engine, places);
        }
    }

    // Where its rules are, each with the command that removes them.
    private static IEnumerable<(string Place, string Command)> Places(Engine engine)
    {
        foreach (var table in engine.Tables.Where(static table => Node.Nftables(client => client.Has(table))))
            yield return ($"table {table}", $"nft delete table {table}");
        foreach (var is6 in (bool[])[false, true])
        {
            var tool = is6 ? "ip6tables" : "iptables";
            var family = is6 ? NftFamily.IPv6 : NftFamily.IPv4;
            var nft = Node.Nftables(client => tables.SelectMany(table => client.ListChains(new Table(family, table))).ToList()) ?? [];
            if (engine.Find(nft.Select(static chain => chain.Name)) is { } chain)
                yield return ($"chain {chain} of {tool}-nft", engine.RemovalBy($"{tool}-nft"));
            if (engine.Find(tables.SelectMany(table => LegacyTable.ListChains(is6, table))) is { } old)
                yield return ($"chain {old} of {tool}-legacy", engine.RemovalBy($"{tool}-legacy"));
        }
    }

    private static Finding Describe(Engine engine, List<(string Place, string Command)> places)
    {
        var commands = places.Select(static place => $"`{place.Command}`");
        if (engine.SetPattern.Length > 0 && engine.Find(places.Select(static place => place.Place["chain ".Length..])) is not null)
            commands = commands.Append($"`ipset list -n | grep -E '{engine.SetPattern}' | xargs -rn1 ipset destroy`");
        return new Finding(
            FindingIds.PolicyLeftover,
            Severity.Warning,
            $"rules of {engine.Name}'s network policy, and no process {string.Join(" or ", engine.Programs)}: "
                + string.Join(", ", places.Select(static place => place.Place)),
            "they refuse what its last policies refused, also for the next pods with these addresses, whatever today's policies say",
            $"if {engine.Name} is not to run here: {string.Join(", then ", commands)}"
        )
        {
            Subject = engine.Name,
        };
    }

    // RulePattern and SetPattern are for grep -E.
    private sealed record Engine(string Name, string[] Programs, string RulePattern, string SetPattern)
    {
        public string[] Chains { get; init; } = [];

        public Table[] Tables { get; init; } = [];

        public string? Find(IEnumerable<string> names) =>
            names.FirstOrDefault(name => Array.Exists(Chains, prefix => name.StartsWith(prefix, StringComparison.Ordinal)));

        public string RemovalBy(string tool) => $"{tool}-save | grep -Ev '{RulePattern}' | {tool}-restore";
    }
}
