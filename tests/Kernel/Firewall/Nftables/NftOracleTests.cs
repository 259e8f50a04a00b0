using Plugboard.Addresses;
using Plugboard.Firewall.Bridging;
using Plugboard.Firewall.HostPorts;
using Plugboard.Firewall.Nftables;
using Plugboard.Firewall.Nftables.Statements;
using Plugboard.Firewall.Pods;
using Plugboard.Testing;

namespace Plugboard.Tests.Kernel.Firewall.Nftables;

/// <summary>What a batch makes is what nft makes of the batch's own words.</summary>
public sealed class NftOracleTests
{
    [KernelTheory]
    [InlineData(NftFamily.IPv4)]
    [InlineData(NftFamily.IPv6)]
    [InlineData(NftFamily.Inet)]
    [InlineData(NftFamily.Bridge)]
    public void Tables_chains_and_comments(NftFamily family)
    {
        using var oracle = new NftOracle();
        var listing = oracle.Same(batch =>
        {
            var table = new Table(family, "t") { Comment = "a table's comment, with 'quotes' and ümlauts" };
            batch.Add(table);
            batch.Add(new Table(family, "silent"));
            batch.Add(new Chain(table, "plain"));
            batch.Add(new Chain(table, "told") { Comment = "what it is for" });
            foreach (var hook in Enum.GetValues<NftHook>())
            {
                batch.Add(
                    new Chain(table, $"f{(int)hook}")
                    {
                        Hook = new ChainHook(ChainType.Filter, hook, -300 + (int)hook) { DropsByDefault = hook == NftHook.Forward },
                    }
                );
                if (family != NftFamily.Bridge && hook != NftHook.Forward)
                    batch.Add(
                        new Chain(table, $"n{(int)hook}") { Hook = new ChainHook(ChainType.Nat, hook, 100), Comment = "changes addresses" }
                    );
            }

            if (family != NftFamily.Bridge)
                batch.Add(new Chain(table, "r") { Hook = new ChainHook(ChainType.Route, NftHook.Output, -150) });
        });
        Assert.Contains("comment \"what it is for\"", listing);
        Assert.Contains("policy drop", listing);
    }

    [KernelTheory]
    [InlineData(NftFamily.IPv4)]
    [InlineData(NftFamily.IPv6)]
    [InlineData(NftFamily.Inet)]
    [InlineData(NftFamily.Bridge)]
    public void Sets_and_maps_of_every_type_with_elements(NftFamily family)
    {
        using var oracle = new NftOracle();
        var table = new Table(family, "t");
        DataType[] types =
        [
            DataType.Ipv4Addr,
            DataType.Ipv6Addr,
            DataType.EtherAddr,
            DataType.InetProto,
            DataType.InetService,
            DataType.Mark,
            DataType.IfName,
        ];
        oracle.Same(
            batch =>
            {
                batch.Add(table);
                batch.Add(new Chain(table, "there"));
                foreach (var type in types)
                {
                    batch.Add(new Set(table, "s_" + type.Name, [type]) { Comment = "of " + type.Name });
                    batch.Add(Set.VerdictMap(table, "v_" + type.Name, [type]));
                    batch.Add(Set.Map(table, "m_" + type.Name, [type], [DataType.Mark]) with { Comment = "a map" });
                    batch.Add(Set.Map(table, "d_" + type.Name, [DataType.Mark, type], [type, DataType.InetService]));
                    batch.Add(new Set(table, "c_" + type.Name, [type, DataType.InetService, type]));
                }
            },
            batch =>
            {
                foreach (var type in types)
                {
                    var (one, two) = (Sample(type, 1), Sample(type, 2));
                    batch.Add(
                        new Set(table, "s_" + type.Name, [type]),
                        new SetElement(Field.Join(one)) { Comment = "the first" },
                        new SetElement(Field.Join(two))
                    );
                    batch.Add(
                        Set.VerdictMap(table, "v_" + type.Name, [type]),
                        new SetElement(Field.Join(one)) { Verdict = Verdict.Jump("there"), Comment = "jumps" },
                        new SetElement(Field.Join(two)) { Verdict = Verdict.Drop }
                    );
                    batch.Create(
                        Set.Map(table, "m_" + type.Name, [type], [DataType.Mark]),
                        new SetElement(Field.Join(one)) { Data = Field.Join(Field.Mark(0x2000)) }
                    );
                    batch.Add(
                        Set.Map(table, "d_" + type.Name, [DataType.Mark, type], [type, DataType.InetService]),
                        new SetElement(Field.Join(Field.Mark(1), one)) { Data = Field.Join(two, Field.Port(80)), Comment = "both" }
                    );
                    batch.Add(
                        new Set(table, "c_" + type.Name, [type, DataType.InetService, type]),
                        new SetElement(Field.Join(one, Field.Port(1), two))
                    );
                }
            },
            batch =>
            {
                foreach (var type in types)
                {
                    batch.Delete(new Set(table, "s_" + type.Name, [type]), new SetElement(Field.Join(Sample(type, 1))));
                    batch.Delete(
                        Set.VerdictMap(table, "v_" + type.Name, [type]),
                        new SetElement(Field.Join(Sample(type, 1))) { Verdict = Verdict.Jump("there") }
                    );
                }
            }
        );
    }

