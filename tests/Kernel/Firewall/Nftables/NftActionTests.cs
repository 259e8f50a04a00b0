using Plugboard.Addresses;
using Plugboard.Firewall.Nftables;
using Plugboard.Firewall.Nftables.Statements;
using Plugboard.Testing;

namespace Plugboard.Tests.Kernel.Firewall.Nftables;

/// <summary>Statements that do something, and rules at a place, are what nft makes of their words.</summary>
public sealed class NftActionTests
{
    private static readonly VerdictStatement Accept = new(Verdict.Accept);
    private static readonly Cmp Tcp = Cmp.Equal(Selector.L4Proto, Field.Protocol(6));

    [KernelTheory]
    [InlineData(NftFamily.IPv4)]
    [InlineData(NftFamily.IPv6)]
    [InlineData(NftFamily.Inet)]
    [InlineData(NftFamily.Bridge)]
    public void Marks_counters_limits_logs_and_refusals(NftFamily family)
    {
        using var oracle = new NftOracle();
        var table = new Table(family, "t");
        var chain = new Chain(table, "c")
        {
            Hook = new ChainHook(ChainType.Filter, family == NftFamily.Bridge ? NftHook.Prerouting : NftHook.Input, 0),
        };
        oracle.Same(batch =>
        {
            batch.Add(table);
            batch.Add(chain);
            foreach (var statement in Actions(family))
            {
                batch.Add(new Rule(chain, [statement]) { Comment = "alone" });
                batch.Add(new Rule(chain, [Cmp.Equal(Selector.PortOf("tcp", 6, isSource: false), Field.Port(80)), statement]));
                batch.Add(new Rule(chain, [Tcp, new Counter(), statement]));
                // nft asks for TCP before the address then; it is the same.
                if (statement.ToString()!.EndsWith("reset", StringComparison.Ordinal))
                    continue;
                foreach (var is6 in NftStatementTests.Versions(family))
                    batch.Add(
                        new Rule(chain, [Cmp.Equal(Selector.Saddr(is6), NftOracleTests.Sample(DataType.Address(is6), 3)), statement])
                    );
            }
        });
    }

    private static IEnumerable<Statement> Actions(NftFamily family)
    {
        yield return new Counter();
        foreach (var per in Enum.GetValues<LimitPer>())
        {
            yield return new Limit(10, per);
            yield return new Limit(7, per) { Burst = 9, IsOver = true };
        }

        yield return new Log();
        yield return new Log("hello there: ");
        yield return Cmp.Equal(Selector.NumgenRandom(2), Field.Number(0));
        yield return Cmp.Equal(Selector.NumgenRandom(10), Field.Number(3), inverted: true);
        if (family == NftFamily.Bridge)
            yield break;
        // A bridge's need a module of their own (nft_reject_bridge).
        yield return new Reject();
        yield return new Reject(withReset: true);
        yield return Cmp.Equal(Selector.CtDirection, Field.Direction(isReply: false));
        yield return Cmp.Equal(Selector.CtDirection, Field.Direction(isReply: true), inverted: true);
    }

    [KernelTheory]
    [InlineData(NftFamily.IPv4)]
    [InlineData(NftFamily.IPv6)]
    [InlineData(NftFamily.Inet)]
    public void Changes_of_addresses_with_ports_and_options(NftFamily family)
    {
        using var oracle = new NftOracle();
        var table = new Table(family, "t");
        var after = new Chain(table, "after") { Hook = new ChainHook(ChainType.Nat, NftHook.Postrouting, 100) };
        NatPorts?[] some = [null, new NatPorts(8080), new NatPorts(1024, 2047)];
        NatOptions[] options =
        [
            NatOptions.None,
            NatOptions.Random,
            NatOptions.Persistent,
            NatOptions.FullyRandom,
            NatOptions.Random | NatOptions.Persistent,
        ];
        oracle.Same(batch =>
        {
            batch.Add(table);
            batch.Add(after);
            foreach (var ports in some)
            {
                foreach (var option in options)
                {
                    batch.Add(new Rule(after, [Tcp, new Masquerade { Ports = ports, Options = option }]));
                    foreach (var is6 in NftStatementTests.Versions(family))
                    {
                        var address = IPAddr.Parse(is6 ? "2001:db8::5" : "10.1.2.5");
                        var from = Cmp.Equal(Selector.Saddr(is6), NftOracleTests.Sample(DataType.Address(is6), 1));
                        batch.Add(new Rule(after, [from, Tcp, new Snat(address) { Ports = ports, Options = option }]));
                        if (family != NftFamily.Inet)
                            batch.Add(new Rule(after, [Tcp, new Snat(address) { Ports = ports, Options = option }]));
                    }
                }
            }
        });
    }

    [KernelFact]
    public void Rules_are_put_where_they_are_wanted()
    {
        using var oracle = new NftOracle();
        var table = new Table(NftFamily.Inet, "t");
        var chain = new Chain(table, "c");
        oracle.Same(
            batch =>
            {
                batch.Add(table);
                batch.Add(chain);
                batch.Add(Named("b"));
                batch.Add(Named("e"));
            },
            batch => batch.Insert(Named("a")),
            batch => batch.Add(Named("c"), after: oracle.Client.ListRules(chain)[1]),
            batch => batch.Insert(Named("d"), before: oracle.Client.ListRules(chain)[3]),
            batch => batch.Replace(oracle.Client.ListRules(chain)[1], Named("B")),
            batch =>
                batch.Replace(oracle.Client.ListRules(chain)[2], new Rule(chain, [Among("10.0.0.1", "10.0.0.5"), Accept]) { Comment = "C" })
        );
        Assert.Equal("a B C d e", string.Join(' ', oracle.Client.ListRules(chain).Select(r => r.Comment)));

        Rule Named(string comment) => new(chain, [Accept]) { Comment = comment };
    }

    private static AnonymousLookup Among(params string[] addresses) =>
        new(Selector.Saddr(is6: false), addresses.Select(a => (Field.Of(IPAddr.Parse(a)), Field.Of(IPAddr.Parse(a)))).ToArray());
}
