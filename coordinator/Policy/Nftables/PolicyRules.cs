using Plugboard.Coordinator.Policy.Compiling;
using Plugboard.Coordinator.Policy.Objects;
using Plugboard.Firewall.Nftables;
using Plugboard.Firewall.Nftables.Statements;

namespace Plugboard.Coordinator.Policy.Nftables;

/// <summary>The compiled rules as nftables has them. Pure.</summary>
/// <param name="options">How packets are refused.</param>
internal sealed class PolicyRules(PolicyOptions options)
{
    /// <summary>The bit of a flow's labels that says that policy forbids it now.</summary>
    public const int CutLabel = 119;

    private const uint LogBurst = 5;
    private const ulong LoggedPerSecond = 10;
    private const int LongestPrefix = 120;
    private const byte FirstOfDiscovery = 133,
        LastOfDiscovery = 137;

    /// <summary>The table; it has no foreign objects.</summary>
    public static Table Table { get; } = new(NftFamily.Inet, "plugboard_policy") { Comment = "Network policy, by the coordinator" };

    // Two base chains: what egress allows must still pass ingress, and "accept" ends one base chain only.
    private static readonly Chain EgressHook = new(Table, "egress") { Hook = new ChainHook(ChainType.Filter, NftHook.Forward, 0) };
    private static readonly Chain IngressHook = new(Table, "ingress") { Hook = new ChainHook(ChainType.Filter, NftHook.Forward, 1) };

    /// <summary>The chain that refuses packets of established connections, and counts them.</summary>
    public static Chain Cut { get; } = new(Table, "refuse_established");

    // No packet comes here: a rule that sets a label is what gives the flows of before Linux 6.15 room for one.
    private static readonly Chain Room = new(Table, "labels");
    private static readonly bool[] families = [false, true];

    /// <summary>True if established connections can be cut: the kernel may have no labels.</summary>
    public bool HasLabels { get; init; } = options.CutsEstablished;

    /// <summary>True if no other process may change the table.</summary>
    public bool IsGuarded { get; init; } = options.Guards;

    /// <summary>The same for a kernel that has no labels of flows.</summary>
    public PolicyRules WithoutLabels() => new(options) { HasLabels = false, IsGuarded = IsGuarded };

    /// <summary>The same for a kernel whose tables cannot be guarded.</summary>
    public PolicyRules WithoutGuard() => new(options) { HasLabels = HasLabels, IsGuarded = false };

    /// <summary>The whole table.</summary>
    public TableDefinition Define(PolicyTable table)
    {
        var chains = new List<Chain>();
        var rules = new List<Rule>();
        foreach (var direction in new[] { PolicyDirection.Egress, PolicyDirection.Ingress })
        {
            chains.AddRange([RefusalOf(direction), UnknownOf(direction)]);
            rules.AddRange(Refuse(RefusalOf(direction), log: null));
            rules.AddRange(RefuseUnknown(direction));
        }

        if (HasLabels)
        {
            chains.AddRange([Room, Cut]);
            rules.Add(new Rule(Room, [CtLabel.Set(CutLabel)]) { Comment = "gives flows room for a label; no packet comes here" });
            rules.AddRange(Refuse(Cut, "of connections that no policy allows now"));
        }

        // Those that are jumped to come first.
        foreach (var chain in table.Chains.Values.OrderBy(static chain => chain.IsProfile))
        {
            chains.Add(ChainOf(chain));
            rules.AddRange(RulesOf(chain));
        }

        chains.AddRange([EgressHook, IngressHook]);
        rules.AddRange(HookRules(EgressHook, PolicyDirection.Egress));
        rules.AddRange(HookRules(IngressHook, PolicyDirection.Ingress));
        return new TableDefinition
        {
            Table = Table with { IsGuarded = IsGuarded },
            Sets = [.. table.Sets.Keys.Select(SetOf)],
            Chains = chains,
            Rules = rules,
            Elements =
            [
                .. table.Sets.Select(static set =>
                    (
                        SetOf(set.Key),
                        (IReadOnlyList<SetElement>)[.. set.Value.Select(element => ElementOf(set.Key, element.Key, element.Value))]
                    )
                ),
            ],
        };
    }

