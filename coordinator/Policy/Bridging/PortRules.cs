using Plugboard.Addresses;
using Plugboard.Firewall.Nftables;
using Plugboard.Firewall.Nftables.Statements;

namespace Plugboard.Coordinator.Policy.Bridging;

/// <summary>
/// Table <c>bridge plugboard_policy</c>: what one port of a bridge sends to another and the rules for addresses cannot judge. A pod's
/// link-local address is in no object, a datagram to a group has no pod's address, and the forward hook of IP does not see a frame that has
/// a VLAN tag; the receiver takes one with VLAN 0 as if it had none. Pure.
/// </summary>
internal static class PortRules
{
    private const byte Udp = 17;
    private const ushort BootpServer = 67,
        BootpClient = 68,
        Dhcpv6Client = 546,
        Dhcpv6Server = 547;

    // include/uapi/linux/icmpv6.h: queries and reports of multicast listeners, neighbour discovery, reports of version 2.
    private static readonly (byte First, byte Last, string What)[] housekeeping =
    [
        (130, 132, "listeners of multicast groups"),
        (133, 137, "neighbour discovery"),
        (143, 143, "listeners of multicast groups, version 2"),
    ];

    /// <summary>The table; it has no foreign objects.</summary>
    public static Table Table { get; } =
        new(NftFamily.Bridge, "plugboard_policy") { Comment = "Network policy between ports of one bridge, by the coordinator" };

    // Before br_netfilter hands the packet to the rules of IP.
    private static readonly Chain Forward = new(Table, "forward") { Hook = new ChainHook(ChainType.Filter, NftHook.Forward, -200) };
    private static readonly Chain Isolated = new(Table, "isolated");
    private static readonly Chain Receivers = new(Table, "receivers");
    private static readonly Set EgressPorts = new(Table, "egress_ports", [DataType.IfName]);
    private static readonly Set IngressPorts = new(Table, "ingress_ports", [DataType.IfName]);

    /// <summary>The whole table.</summary>
    public static TableDefinition Define(IsolatedPorts ports) =>
        new()
        {
            Table = Table,
            Sets = [EgressPorts, IngressPorts],
            Chains = [Isolated, Receivers, Forward],
            Rules = [.. RefusingRules(), .. ForwardRules()],
            Elements = [(EgressPorts, ElementsOf(ports.Egress)), (IngressPorts, ElementsOf(ports.Ingress))],
        };

    private static IReadOnlyList<SetElement> ElementsOf(IEnumerable<string> ports) =>
        [.. ports.Select(static port => new SetElement(Field.Link(port).Bytes))];

    private static IEnumerable<Rule> RefusingRules()
    {
        yield return Refusal(Isolated, new Lookup(EgressPorts, Selector.Iifname), "from pods isolated for egress");
        yield return Refusal(Isolated, new Lookup(IngressPorts, Selector.Oifname), "to pods isolated for ingress");
        // What a pod sends to a group is judged by its own address.
        yield return Refusal(Receivers, new Lookup(IngressPorts, Selector.Oifname), "to pods isolated for ingress");
    }

    private static Rule Refusal(Chain chain, Lookup ports, string comment) =>
        new(chain, [ports, new Counter(), new VerdictStatement(Verdict.Drop)]) { Comment = comment };

    private static IEnumerable<Rule> ForwardRules()
    {
        foreach (var (type, word) in new[] { ((ushort)0x8100, "802.1Q"), ((ushort)0x88a8, "802.1ad") })
            yield return Judged(
                Isolated,
                $"{word} tags of VLAN 0",
                Cmp.Equal(Selector.EtherType, Field.Port(type)),
                Cmp.Equal(Selector.VlanId, Field.Port(0))
            );
        foreach (var (first, last, what) in housekeeping)
            yield return Accepted(what, Cmp.Within(Selector.Icmpv6Type, Field.Protocol(first), Field.Protocol(last)));
        foreach (var (from, to) in new[] { (BootpServer, BootpClient), (Dhcpv6Client, Dhcpv6Server), (Dhcpv6Server, Dhcpv6Client) })
            yield return Accepted($"DHCP from port {from}", PortIs(isSource: true, from), PortIs(isSource: false, to));
        var local = IPPrefix.Parse("fe80::/10");
        yield return Judged(Isolated, "from link-local addresses", Cmp.InNetwork(Selector.Saddr(is6: true), local));
        yield return Judged(Isolated, "to link-local addresses", Cmp.InNetwork(Selector.Daddr(is6: true), local));
        yield return Judged(Receivers, "IPv6 multicast", Cmp.InNetwork(Selector.Daddr(is6: true), IPPrefix.Parse("ff00::/8")));
        yield return Judged(Receivers, "IPv4 multicast", Cmp.InNetwork(Selector.Daddr(is6: false), IPPrefix.Parse("224.0.0.0/4")));
        yield return Judged(
            Receivers,
            "IPv4 broadcast",
            new NfProto(is6: false),
            Cmp.Equal(Selector.EtherDaddr, Field.Of(new MacAddress(0xffffffffffff)))
        );
    }

    private static Cmp PortIs(bool isSource, ushort port) => Cmp.Equal(Selector.PortOf("udp", Udp, isSource), Field.Port(port));

    private static Rule Accepted(string what, params IReadOnlyList<Statement> matches) =>
        new(Forward, [.. matches, new VerdictStatement(Verdict.Accept)]) { Comment = what };

    private static Rule Judged(Chain by, string what, params IReadOnlyList<Statement> matches) =>
        new(Forward, [.. matches, new VerdictStatement(Verdict.Jump(by.Name))]) { Comment = what };
}
