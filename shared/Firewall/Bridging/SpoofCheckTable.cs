using Plugboard.Addresses;
using Plugboard.Firewall.Nftables;
using Plugboard.Firewall.Nftables.Statements;
using Plugboard.Firewall.Pods;

namespace Plugboard.Firewall.Bridging;

/// <summary>Table <c>bridge plugboard_macspoof</c>: a pod's link takes no frame with another hardware address than the pod's.</summary>
internal sealed class SpoofCheckTable : NodeTable
{
    private readonly Chain prerouting;
    private readonly Set links;
    private readonly Set addresses;

    public SpoofCheckTable()
        : base(
            new Table(NftFamily.Bridge, "plugboard_macspoof")
            {
                Comment = "Pods that send with their own hardware address only, by the CNI plugin bridge",
            }
        )
    {
        prerouting = new Chain(Table, "prerouting") { Hook = new ChainHook(ChainType.Filter, NftHook.Prerouting, -300) };
        links = new Set(Table, "checked_links", [DataType.IfName]) { AllowsTimeouts = true, GcInterval = GcInterval };
        addresses = new Set(Table, "addresses", [DataType.IfName, DataType.EtherAddr]) { AllowsTimeouts = true, GcInterval = GcInterval };
    }

    /// <inheritdoc/>
    public override IReadOnlyList<Set> Sets => [addresses, links];

    /// <inheritdoc/>
    public override IReadOnlyList<Set> PodSets => Sets;

    /// <inheritdoc/>
    public override ulong Layout => 0x65b544c9b5080401;

    /// <inheritdoc/>
    public override IReadOnlyList<Chain> Chains => [prerouting];

    /// <inheritdoc/>
    public override IReadOnlyList<Rule> Rules =>
        [
            new(prerouting, [new Lookup(addresses, Selector.Iifname, Selector.EtherSaddr), new VerdictStatement(Verdict.Return)])
            {
                Comment = "the pod's own address",
            },
            new(prerouting, [new Lookup(links, Selector.Iifname), new VerdictStatement(Verdict.Drop)])
            {
                Comment = "any other from a pod that is checked",
            },
        ];

    /// <summary>The two elements of a pod's link.</summary>
    public IEnumerable<PlannedElement> ElementsOf(string link, MacAddress mac, string comment)
    {
        var what = $"the check of hardware addresses on {link}";
        yield return new PlannedElement(addresses, new SetElement(Field.Join(Field.Link(link), Field.Of(mac))) { Comment = comment }, what);
        yield return new PlannedElement(links, new SetElement(Field.Join(Field.Link(link))) { Comment = comment }, what);
    }
}