    /// <summary>A change of the table.</summary>
    public NftablesBatch Change(PolicyDelta delta)
    {
        var batch = new NftablesBatch();
        foreach (var set in delta.NewSets)
            batch.Add(SetOf(set));
        foreach (var chain in delta.NewChains)
        {
            batch.Add(ChainOf(chain));
            foreach (var rule in RulesOf(chain))
                batch.Add(rule);
        }

        foreach (var (set, elements) in delta.Elements)
        {
            var named = SetOf(set);
            var gone = elements.Where(static change => change.Before is not null).ToList();
            if (gone.Count > 0)
                batch.Delete(named, [.. gone.Select(change => ElementOf(set, change.Element, change.Before!))]);
            var come = elements.Where(static change => change.After is not null).ToList();
            if (come.Count > 0)
                batch.Add(named, [.. come.Select(change => ElementOf(set, change.Element, change.After!))]);
        }

        foreach (var chain in delta.GoneChains)
        {
            batch.Flush(ChainOf(chain));
            batch.Delete(ChainOf(chain));
        }

        foreach (var set in delta.GoneSets)
            batch.Delete(SetOf(set));
        return batch;
    }

    private static Chain ChainOf(PolicyChain chain) => new(Table, chain.Name) { Comment = chain.Comment };

    /// <summary>The chain that refuses packets, and counts them.</summary>
    public static Chain RefusalOf(PolicyDirection direction) => new(Table, $"refuse_{PolicyWords.Of(direction)}");

    private static Chain UnknownOf(PolicyDirection direction) => new(Table, $"unknown_{PolicyWords.Of(direction)}");

    private static Selector SubjectOf(PolicyDirection direction, bool is6) =>
        direction == PolicyDirection.Egress ? Selector.Saddr(is6) : Selector.Daddr(is6);

    private IEnumerable<Rule> RefuseUnknown(PolicyDirection direction)
    {
        var chain = UnknownOf(direction);
        foreach (var is6 in families)
            yield return new Rule(
                chain,
                [new Lookup(SetOf(PolicySet.Ready(is6)), SubjectOf(direction, is6)), new VerdictStatement(Verdict.Return)]
            )
            {
                Comment = $"{(is6 ? "IPv6" : "IPv4")} of pods that are known",
            };
        if (options.Logs)
            yield return LogRule(chain, $"{PolicyWords.Of(direction)} of a pod that is not known");
        yield return new Rule(chain, [new VerdictStatement(Verdict.Goto(RefusalOf(direction).Name))]) { Comment = "all others" };
    }

    private static Set SetOf(PolicySet set) =>
        set.Kind switch
        {
            PolicySetKind.Blocks => new Set(Table, set.Name, [Address(set)]) { IsInterval = true },
            PolicySetKind.Ports => new Set(Table, set.Name, [DataType.InetProto, DataType.InetService]) { IsInterval = true },
            PolicySetKind.NamedPorts => new Set(Table, set.Name, [Address(set), DataType.InetProto, DataType.InetService]),
            PolicySetKind.Profiles => Set.VerdictMap(Table, set.Name, [Address(set)]),
            PolicySetKind.Pairs => new Set(Table, set.Name, [Address(set), Address(set)]),
            _ => new Set(Table, set.Name, [Address(set)]),
        } with
        {
            Comment = set.Comment,
        };

    private static DataType Address(PolicySet set) => DataType.Address(set.Is6!.Value);

    private static SetElement ElementOf(PolicySet set, PolicyElement element, string chain) =>
        set.Kind switch
        {
            PolicySetKind.Blocks => new SetElement(Field.Of(element.Address).Bytes) { KeyEnd = Field.Of(element.Last).Bytes },
            PolicySetKind.Ports => new SetElement(Field.Join(Field.Protocol(element.Protocol), Field.Port(element.Port)))
            {
                KeyEnd = Field.Join(Field.Protocol(element.Protocol), Field.Port(element.LastPort)),
            },
            PolicySetKind.NamedPorts => new SetElement(
                Field.Join(Field.Of(element.Address), Field.Protocol(element.Protocol), Field.Port(element.Port))
            ),
            PolicySetKind.Profiles => new SetElement(Field.Of(element.Address).Bytes) { Verdict = Verdict.Jump(chain) },
            PolicySetKind.Pairs => new SetElement(Field.Join(Field.Of(element.Address), Field.Of(element.Last))),
            _ => new SetElement(Field.Of(element.Address).Bytes),
        };