    internal static Field Sample(DataType type, byte number) =>
        type.Name switch
        {
            "ipv4_addr" => Field.Of(IPAddr.Parse($"10.1.2.{number}")),
            "ipv6_addr" => Field.Of(IPAddr.Parse($"2001:db8::{number}")),
            "ether_addr" => Field.Of(new MacAddress(number)),
            "inet_proto" => Field.Protocol(number == 1 ? (byte)6 : (byte)17),
            "inet_service" => Field.Port(number),
            "mark" => Field.Mark(0x4000u + number),
            _ => Field.Link($"eth{number}"),
        };

    [KernelFact]
    public void Concatenated_intervals()
    {
        using var oracle = new NftOracle();
        var table = new Table(NftFamily.Inet, "t");
        var pairs = new Set(table, "pairs", [DataType.Ipv4Addr, DataType.Ipv4Addr]) { IsInterval = true };
        var ports = new Set(table, "ports", [DataType.Ipv6Addr, DataType.InetProto, DataType.InetService])
        {
            IsInterval = true,
            Comment = "ranges",
        };
        var decides = Set.VerdictMap(table, "decides", [DataType.Ipv4Addr, DataType.InetService]) with { IsInterval = true };
        var (net, one) = (IPPrefix.Parse("10.0.0.0/8"), Field.Of(IPAddr.Parse("10.9.9.9")));
        var two = Field.Of(IPAddr.Parse("10.9.9.10"));
        var v6 = IPPrefix.Parse("2001:db8::/32");
        var all = IPPrefix.Parse("0.0.0.0/0");
        oracle.Same(
            batch =>
            {
                batch.Add(table);
                batch.Add(pairs);
                batch.Add(ports);
                batch.Add(decides);
                batch.Add(
                    pairs,
                    new SetElement(Field.Join(Field.Of(net.Address), one))
                    {
                        KeyEnd = Field.Join(Field.Of(net.Last), one),
                        Comment = "net to one",
                    },
                    new SetElement(Field.Join(Field.Of(all.Address), Field.Of(IPAddr.Parse("10.1.1.1"))))
                    {
                        KeyEnd = Field.Join(Field.Of(all.Last), Field.Of(IPAddr.Parse("10.1.1.1"))),
                    },
                    new SetElement(Field.Join(one, two)) { KeyEnd = Field.Join(one, two) }
                );
                batch.Add(
                    ports,
                    new SetElement(Field.Join(Field.Of(v6.Address), Field.Protocol(6), Field.Port(1000)))
                    {
                        KeyEnd = Field.Join(Field.Of(v6.Last), Field.Protocol(6), Field.Port(2000)),
                    }
                );
                batch.Add(
                    decides,
                    new SetElement(Field.Join(one, Field.Port(1)))
                    {
                        KeyEnd = Field.Join(one, Field.Port(9)),
                        Verdict = Verdict.Accept,
                        Comment = "low",
                    }
                );
            },
            batch =>
                batch.Delete(pairs, new SetElement(Field.Join(Field.Of(net.Address), one)) { KeyEnd = Field.Join(Field.Of(net.Last), one) })
        );
        Assert.Equal(2, oracle.Client.ListElements(pairs).Count);
        Assert.Equal("low", Assert.Single(oracle.Client.ListElements(decides)).Comment);
    }

    [KernelFact]
    public void Flushes_and_deletions()
    {
        using var oracle = new NftOracle();
        var table = new Table(NftFamily.Inet, "t");
        Chain one = new(table, "one"),
            two = new(table, "two");
        oracle.Same(
            batch =>
            {
                batch.Add(table);
                batch.Add(one);
                batch.Add(two);
                foreach (var port in new ushort[] { 1, 2, 3 })
                    batch.Add(
                        new Rule(
                            one,
                            [
                                Cmp.Equal(Selector.PortOf("tcp", 6, isSource: false), Field.Port(port)),
                                new VerdictStatement(Verdict.Jump("two")),
                            ]
                        )
                        {
                            Comment = $"port {port}",
                        }
                    );
                batch.Add(new Rule(two, [new VerdictStatement(Verdict.Return)]));
                batch.Add(new Table(NftFamily.IPv4, "gone"));
            },
            batch => batch.Delete(oracle.Client.ListRules(one)[1]),
            batch => batch.Flush(one),
            batch => batch.Delete(one),
            batch => batch.Delete(new Table(NftFamily.IPv4, "gone")),
            batch => batch.Delete(table)
        );
        Assert.False(oracle.Client.Has(table));
    }

    [KernelFact]
    public void The_tables_of_the_plugins()
    {
        using var oracle = new NftOracle();
        NodeTable[] tables = [new HostPortTable(), new MasqueradeTable(), new SpoofCheckTable()];
        var listing = oracle.Same(
            batch =>
            {
                foreach (var table in tables)
                    table.AddTo(batch);
            },
            batch => tables[0].AddTo(batch)
        );
        Assert.Contains("the pod's own address", listing);
        foreach (var table in tables)
        {
            Assert.Empty(table.FindDifference(oracle.Client, isThorough: true).Reasons);
            Assert.True(table.IsAsWritten(oracle.Client));
        }
    }
}
