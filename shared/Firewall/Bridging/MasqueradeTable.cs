using Plugboard.Addresses;
using Plugboard.Firewall.Nftables;
using Plugboard.Firewall.Nftables.Statements;
using Plugboard.Firewall.Pods;

namespace Plugboard.Firewall.Bridging;

/// <summary>
/// Table <c>inet plugboard_masquerade</c>: what pods of networks with ipMasq send beyond their own network leaves with the node's address.
/// A pod is two elements, not a chain.
/// </summary>
internal sealed class MasqueradeTable : NodeTable
{
    private readonly Chain postrouting;
    private readonly Chain leaving;
    private readonly Set pods4;
    private readonly Set pods6;
    private readonly Set networks4;
    private readonly Set networks6;

    public MasqueradeTable()
        : base(
            new Table(NftFamily.Inet, "plugboard_masquerade")
            {
                Comment = "Pods that leave their network with the address of this node, by the CNI plugin bridge",
            }
        )
    {
        leaving = new Chain(Table, "leaving");
        postrouting = new Chain(Table, "postrouting") { Hook = new ChainHook(ChainType.Nat, NftHook.Postrouting, 100) };
        (pods4, networks4) = MakeSets(is6: false);
        (pods6, networks6) = MakeSets(is6: true);
    }

    private (Set Pods, Set Networks) MakeSets(bool is6)
    {
        var address = DataType.Address(is6);
        var suffix = is6 ? "6" : "4";
        return (
            new Set(Table, "pods" + suffix, [address]) { AllowsTimeouts = true, GcInterval = GcInterval },
            new Set(Table, "own_network" + suffix, [address, address])
            {
                IsInterval = true,
                AllowsTimeouts = true,
                GcInterval = GcInterval,
            }
        );
    }

    /// <inheritdoc/>
    public override IReadOnlyList<Set> Sets => [pods4, networks4, pods6, networks6];

    /// <inheritdoc/>
    public override IReadOnlyList<Set> PodSets => Sets;

    /// <inheritdoc/>
    public override ulong Layout => 0xbad43bc87e30e6ec;

    /// <inheritdoc/>
    public override IReadOnlyList<Chain> Chains => [leaving, postrouting];

    /// <inheritdoc/>
    public override IReadOnlyList<Rule> Rules =>
        [
            new(leaving, [Cmp.InNetwork(Selector.Daddr(is6: false), IPPrefix.Parse("224.0.0.0/4")), new VerdictStatement(Verdict.Return)])
            {
                Comment = "multicast is left alone",
            },
            new(leaving, [Cmp.InNetwork(Selector.Daddr(is6: true), IPPrefix.Parse("ff00::/8")), new VerdictStatement(Verdict.Return)])
            {
                Comment = "IPv6 multicast is left alone",
            },
            StaysHome(networks4, is6: false, "within the pod's own network"),
            StaysHome(networks6, is6: true, "within the pod's own IPv6 network"),
            new(leaving, [new Masquerade()]) { Comment = "all else leaves with the node's address" },
            FromPod(pods4, is6: false, "only what pods send"),
            FromPod(pods6, is6: true, "only what pods send by IPv6"),
        ];

    private Rule StaysHome(Set networks, bool is6, string why) =>
        new(leaving, [new Lookup(networks, Selector.Saddr(is6), Selector.Daddr(is6)), new VerdictStatement(Verdict.Return)])
        {
            Comment = why,
        };

    private Rule FromPod(Set pods, bool is6, string why) =>
        new(postrouting, [new Lookup(pods, Selector.Saddr(is6)), new VerdictStatement(Verdict.Jump(leaving.Name))]) { Comment = why };

    /// <summary>The two elements of a pod's address.</summary>
    public IEnumerable<PlannedElement> ElementsOf(IPPrefix pod, string comment)
    {
        var what = $"masquerading of {pod.Address}";
        var address = Field.Of(pod.Address);
        var network = pod.Network;
        yield return new PlannedElement(pod.Is6 ? pods6 : pods4, new SetElement(Field.Join(address)) { Comment = comment }, what);
        yield return new PlannedElement(
            pod.Is6 ? networks6 : networks4,
            new SetElement(Field.Join(address, Field.Of(network.Address)))
            {
                KeyEnd = Field.Join(address, Field.Of(network.Last)),
                Comment = comment,
            },
            what
        );
    }
}
