using Plugboard.Addresses;
using Plugboard.Firewall.Nftables;
using Plugboard.Firewall.Nftables.Statements;
using Plugboard.Firewall.Pods;

namespace Plugboard.Firewall.HostPorts;

/// <summary>
/// Table <c>inet plugboard_portmap</c>. The first packet of a flow to one of the node's own addresses costs a lookup in each of a few hash
/// maps, however many ports are published; whose an element is says its comment.
/// </summary>
internal sealed class HostPortTable : NodeTable
{
    // The names of chains of pods with conditions begin so.
    private const string OwnChainPrefix = "pod_";

    private readonly FamilyMaps v4;
    private readonly FamilyMaps v6;
    private readonly Chain hostports;
    private readonly Chain prerouting;
    private readonly Chain output;
    private readonly Chain postrouting;
    private readonly Chain martians;

    public HostPortTable()
        : base(
            new Table(NftFamily.Inet, "plugboard_portmap") { Comment = "Ports of this node that lead to pods, by the CNI plugin portmap" }
        )
    {
        v4 = new FamilyMaps(Table, is6: false);
        v6 = new FamilyMaps(Table, is6: true);
        LocalhostLinks = new Set(Table, "localhost_links", [DataType.IfName]);
        hostports = new Chain(Table, "hostports");
        prerouting = new Chain(Table, "prerouting") { Hook = new ChainHook(ChainType.Nat, NftHook.Prerouting, -100) };
        output = new Chain(Table, "output") { Hook = new ChainHook(ChainType.Nat, NftHook.Output, -100) };
        postrouting = new Chain(Table, "postrouting") { Hook = new ChainHook(ChainType.Nat, NftHook.Postrouting, 100) };
        martians = new Chain(Table, "martians") { Hook = new ChainHook(ChainType.Filter, NftHook.Prerouting, -300) };
    }

    /// <summary>Links to which connections from 127.0.0.0/8 are routed (route_localnet).</summary>
    public Set LocalhostLinks { get; }

    /// <summary>The maps of a family.</summary>
    public FamilyMaps Of(bool is6) => is6 ? v6 : v4;

    /// <inheritdoc/>
    public override IReadOnlyList<Set> PodSets => [.. v4.All, .. v6.All];

    /// <inheritdoc/>
    public override string PodChainPrefix => OwnChainPrefix;

    /// <summary>The chain of a pod with conditions.</summary>
    public override Chain OwnChainOf(string tag) => new(Table, OwnChainPrefix + tag);

    /// <summary>The tag of the pod whose own chain has this name; null: it is no pod's.</summary>
    public static string? FindOwnersTag(string chain) =>
        chain.StartsWith(OwnChainPrefix, StringComparison.Ordinal) ? AttachmentTag.Find(chain[OwnChainPrefix.Length..]) : null;

    /// <inheritdoc/>
    public override IReadOnlyList<Set> Sets => [.. PodSets, LocalhostLinks];

    /// <inheritdoc/>
    public override ulong Layout => 0xa174b1cf4ce2c108;

    /// <inheritdoc/>
    public override IReadOnlyList<Chain> Chains => [hostports, prerouting, output, postrouting, martians];

    /// <inheritdoc/>
    public override IReadOnlyList<Rule> Rules =>
        [
            new(prerouting, [new FibType(), new VerdictStatement(Verdict.Jump(hostports.Name))])
            {
                Comment = "only what is for this node itself",
            },
            new(output, [Cmp.Equal(Selector.Daddr(is6: true), Field.Of(IPAddr.V6(1))), new VerdictStatement(Verdict.Return)])
            {
                Comment = "the kernel routes nothing from ::1: refused at once, not lost",
            },
            new(output, [new FibType(), new VerdictStatement(Verdict.Jump(hostports.Name))])
            {
                Comment = "the node's own connections to itself",
            },
            .. HostPortsOf(v4, is6: false),
            .. HostPortsOf(v6, is6: true),
            Masquerades(v4, is6: false, "answers to the pod's network and to localhost come back this way"),
            Masquerades(v6, is6: true, "answers to the pod's network come back this way"),
            FromLocalhost(Selector.Saddr(is6: false), "127.0.0.0/8 does not come by a link"),
            FromLocalhost(Selector.Daddr(is6: false), "127.0.0.0/8 is not reached by a link"),
        ];

    private Rule[] HostPortsOf(FamilyMaps maps, bool is6)
    {
        Selector[] any = [Selector.L4Proto, Selector.Dport];
        Selector[] one = [Selector.Daddr(is6), .. any];
        var family = is6 ? "IPv6" : "IPv4";
        return
        [
            new(hostports, [new VerdictMap(maps.HostConditional, one)]) { Comment = $"{family}, one address: pods with conditions" },
            new(hostports, [new DnatMap(is6, maps.HostPorts, one)]) { Comment = $"{family}, one address" },
            new(hostports, [new NfProto(is6), new VerdictMap(maps.Conditional, any)])
            {
                Comment = $"{family}, all addresses: pods with conditions",
            },
            new(hostports, [new NfProto(is6), new DnatMap(is6, maps.Ports, any)]) { Comment = $"{family}, all addresses" },
        ];
    }

    private Rule Masquerades(FamilyMaps maps, bool is6, string why) =>
        new(postrouting, [Ct.DestinationChanged, new Lookup(maps.Masquerade, Selector.Saddr(is6), Selector.Daddr(is6)), new Masquerade()])
        {
            Comment = why,
        };

    private Rule FromLocalhost(Selector address, string why) =>
        new(
            martians,
            [
                new Lookup(LocalhostLinks, Selector.Iifname),
                Cmp.InNetwork(address, IPPrefix.Parse("127.0.0.0/8")),
                new VerdictStatement(Verdict.Drop),
            ]
        )
        {
            Comment = why,
        };
}