    private IEnumerable<Rule> HookRules(Chain hook, PolicyDirection direction)
    {
        // One hook is enough: each packet that is forwarded passes both.
        if (HasLabels && direction == PolicyDirection.Egress)
            yield return new Rule(hook, [CtLabel.IsSet(CutLabel), new VerdictStatement(Verdict.Goto(Cut.Name))])
            {
                Comment = "established, and not allowed now",
            };
        yield return new Rule(hook, [Ct.FindState("established,related")!, new VerdictStatement(Verdict.Accept)])
        {
            Comment = "what belongs to a connection is not judged",
        };
        // Frames between two ports of a bridge come here too; what a router passed on is none. Source: RFC 4861, 11.2.
        yield return new Rule(
            hook,
            [
                Cmp.Equal(Selector.HopLimit, Field.Protocol(byte.MaxValue)),
                Cmp.Within(Selector.Icmpv6Type, Field.Protocol(FirstOfDiscovery), Field.Protocol(LastOfDiscovery)),
                new VerdictStatement(Verdict.Accept),
            ]
        )
        {
            Comment = "neighbour discovery",
        };
        foreach (var is6 in families)
        {
            var family = is6 ? "IPv6" : "IPv4";
            yield return new Rule(
                hook,
                [new Lookup(SetOf(PolicySet.Own(is6)), Selector.Saddr(is6), Selector.Daddr(is6)), new VerdictStatement(Verdict.Accept)]
            )
            {
                Comment = $"{family} from a pod to itself",
            };
            yield return new Rule(
                hook,
                [
                    new Lookup(SetOf(PolicySet.Networks(is6)), SubjectOf(direction, is6)),
                    new VerdictStatement(Verdict.Jump(UnknownOf(direction).Name)),
                ]
            )
            {
                Comment = $"{family} of pods that may be unknown",
            };
            var map = direction == PolicyDirection.Egress ? PolicySet.Egress(is6) : PolicySet.Ingress(is6);
            yield return new Rule(hook, [new VerdictMap(SetOf(map), SubjectOf(direction, is6))])
            {
                Comment = $"{family} {(direction == PolicyDirection.Egress ? "from" : "to")} isolated pods",
            };
        }
    }

    private IEnumerable<Rule> Refuse(Chain chain, string? log)
    {
        if (options.Logs && log is not null)
            yield return LogRule(chain, log);
        if (options.Rejects)
            yield return new Rule(chain, [new Counter(), new Reject(withReset: true)]) { Comment = "refused TCP" };
        yield return new Rule(chain, [new Counter(), options.Rejects ? new Reject() : new VerdictStatement(Verdict.Drop)])
        {
            Comment = "refused",
        };
    }

    private IEnumerable<Rule> RulesOf(PolicyChain chain)
    {
        var own = ChainOf(chain);
        foreach (var step in chain.Steps)
        {
            if (options.Logs && step.Action == RuleAction.Deny)
                yield return LogRule(own, $"{PolicyWords.Of(chain.Direction)} by cluster policy {step.Rule}", MatchesOf(chain, step));
            yield return new Rule(own, StatementsOf(chain, step))
            {
                Comment = step.Rule.Length > 0 ? PolicyNames.Comment($"{step.Action} by {step.Rule}") : "",
            };
        }

        if (chain is not { IsProfile: true, IsOpen: false })
            yield break;
        if (options.Logs)
            yield return LogRule(own, chain.Comment);
        yield return new Rule(own, [new VerdictStatement(Verdict.Goto(RefusalOf(chain.Direction).Name))]);
    }

    private static Rule LogRule(Chain chain, string what, params IEnumerable<Statement> matches)
    {
        var prefix = $"refused {what}: ";
        return new Rule(
            chain,
            [
                .. matches,
                new Limit(LoggedPerSecond, LimitPer.Second) { Burst = LogBurst },
                new Log(prefix.Length <= LongestPrefix ? prefix : prefix[..LongestPrefix]),
            ]
        );
    }

    private static List<Statement> StatementsOf(PolicyChain chain, PolicyStep step)
    {
        if (step.Chain.Length > 0)
            return [new VerdictStatement(Verdict.Jump(step.Chain))];
        return
        [
            .. MatchesOf(chain, step),
            new VerdictStatement(
                step.Action switch
                {
                    RuleAction.Accept => Verdict.Accept,
                    RuleAction.Deny => Verdict.Goto(RefusalOf(chain.Direction).Name),
                    _ => Verdict.Return,
                }
            ),
        ];
    }

    private static List<Statement> MatchesOf(PolicyChain chain, PolicyStep step)
    {
        var statements = new List<Statement>();
        if (step.Peers is { Is6: { } is6 } peers)
        {
            var other = chain.Direction == PolicyDirection.Ingress ? Selector.Saddr(is6) : Selector.Daddr(is6);
            statements.Add(new Lookup(SetOf(peers), other));
        }

        if (step.Ports is { } ports)
        {
            Selector[] port = [Selector.L4Proto, Selector.Dport];
            statements.Add(new Lookup(SetOf(ports), ports.Is6 is { } family ? [Selector.Daddr(family), .. port] : port));
        }

        return statements;
    }
}
