using Plugboard.Addresses;
using Plugboard.Firewall.Nftables;
using Plugboard.Firewall.Nftables.Statements;
using Plugboard.Testing;

namespace Plugboard.Tests.Kernel.Firewall.Nftables;

/// <summary>Ranges, nameless sets and elements that go by themselves are what nft makes of their words, and are read back.</summary>
public sealed class NftSetTests
{
    private static readonly Table Inet = new(NftFamily.Inet, "t");

    [KernelFact]
    public void Ranges_of_one_field_are_written_read_found_and_deleted()
    {
        using var oracle = new NftOracle();
        var networks = new Set(Inet, "networks", [DataType.Ipv4Addr]) { IsInterval = true, Comment = "ranges" };
        var v6 = Set.VerdictMap(Inet, "v6", [DataType.Ipv6Addr]) with { IsInterval = true };
        var ports = Set.Map(Inet, "ports", [DataType.InetService], [DataType.Mark]) with { IsInterval = true };
        oracle.Same(
            batch =>
            {
                batch.Add(Inet);
                batch.Add(networks);
                batch.Add(v6);
                batch.Add(ports);
            },
            batch =>
            {
                batch.Add(
                    networks,
                    Network("10.0.0.0/8") with
                    {
                        Comment = "private",
                    },
                    Network("192.168.1.1/32"),
                    Between("172.16.0.5", "172.16.0.9"),
                    Network("240.0.0.0/4")
                );
                batch.Add(
                    v6,
                    Network("2001:db8::/32") with
                    {
                        Verdict = Verdict.Accept,
                        Comment = "documentation",
                    },
                    Network("ff00::/8") with
                    {
                        Verdict = Verdict.Drop,
                    }
                );
                batch.Add(
                    ports,
                    Ports(0, 1023) with
                    {
                        Data = Field.Join(Field.Mark(1)),
                    },
                    Ports(1024, 65_535) with
                    {
                        Data = Field.Join(Field.Mark(2)),
                        Comment = "high",
                    }
                );
            },
            batch => batch.Create(networks, Network("11.0.0.0/8")),
            batch => batch.Delete(networks, Network("10.0.0.0/8"), Network("240.0.0.0/4"))
        );
        var client = oracle.Client;
        Assert.Equal(
            ["11.0.0.0/8", "172.16.0.5-172.16.0.9", "192.168.1.1"],
            client.ListElements(networks).Select(e => e.Describe(networks))
        );
        Assert.Equal(
            ["2001:db8::/32 comment \"documentation\" : accept", "ff00::/8 : drop"],
            client.ListElements(v6).Select(e => e.Describe(v6))
        );
        Assert.Equal(
            ["0-1023 : 0x00000001", "1024-65535 comment \"high\" : 0x00000002"],
            client.ListElements(ports).Select(e => e.Describe(ports))
        );
        Assert.Equal("high", client.Find(ports, Ports(1024, 65_535))!.Comment);
        Assert.Null(client.Find(ports, Ports(1024, 2000)));
        Assert.NotNull(client.Find(networks, Network("192.168.1.1/32")));
    }

    private static SetElement Network(string text)
    {
        var network = IPPrefix.Parse(text);
        return new SetElement(Field.Join(Field.Of(network.Address))) { KeyEnd = Field.Join(Field.Of(network.Last)) };
    }

    private static SetElement Between(string from, string to) =>
        new(Field.Join(Field.Of(IPAddr.Parse(from)))) { KeyEnd = Field.Join(Field.Of(IPAddr.Parse(to))) };

    private static SetElement Ports(ushort from, ushort to) => new(Field.Join(Field.Port(from))) { KeyEnd = Field.Join(Field.Port(to)) };

