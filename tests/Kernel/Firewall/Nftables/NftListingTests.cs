using System.Globalization;
using Plugboard.Addresses;
using Plugboard.Firewall.Nftables;
using Plugboard.Firewall.Nftables.Statements;
using Plugboard.Linux;
using Plugboard.Testing;

namespace Plugboard.Tests.Kernel.Firewall.Nftables;

/// <summary>The kernel's listing of its ruleset, of any author.</summary>
public sealed class NftListingTests : IDisposable
{
    private const string Script = """
        table inet t {
            comment "a table"
            set plain { type ipv4_addr; comment "a set"; elements = { 10.0.0.1 comment "one", 10.0.0.2 } }
            set ranges { type inet_service; flags interval; elements = { 1-9, 443 comment "tls" } }
            set pairs { type ipv4_addr . inet_service; flags interval,timeout; elements = { 10.0.0.0/8 . 80-90 } }
            map verdicts { type mark : verdict; elements = { 0x7 comment "seven" : jump there, 0x8 : drop } }
            map data { type inet_proto . inet_service : ipv6_addr . inet_service; elements = { tcp . 80 : 2001:db8::1 . 8080 } }
            chain there { comment "is gone to"; }
            chain c {
                type filter hook input priority -5; policy drop;
                ip saddr { 1.1.1.1, 2.2.2.2 } counter accept comment "named"
                tcp dport vmap { 1 : goto there }
                ct state new jump there comment "jumps"
                goto there
                counter
            }
        }
        table ip other { }
        """;

    private readonly TestNamespace ns = new();
    private readonly NftablesClient client;
    private readonly Table table = new(NftFamily.Inet, "t");

    public NftListingTests()
    {
        client = NftablesClient.Open(ns.Namespace);
        var nft = ns.TryTool(["nft", "-f", "-"], Script);
        Assert.True(nft.ExitCode == 0, nft.Error);
    }

    [KernelFact]
    public void Tables_chains_and_sets()
    {
        Assert.Equal([table with { Comment = "a table" }, new Table(NftFamily.IPv4, "other")], client.ListTables());
        var hook = new ChainHook(ChainType.Filter, NftHook.Input, -5) { DropsByDefault = true };
        Assert.Equal(
            [new Chain(table, "there") { Comment = "is gone to" }, new Chain(table, "c") { Hook = hook }],
            client.ListChains(table)
        );
        var sets = client.ListSets(table);
        Assert.Equal(
            [
                "plain ipv4_addr:  interval=False timeout=False a set",
                "ranges inet_service:  interval=True timeout=False ",
                "pairs ipv4_addr inet_service:  interval=True timeout=True ",
                "verdicts mark: verdict interval=False timeout=False ",
                "data inet_proto inet_service: ipv6_addr inet_service interval=False timeout=False ",
            ],
            sets.Select(s =>
                $"{s.Name} {Names(s.Key)}: {(s.LeadsToVerdict ? "verdict" : Names(s.Data))} interval={s.IsInterval} "
                + $"timeout={s.AllowsTimeouts} {s.Comment}"
            )
        );
        Assert.Empty(client.ListSets(new Table(NftFamily.Inet, "none")));
        Assert.Empty(client.ListChains(new Table(NftFamily.Inet, "none")));
        Assert.Empty(client.ListRules(new Table(NftFamily.Inet, "none")));

        static string Names(IReadOnlyList<DataType> types) => string.Join(' ', types.Select(t => t.Name));
    }

    [KernelFact]
    public void Elements_of_sets_that_nft_made()
    {
        var told = client
            .ListSets(table)
            .ToDictionary(
                s => s.Name,
                s => client.ListElements(s).Select(e => e.Describe(s)).Order(StringComparer.Ordinal).ToArray(),
                StringComparer.Ordinal
            );
        Assert.Equal(["10.0.0.1 comment \"one\"", "10.0.0.2"], told["plain"]);
        Assert.Equal(["1-9", "443 comment \"tls\""], told["ranges"]);
        Assert.Equal(["10.0.0.0/8 . 80-90"], told["pairs"]);
        Assert.Equal(["0x00000007 comment \"seven\" : jump there", "0x00000008 : drop"], told["verdicts"]);
        Assert.Equal(["tcp . 80 : 2001:db8::1 . 8080"], told["data"]);
        var verdicts = Set.VerdictMap(table, "verdicts", [DataType.Mark]);
        var found = client.Find(verdicts, new SetElement(Field.Join(Field.Mark(7))))!;
        Assert.Equal(("seven", Verdict.Jump("there")), (found.Comment, found.Verdict!.Value));
        Assert.Null(client.Find(verdicts, new SetElement(Field.Join(Field.Mark(9)))));
        Assert.Null(client.Find(verdicts with { Name = "none" }, new SetElement(Field.Join(Field.Mark(9)))));
        Assert.Empty(client.ListElements(verdicts with { Name = "none" }));
        var pairs = new Set(table, "pairs", [DataType.Ipv4Addr, DataType.InetService]) { IsInterval = true };
        var network = IPPrefix.Parse("10.0.0.0/8");
        var pair = new SetElement(Field.Join(Field.Of(network.Address), Field.Port(80)))
        {
            KeyEnd = Field.Join(Field.Of(network.Last), Field.Port(90)),
        };
        Assert.True(client.Find(pairs, pair)!.HasKeyOf(pair));
    }

