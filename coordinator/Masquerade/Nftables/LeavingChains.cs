using System.Buffers.Binary;
using System.Globalization;
using Plugboard.Coordinator.Masquerade.Configuration;
using Plugboard.Firewall.Nftables;
using Plugboard.Firewall.Nftables.Statements;
using Plugboard.Linux;

namespace Plugboard.Coordinator.Masquerade.Nftables;

/// <summary>
/// What becomes of a packet that is to be masqueraded. Where there are several ranges of ports, one map leads to a chain for each, as often
/// as the range has ports; pure.
/// </summary>
internal sealed class LeavingChains
{
    private static readonly (string Word, byte Number)[] ProtocolsWithPorts = [("tcp", 6), ("udp", 17), ("sctp", 132)];

    private readonly List<Chain> chains = [];
    private readonly List<Rule> rules = [];
    private readonly List<PlannedSet> sets = [];
    private readonly NatOptions nat;
    private readonly ValueArray<SnatAddress> snat;

    public LeavingChains(MasqueradeOptions options, ValueArray<SnatAddress> snat)
    {
        nat = options.RandomFully ? NatOptions.FullyRandom : NatOptions.None;
        this.snat = snat;
        if (options.ToPorts.Items.Count > 1)
            AddMap(options.ToPorts);
        else
            AddRules(First, options.ToPorts.IsAny ? null : options.ToPorts.Items[0]);
        chains.Add(First);
    }

    /// <summary>Where packets are led that are to be masqueraded; none comes back.</summary>
    public static Chain First { get; } = new(NftablesPlan.Table, "leaving");

    /// <summary>The chains, the first one last.</summary>
    public IReadOnlyList<Chain> Chains => chains;

    /// <summary>Their rules.</summary>
    public IReadOnlyList<Rule> Rules => rules;

    /// <summary>The map of the ranges of ports, where there is one.</summary>
    public IReadOnlyList<PlannedSet> Sets => sets;

    private void AddMap(PortRanges ranges)
    {
        var total = (uint)ranges.Count;
        var map = Set.VerdictMap(NftablesPlan.Table, "port_ranges", [DataType.Number]) with { IsInterval = true, RandomBelow = total };
        var elements = new List<SetElement>();
        var start = 0u;
        foreach (var range in ranges.Items)
        {
            var chain = new Chain(NftablesPlan.Table, string.Create(CultureInfo.InvariantCulture, $"leaving_{range.First}_{range.Last}"));
            chains.Add(chain);
            AddRules(chain, range);
            var end = start + (uint)range.Count;
            elements.Add(new SetElement(InOrder(start)) { KeyEnd = InOrder(end - 1), Verdict = Verdict.Goto(chain.Name) });
            start = end;
        }

        sets.Add(new PlannedSet(map, elements));
        rules.Add(
            new(First, [new VerdictMap(map, Selector.NumgenInc(total))])
            {
                Comment = "one of the ranges of ports, each as often as it has ports",
            }
        );
    }

    private static byte[] InOrder(uint number)
    {
        var bytes = new byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, number);
        return bytes;
    }

    private void AddRules(Chain chain, PortRange? range)
    {
        if (range is { } ports)
        {
            foreach (var (word, number) in ProtocolsWithPorts)
                AddRules(chain, word + " ", [Cmp.Equal(Selector.L4Proto, Field.Protocol(number))], new NatPorts(ports.First, ports.Last));
        }

        AddRules(chain, "", [], null);
    }

    private void AddRules(Chain chain, string word, Statement[] protocol, NatPorts? ports)
    {
        foreach (var (link, address) in snat.Select(each => (each.Link, each.Address)))
        {
            var source = new Snat(address) { Ports = ports, Options = nat };
            rules.Add(
                new(chain, [Cmp.Equal(Selector.Oifname, Field.Link(link)), new NfProto(address.Is6), .. protocol, source])
                {
                    Comment = $"{word}by {link} with {address}",
                }
            );
        }

        rules.Add(
            new(chain, [.. protocol, new Firewall.Nftables.Statements.Masquerade { Ports = ports, Options = nat }])
            {
                Comment = $"{word}with the link's address",
            }
        );
    }
}
