using Plugboard.Addresses;
using Plugboard.Netlink.Route;
using Plugboard.Netlink.Route.Links;

namespace Plugboard.Tests.Unit.Netlink.RouteTests;

public sealed class IPForwardingTests
{
    private static readonly BridgePort port = new(BridgePortState.Forwarding, Hairpin: false, Isolated: false);

    private static Link Named(string name, int index, int acceptRa = 1) =>
        new()
        {
            Index = index,
            Name = name,
            IPv6 = new LinkIPv6 { AcceptRa = acceptRa },
        };

    private static string[] Learning(params Link[] links) => [.. IPForwarding.LinksThatLearn(links, []).Select(static link => link.Name)];

    [Fact]
    public void A_link_that_takes_advertisements_is_kept_learning_up_or_not() =>
        Assert.Equal(["eth0", "eth1"], Learning(Named("eth0", 2) with { Flags = LinkFlags.Up }, Named("eth1", 3)));

    [Fact]
    public void A_link_that_a_program_of_the_node_configures_is_left_alone() => Assert.Equal([], Learning(Named("eth0", 2, acceptRa: 0)));

    [Fact]
    public void A_link_that_learns_though_it_forwards_needs_nothing() => Assert.Equal([], Learning(Named("eth0", 2, acceptRa: 2)));

    [Fact]
    public void A_link_that_forwards_already_takes_none_and_is_not_made_to() =>
        Assert.Equal(
            [],
            Learning(
                Named("eth0", 2) with
                {
                    IPv6 = new LinkIPv6 { AcceptRa = 1, Forwarding = true },
                }
            )
        );

    [Fact]
    public void A_link_whose_IPv6_is_switched_off_learns_once_it_is_switched_on() =>
        Assert.Equal(
            ["eth0"],
            Learning(
                Named("eth0", 2) with
                {
                    IPv6 = new LinkIPv6 { AcceptRa = 1, Disabled = true },
                }
            )
        );

    [Fact]
    public void A_link_without_IPv6_and_the_loopback_device_are_passed_over() =>
        Assert.Equal([], Learning(new Link { Index = 2, Name = "small" }, Named("lo", 1) with { Flags = LinkFlags.Loopback }));

    [Fact]
    public void A_bridges_port_is_passed_over_and_the_bridge_with_the_uplink_is_not() =>
        Assert.Equal(["br0"], Learning(Named("br0", 2) with { Kind = "bridge" }, Named("eth0", 3) with { MasterIndex = 2, Port = port }));

    [Fact]
    public void A_bridge_that_leads_to_containers_only_is_passed_over_unless_a_route_was_learned_there()
    {
        Link[] links =
        [
            Named("br0", 2) with
            {
                Kind = "bridge",
            },
            Named("veth0", 3) with
            {
                Kind = "veth",
                LinkNetNsId = 0,
                MasterIndex = 2,
                Port = port,
            },
        ];
        Assert.Equal([], Learning(links));
        Route learned = new()
        {
            Dst = IPPrefix.Default(is6: true),
            OutInterface = 2,
            Protocol = RouteProtocol.RouterAdvertisement,
        };
        Assert.Equal("br0", Assert.Single(IPForwarding.LinksThatLearn(links, [learned])).Name);
    }

    [Fact]
    public void A_bridge_without_ports_may_get_an_uplink_yet() => Assert.Equal(["br0"], Learning(Named("br0", 2) with { Kind = "bridge" }));
}
