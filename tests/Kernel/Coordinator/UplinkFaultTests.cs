using Plugboard.Addresses;
using Plugboard.Testing;
using static Plugboard.Tests.Kernel.Coordinator.UplinkChoice;

namespace Plugboard.Tests.Kernel.Coordinator;

/// <summary>What a node says that has no link by which it reaches the others, or not the one that it was asked for.</summary>
public sealed class UplinkFaultTests
{
    [KernelTheory]
    [InlineData("--iface=eth9", "", "there is no link by which other nodes are reached: --iface eth9: no such link")]
    [InlineData(
        "--iface=192.168.9.9",
        "",
        "there is no link by which other nodes are reached: --iface 192.168.9.9: no link of this node has it"
    )]
    [InlineData("--iface=eth0", "link set eth0 down", "there is no link by which other nodes are reached: --iface eth0: eth0 is down")]
    [InlineData(
        "--iface=eth0",
        "addr flush dev eth0",
        "there is no link by which other nodes are reached: --iface eth0: eth0 has no IPv4 address that other nodes could use"
    )]
    [InlineData("--iface=lo", "", "there is no link by which other nodes are reached: --iface lo: lo is the loopback link")]
    [InlineData(
        "--iface=cni0",
        "",
        "there is no link by which other nodes are reached: --iface cni0: cni0 is a link to this node's own pods or containers"
    )]
    [InlineData(
        "--iface-regex=^wlan",
        "",
        "there is no link by which other nodes are reached: --iface-regex ^wlan: no address and no link matches"
    )]
    [InlineData(
        "--iface-can-reach=203.0.113.7",
        "",
        "there is no link by which other nodes are reached: --iface-can-reach 203.0.113.7: there is no route to it"
    )]
    [InlineData("", "", "there is no link by which other nodes are reached: no usable default route; name one with --iface")]
    [InlineData(
        "",
        "route add default dev lo",
        "there is no link by which other nodes are reached: no usable default route; name one with --iface (the default route leaves "
            + "by it: lo is the loopback link; packets to 1.1.1.1 leave by it: lo is the loopback link)"
    )]
    public void The_reason_for_no_uplink_is_reported_for_each_flag(string flags, string setup, string why)
    {
        using var machine = new TestMachine();

        var (text, _, fault) = Choose(machine, $"{Node}\n{setup}", flags, Self);

        Assert.Equal(("none", why), (text, fault));
    }

    [KernelFact]
    public void An_annotation_that_asks_for_an_address_the_node_has_not_is_named_and_takes_nothing_away()
    {
        using var machine = new TestMachine();
        var asking = Self with { WishedAddresses = [IPAddr.Parse("192.168.77.1")] };

        var before = Choose(machine, $"{Node}\nroute add default via 192.168.0.254", "", asking);
        Assert.Equal(
            (
                "none",
                "there is no link by which other nodes are reached: the annotation node-public-ip asks for 192.168.77.1: no link of "
                    + "this node has it"
            ),
            (before.Text, before.Fault)
        );

        var used = Choose(machine, "", "", Self).Uplink;
        var after = Choose(machine, "", "", asking, used);
        Assert.Equal(
            (
                "eth0 192.168.0.1",
                "the annotation node-public-ip asks for 192.168.77.1: no link of this node has it; eth0, which is in use, stays"
            ),
            (after.Text, after.Fault)
        );
        var instead = Choose(machine, "", "--iface=eth1", asking, used);
        Assert.Equal(
            (
                "eth1 10.0.0.5",
                "the annotation node-public-ip asks for 192.168.77.1: no link of this node has it; eth1 is used instead, by --iface eth1"
            ),
            (instead.Text, instead.Fault)
        );
        Assert.Equal(
            "eth1 10.0.0.6",
            Choose(machine, "", "--iface=eth0", Self with { WishedAddresses = [IPAddr.Parse("10.0.0.6")] }, used).Text
        );
    }
}
