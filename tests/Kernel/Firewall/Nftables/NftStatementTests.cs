using Plugboard.Addresses;
using Plugboard.Firewall.Nftables;
using Plugboard.Firewall.Nftables.Statements;
using Plugboard.Testing;

namespace Plugboard.Tests.Kernel.Firewall.Nftables;

/// <summary>Every statement, in every family where nft takes it, is what nft makes of its words.</summary>
public sealed class NftStatementTests
{
    private static readonly NftFamily[] Families = [NftFamily.IPv4, NftFamily.IPv6, NftFamily.Inet, NftFamily.Bridge];

    private static readonly VerdictStatement Accept = new(Verdict.Accept);

    public static TheoryData<NftFamily, ChainType> Chains
    {
        get
        {
            var data = new TheoryData<NftFamily, ChainType>();
            foreach (var family in Families)
            {
                data.Add(family, ChainType.Filter);
                if (family != NftFamily.Bridge)
                    data.Add(family, ChainType.Nat);
            }

            return data;
        }
    }

    [KernelTheory]
    [MemberData(nameof(Chains))]
    public void Comparisons_and_verdicts(NftFamily family, ChainType type)
    {
        using var oracle = new NftOracle();
        var table = new Table(family, "t");
        var chain = new Chain(table, "c") { Hook = new ChainHook(type, NftHook.Prerouting, -100) };
        oracle.Same(batch =>
        {
            batch.Add(table);
            batch.Add(new Chain(table, "other"));
            batch.Add(chain);
            foreach (var verdict in new[] { Verdict.Accept, Verdict.Drop, Verdict.Return, Verdict.Jump("other"), Verdict.Goto("other") })
                batch.Add(new Rule(chain, [new VerdictStatement(verdict)]) { Comment = "decides" });
            foreach (var statement in Comparisons(family))
            {
                batch.Add(new Rule(chain, [statement]));
                batch.Add(new Rule(chain, [statement, Accept]) { Comment = "with a verdict" });
            }
        });
    }

    private static IEnumerable<Statement> Comparisons(NftFamily family)
    {
        foreach (var inverted in new[] { false, true })
        {
            foreach (var is6 in Versions(family))
            {
                foreach (var selector in new[] { Selector.Saddr(is6), Selector.Daddr(is6) })
                {
                    var address = Field.Of(IPAddr.Parse(is6 ? "2001:db8::1" : "10.1.2.3"));
                    yield return Cmp.Equal(selector, address, inverted);
                    yield return Cmp.Within(selector, address, Field.Of(IPAddr.Parse(is6 ? "2001:db8::1:9" : "10.1.2.77")), inverted);
                    foreach (
                        var network in is6
                            ? new[] { "2001:db8::/32", "2001:db8:1::/45", "ff00::/8", "::1/128" }
                            : ["10.0.0.0/8", "10.1.2.4/30", "127.0.0.0/8", "10.1.1.1/32", "224.0.0.0/4"]
                    )
                        yield return Cmp.InNetwork(selector, IPPrefix.Parse(network), inverted);
                }
            }

            foreach (var selector in Ports())
            {
                yield return Cmp.Equal(selector, Field.Port(443), inverted);
                yield return Cmp.Within(selector, Field.Port(1), Field.Port(1023), inverted);
            }

            foreach (var protocol in new byte[] { 6, 17, 132, 47 })
                yield return Cmp.Equal(Selector.L4Proto, Field.Protocol(protocol), inverted);
            yield return Cmp.Equal(Selector.MetaMark, Field.Mark(0x2000), inverted);
            yield return Cmp.Within(Selector.MetaMark, Field.Mark(0x10), Field.Mark(0x2000), inverted);
            // Flows of a bridge need a module of their own (nf_conntrack_bridge).
            if (family != NftFamily.Bridge)
                yield return Cmp.Equal(Selector.CtMark, Field.Mark(7), inverted);
            yield return Cmp.Equal(Selector.Iifname, Field.Link("eth0"), inverted);
            yield return Cmp.Equal(Selector.EtherSaddr, Field.Of(new MacAddress(0x020000000001)), inverted);
        }

        if (family != NftFamily.Bridge)
        {
            yield return Ct.FindState("new")!;
            yield return Ct.FindState("established,related")!;
            yield return Ct.FindState("invalid,untracked")!;
            yield return Ct.DestinationChanged;
            yield return new FibType();
        }

        if (family is NftFamily.Inet)
        {
            yield return new NfProto(false);
            yield return new NfProto(true);
        }
    }

