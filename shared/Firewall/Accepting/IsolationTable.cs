using Plugboard.Firewall.Nftables;
using Plugboard.Firewall.Nftables.Statements;
using Plugboard.Firewall.Pods;

namespace Plugboard.Firewall.Accepting;

/// <summary>
/// Table <c>inet plugboard_firewall</c>: what pods of bridges with an ingress policy send to each other is dropped. A drop is final,
/// whatever other tables accept. The elements are the bridges', not single pods'.
/// </summary>
internal sealed class IsolationTable : NodeTable
{
    private readonly Chain forward;
    private readonly Set bridges;
    private readonly Set within;
    private readonly Set isolated;

    public IsolationTable()
        : base(
            new Table(NftFamily.Inet, "plugboard_firewall")
            {
                Comment = "Bridges whose pods do not reach those of other bridges, by the CNI plugin firewall",
            }
        )
    {
        forward = new Chain(Table, "forward") { Hook = new ChainHook(ChainType.Filter, NftHook.Forward, 0) };
        bridges = new Set(Table, "bridges", [DataType.IfName]);
        within = new Set(Table, "within_bridges", [DataType.IfName, DataType.IfName]);
        isolated = new Set(Table, "isolated_bridges", [DataType.IfName, DataType.IfName]);
    }

    /// <inheritdoc/>
    public override IReadOnlyList<Set> Sets => [bridges, within, isolated];

    /// <inheritdoc/>
    public override IReadOnlyList<Set> PodSets => [];

    /// <inheritdoc/>
    public override ulong Layout => 0xbcc98ee4342fe897;

    /// <inheritdoc/>
    public override IReadOnlyList<Chain> Chains => [forward];

    /// <inheritdoc/>
    public override IReadOnlyList<Rule> Rules =>
        [
            new(forward, [new Lookup(isolated, Selector.Iifname, Selector.Oifname), new VerdictStatement(Verdict.Drop)])
            {
                Comment = "ingressPolicy isolated: not even within the bridge",
            },
            new(forward, [new Lookup(within, Selector.Iifname, Selector.Oifname), new VerdictStatement(Verdict.Return)])
            {
                Comment = "ingressPolicy same-bridge: within the bridge",
            },
            new(forward, [new Lookup(bridges, Selector.Iifname), new Lookup(bridges, Selector.Oifname), new VerdictStatement(Verdict.Drop)])
            {
                Comment = "from one bridge with an ingressPolicy to another",
            },
        ];

    /// <summary>The elements of a bridge with a policy; open: none.</summary>
    public IReadOnlyList<(Set Set, SetElement Element)> ElementsOf(string bridge, IngressPolicy policy)
    {
        var link = Field.Link(bridge);
        var pair = new SetElement(Field.Join(link, link));
        return policy switch
        {
            IngressPolicy.Open => [],
            IngressPolicy.SameBridge => [(bridges, new SetElement(Field.Join(link))), (within, pair)],
            _ => [(bridges, new SetElement(Field.Join(link))), (within, pair), (isolated, pair)],
        };
    }
}