    [KernelFact]
    public void Rules_with_comments_and_targets()
    {
        var rules = client.ListRules(table);
        Assert.Equal(["named:", ":", "jumps:there", ":there", ":"], rules.Select(r => $"{r.Comment}:{r.Target}"));
        Assert.Equal(5, client.ListRules(new Chain(table, "c")).Count);
        Assert.Empty(client.ListRules(new Chain(table, "there")));
        Assert.Empty(client.ListRules(new Chain(table, "none")));
        Assert.True(client.Has(table) && client.Has(new Chain(table, "c")));
        Assert.False(client.Has(new Table(NftFamily.IPv4, "t")) || client.Has(new Chain(table, "none")));
        var batch = new NftablesBatch();
        foreach (var rule in rules.Where(r => r.Comment.Length > 0))
            batch.Delete(rule);
        client.Commit(batch);
        Assert.DoesNotContain("comment \"named\"", ns.Tool("nft list ruleset"));
    }

    [KernelFact]
    public void Rules_of_iptables_are_listed_and_deleted_by_handle()
    {
        ns.Tool("iptables-nft -t nat -N MINE");
        ns.Tool("iptables-nft -t nat -A POSTROUTING -s 10.0.0.0/8 -m comment --comment told -j MINE");
        ns.Tool(
            "iptables-nft -t nat -A POSTROUTING -p tcp -m multiport --dports 80,443 -m addrtype --dst-type LOCAL -m comment "
                + "--comment kept -j MASQUERADE"
        );
        var nat = new Table(NftFamily.IPv4, "nat");
        var rules = client.ListRules(new Chain(nat, "POSTROUTING"));
        Assert.Equal(["MINE", ""], rules.Select(r => r.Target));
        var batch = new NftablesBatch();
        batch.Delete(rules[0]);
        client.Commit(batch);
        var saved = ns.Tool("iptables-nft-save -t nat");
        Assert.DoesNotContain("told", saved);
        Assert.Contains("kept", saved);
        batch = new NftablesBatch();
        batch.Delete(rules[1]);
        batch.Delete(new Chain(nat, "MINE"));
        client.Commit(batch);
        Assert.DoesNotContain("MASQUERADE", ns.Tool("iptables-nft-save -t nat"));
    }

    [KernelFact]
    public void Two_who_change_and_one_who_reads_do_not_disturb_each_other()
    {
        const int Rounds = 150;
        var numbers = new Set(table, "numbers", [DataType.Mark]);
        var start = new NftablesBatch();
        start.Add(numbers);
        start.Add(numbers, new SetElement(Field.Join(Field.Mark(0))));
        client.Commit(start);
        var failures = new Failures();
        var threads = new List<Thread>();
        for (uint side = 1; side <= 2; side++)
        {
            var own = side;
            threads.Add(new Thread(() => failures.Try(() => Change(numbers, own << 16, Rounds))));
        }

        threads.ForEach(t => t.Start());
        while (threads.Exists(t => t.IsAlive))
        {
            var elements = client.ListElements(numbers);
            Assert.Equal(elements.Count, elements.Select(e => e.Describe(numbers)).Distinct(StringComparer.Ordinal).Count());
            Assert.True(client.ListRules(table).Count >= 5);
        }

        threads.ForEach(t => t.Join());
        failures.ThrowIfAny();
        Assert.Equal(1 + 2 * Rounds, client.ListElements(numbers).Count);
        Assert.Equal(5 + 2 * Rounds, client.ListRules(table).Count);
    }

    private void Change(Set numbers, uint first, int rounds)
    {
        using var own = NftablesClient.Open(ns.Namespace);
        for (uint i = 1; i <= rounds; i++)
        {
            var batch = new NftablesBatch();
            batch.Create(numbers, new SetElement(Field.Join(Field.Mark(first + i))));
            batch.Add(
                new Rule(new Chain(table, "there"), [new Counter()]) { Comment = (first + i).ToString(CultureInfo.InvariantCulture) }
            );
            own.Commit(batch);
        }
    }

    public void Dispose()
    {
        client.Dispose();
        ns.Dispose();
    }
}