    [KernelTheory]
    [InlineData(NftFamily.IPv4)]
    [InlineData(NftFamily.Inet)]
    [InlineData(NftFamily.Bridge)]
    public void Nameless_sets(NftFamily family)
    {
        using var oracle = new NftOracle();
        var table = new Table(family, "t");
        var chain = new Chain(table, "c") { Hook = new ChainHook(ChainType.Filter, NftHook.Prerouting, 0) };
        var drop = new VerdictStatement(Verdict.Drop);
        oracle.Same(
            batch =>
            {
                batch.Add(table);
                batch.Add(chain);
                foreach (var inverted in new[] { false, true })
                {
                    var one = Addresses(inverted, "10.0.0.1", "10.0.0.9", "192.168.0.1");
                    var ranges = Addresses(inverted, "10.0.0.0/8", "192.168.1.1", "0.0.0.0/8", "224.0.0.0/3");
                    var overlapping = Addresses(inverted, "10.2.0.0/16", "10.0.0.0/8", "11.0.0.0/8", "10.1.1.1", "12.0.0.1");
                    foreach (
                        var statement in new[]
                        {
                            one,
                            ranges,
                            overlapping,
                            PortsOf(inverted, (80, 80), (443, 443)),
                            PortsOf(inverted, (1, 9), (443, 443), (10, 10), (60_000, 65_535)),
                        }
                    )
                    {
                        batch.Add(new Rule(chain, [statement]));
                        batch.Add(new Rule(chain, [statement, drop]) { Comment = "one of them" });
                    }

                    batch.Add(
                        new Rule(chain, [ranges, PortsOf(!inverted, (1, 1), (3, 3)), one, new Counter()]) { Comment = "several sets" }
                    );
                }

                batch.Add(
                    new Rule(
                        chain,
                        [
                            new AnonymousLookup(
                                Selector.Iifname,
                                [(Field.Link("eth0"), Field.Link("eth0")), (Field.Link("a"), Field.Link("a"))]
                            ),
                            drop,
                        ]
                    )
                );
                batch.Add(
                    new Rule(
                        chain,
                        [new AnonymousLookup(Selector.MetaMark, [(Field.Mark(5), Field.Mark(5)), (Field.Mark(0x100), Field.Mark(0x100))])]
                    )
                );
            },
            batch =>
            {
                // With sets and rules before and behind in the same batch.
                batch.Add(new Set(table, "named", [DataType.Ipv4Addr]));
                batch.Insert(new Rule(chain, [Addresses(false, "1.1.1.1", "2.2.2.2")]));
                batch.Add(new Set(table, "later", [DataType.Ipv4Addr]));
                batch.Add(new Rule(chain, [PortsOf(false, (1, 2), (4, 9))]));
            },
            batch => batch.Flush(chain)
        );
        Assert.Equal(["named", "later"], oracle.Client.ListSets(table).Select(s => s.Name));
    }

    private static AnonymousLookup Addresses(bool inverted, params string[] texts) =>
        new(
            Selector.Saddr(is6: false),
            texts
                .Select(t => t.Contains('/', StringComparison.Ordinal) ? IPPrefix.Parse(t) : new IPPrefix(IPAddr.Parse(t), 32))
                .Select(n => (Field.Of(n.Address), Field.Of(n.Last)))
                .ToArray(),
            inverted
        );

    private static AnonymousLookup PortsOf(bool inverted, params (ushort From, ushort To)[] ports) =>
        new(Selector.PortOf("tcp", 6, isSource: false), ports.Select(p => (Field.Port(p.From), Field.Port(p.To))).ToArray(), inverted);

    [KernelFact]
    public void A_nameless_set_of_many_values()
    {
        using var oracle = new NftOracle();
        var chain = new Chain(Inet, "c");
        oracle.Same(batch =>
        {
            batch.Add(Inet);
            batch.Add(chain);
            batch.Add(
                new Rule(chain, [PortsOf(false, Enumerable.Range(1, 5000).Select(i => ((ushort)(i * 3), (ushort)(i * 3 + 1))).ToArray())])
            );
        });
    }

    [KernelFact]
    public void Elements_that_go_by_themselves()
    {
        using var oracle = new NftOracle();
        var plain = new Set(Inet, "plain", [DataType.Ipv4Addr]) { AllowsTimeouts = true };
        var hour = new Set(Inet, "an_hour", [DataType.Ipv4Addr]) { Timeout = TimeSpan.FromHours(1), Comment = "an hour" };
        var address = Field.Join(Field.Of(IPAddr.Parse("10.0.0.1")));
        oracle.Same(batch =>
        {
            batch.Add(Inet);
            batch.Add(plain);
            batch.Add(hour);
            batch.Add(
                plain,
                new SetElement(address) { Timeout = TimeSpan.FromSeconds(90), Comment = "a while" },
                new SetElement(Field.Join(Field.Of(IPAddr.Parse("10.0.0.2"))))
            );
            batch.Add(hour, new SetElement(address));
        });
        Assert.Equal(TimeSpan.FromSeconds(90), oracle.Client.Find(plain, new SetElement(address))!.Timeout);
        var brief = new NftablesBatch();
        brief.Add(plain, new SetElement(Field.Join(Field.Of(IPAddr.Parse("10.0.0.3")))) { Timeout = TimeSpan.FromMilliseconds(50) });
        oracle.Client.Commit(brief);
        Assert.True(SpinWait.SpinUntil(() => oracle.Client.ListElements(plain).Count == 2, TimeSpan.FromSeconds(10)));
    }

    [KernelFact]
    public void Sets_are_deleted_and_emptied()
    {
        using var oracle = new NftOracle();
        var set = new Set(Inet, "s", [DataType.InetService]);
        var map = Set.Map(Inet, "m", [DataType.InetService], [DataType.Ipv4Addr]);
        oracle.Same(
            batch =>
            {
                batch.Add(Inet);
                batch.Add(set);
                batch.Add(map);
                batch.Add(set, new SetElement(Field.Join(Field.Port(1))));
            },
            batch => batch.Flush(set),
            batch => batch.Delete(set),
            batch => batch.Delete(map)
        );
    }
}