    internal static bool[] Versions(NftFamily family) =>
        family switch
        {
            NftFamily.IPv4 => [false],
            NftFamily.IPv6 => [true],
            _ => [false, true],
        };

    private static IEnumerable<Selector> Ports()
    {
        foreach (var isSource in new[] { true, false })
        {
            yield return Selector.PortOf("tcp", 6, isSource);
            yield return Selector.PortOf("udp", 17, isSource);
            yield return Selector.PortOf("sctp", 132, isSource);
            yield return isSource ? Selector.Sport : Selector.Dport;
        }
    }

    [KernelTheory]
    [InlineData(NftFamily.IPv4)]
    [InlineData(NftFamily.IPv6)]
    [InlineData(NftFamily.Inet)]
    [InlineData(NftFamily.Bridge)]
    public void Lookups(NftFamily family)
    {
        using var oracle = new NftOracle();
        var table = new Table(family, "t");
        var chain = new Chain(table, "c") { Hook = new ChainHook(ChainType.Filter, NftHook.Prerouting, 0) };
        oracle.Same(batch =>
        {
            batch.Add(table);
            batch.Add(chain);
            var number = 0;
            foreach (var is6 in Versions(family))
            {
                foreach (var selectors in Keys(is6, family))
                {
                    var key = selectors.Select(s => s.Type).ToArray();
                    var set = new Set(table, $"s{++number}", key);
                    var map = Set.VerdictMap(table, $"v{number}", key);
                    batch.Add(set);
                    batch.Add(map);
                    batch.Add(new Rule(chain, [new Lookup(set, selectors), Accept]) { Comment = "in it" });
                    batch.Add(new Rule(chain, [new VerdictMap(map, selectors)]));
                }
            }
        });
    }

    private static IEnumerable<Selector[]> Keys(bool is6, NftFamily family)
    {
        yield return [Selector.Saddr(is6)];
        yield return [Selector.Saddr(is6), Selector.Daddr(is6)];
        yield return [Selector.L4Proto, Selector.Dport];
        yield return [Selector.Daddr(is6), Selector.L4Proto, Selector.Dport];
        yield return [Selector.Iifname];
        yield return [Selector.Iifname, Selector.EtherSaddr];
        yield return [Selector.MetaMark];
        if (family != NftFamily.Bridge)
            yield return [Selector.CtMark, Selector.Saddr(is6)];
    }

    [KernelTheory]
    [InlineData(NftFamily.IPv4)]
    [InlineData(NftFamily.IPv6)]
    [InlineData(NftFamily.Inet)]
    public void Changes_of_addresses(NftFamily family)
    {
        using var oracle = new NftOracle();
        var table = new Table(family, "t");
        var before = new Chain(table, "before") { Hook = new ChainHook(ChainType.Nat, NftHook.Prerouting, -100) };
        var after = new Chain(table, "after") { Hook = new ChainHook(ChainType.Nat, NftHook.Postrouting, 100) };
        oracle.Same(batch =>
        {
            batch.Add(table);
            batch.Add(before);
            batch.Add(after);
            batch.Add(new Rule(after, [Cmp.Equal(Selector.Oifname, Field.Link("eth0")), new Masquerade()]) { Comment = "leaves" });
            foreach (var is6 in Versions(family))
            {
                var tcp = Cmp.Equal(Selector.PortOf("tcp", 6, isSource: false), Field.Port(8080));
                var map = Set.Map(
                    table,
                    is6 ? "m6" : "m4",
                    [DataType.InetProto, DataType.InetService],
                    [DataType.Address(is6), DataType.InetService]
                );
                batch.Add(map);
                Statement[] isOfFamily = family == NftFamily.Inet ? [new NfProto(is6)] : [];
                batch.Add(new Rule(before, [.. isOfFamily, tcp, new Dnat(IPAddr.Parse(is6 ? "2001:db8::5" : "10.1.2.5"), 80)]));
                batch.Add(new Rule(before, [.. isOfFamily, new DnatMap(is6, map, Selector.L4Proto, Selector.Dport)]));
            }
        });
    }
}
