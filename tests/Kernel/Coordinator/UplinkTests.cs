using Plugboard.Addresses;
using Plugboard.Coordinator.Cluster;
using Plugboard.Linux;
using Plugboard.Testing;
using static Plugboard.Tests.Kernel.Coordinator.UplinkChoice;

namespace Plugboard.Tests.Kernel.Coordinator;

/// <summary>
/// By which link and from which address a node reaches the others: a row for each of flanneld's flags and for each kind of default route.
/// </summary>
public sealed class UplinkTests
{
    [KernelTheory]
    // No flag: the default route, in whichever form.
    [InlineData("route add default via 192.168.0.254", "", "eth0 192.168.0.1")]
    [InlineData("route add default dev eth1", "", "eth1 10.0.0.5")]
    [InlineData("route add default via 192.168.0.254 metric 200;route add default via 10.0.0.1 metric 100", "", "eth1 10.0.0.5")]
    [InlineData("route add default nexthop via 10.0.0.1 dev eth1 nexthop via 10.0.0.2 dev eth1", "", "eth1 10.0.0.5")]
    [InlineData("route add default nexthop via 192.168.0.254 dev eth0 nexthop via 10.0.0.1 dev eth1", "", "eth0 192.168.0.1")]
    [InlineData(
        "route add default nexthop via 192.168.0.254 dev eth0 nexthop via 10.0.0.1 dev eth1;link set eth0 down",
        "",
        "eth1 10.0.0.5"
    )]
    [InlineData("nexthop add id 1 via 10.0.0.1 dev eth1;route add default nhid 1", "", "eth1 10.0.0.5")]
    [InlineData(
        "nexthop add id 1 via 10.0.0.1 dev eth1;nexthop add id 2 via 192.168.0.254 dev eth0;nexthop add id 3 group 1/2;route add "
            + "default nhid 3",
        "",
        "eth1 10.0.0.5"
    )]
    [InlineData("route add default via 203.0.113.1 dev eth1 onlink", "", "eth1 10.0.0.5")]
    [InlineData(
        "addr add 2001:db8::1/64 dev eth1 nodad;route add default via inet6 2001:db8::fe dev eth1",
        "",
        "eth1 10.0.0.5, 2001:db8::1"
    )]
    [InlineData("route add default via 10.0.0.1 src 10.0.0.6", "", "eth1 10.0.0.6")]
    [InlineData("addr add 2001:db8::1/64 dev eth0 nodad;route add default via 2001:db8::fe", "", "eth0 192.168.0.1, 2001:db8::1")]
    [InlineData(
        "addr add 2001:db8::1/64 dev eth0 nodad;route add default via fe80::1 dev eth0 proto ra",
        "",
        "eth0 192.168.0.1, 2001:db8::1"
    )]
    // A VPN that takes half of the internet each is no default route, nor is one that no packet leaves by.
    [InlineData("route add default via 192.168.0.254;route add 0.0.0.0/1 dev eth1;route add 128.0.0.0/1 dev eth1", "", "eth0 192.168.0.1")]
    [InlineData("route add default via 192.168.0.254;route add unreachable ::/0 metric 4096", "", "eth0 192.168.0.1")]
    [InlineData("route add unreachable ::/0 metric 4096", "", "none")]
    [InlineData("route add blackhole ::/0", "", "none")]
    [InlineData("route add blackhole default;route add default via 10.0.0.1 metric 100", "", "eth1 10.0.0.5")]
    [InlineData("route add prohibit default", "", "none")]
    [InlineData("route add unreachable default", "", "none")]
    [InlineData("route add default dev lo", "", "none")]
    [InlineData("route add default dev docker0", "", "none")]
    [InlineData("route add default dev cni0", "", "none")]
    // Rules and other tables.
    [InlineData("route add default via 10.0.0.1 table 100;rule add from all lookup 100", "", "eth1 10.0.0.5")]
    [InlineData("route add default via 10.0.0.1 src 10.0.0.6 table 100;rule add from all lookup 100", "", "eth1 10.0.0.6")]
    [InlineData("route add default via 10.0.0.1 table 100", "", "none")]
    [InlineData(
        "route add default via 192.168.0.254;route add default via 10.0.0.1 table 100;rule add from all lookup 100",
        "",
        "eth0 192.168.0.1"
    )]
    // A link that goes or has no cable.
    [InlineData(
        "route add default via 192.168.0.254 metric 1;route add default via 10.0.0.1 metric 2;link set eth0p down",
        "",
        "eth1 10.0.0.5"
    )]
    [InlineData("route add default via 192.168.0.254;link set eth0p down", "", "eth0 192.168.0.1")]
    [InlineData("", "", "none")]
    // --iface, by name and by address.
    [InlineData("route add default via 192.168.0.254", "--iface=eth1", "eth1 10.0.0.5")]
    [InlineData("route add default via 192.168.0.254", "-iface=eth1", "eth1 10.0.0.5")]
    [InlineData("route add default via 192.168.0.254", "--iface=10.0.0.6", "eth1 10.0.0.6")]
    [InlineData("route add default via 192.168.0.254", "--iface=eth1 --public-ip=10.0.0.6", "eth1 10.0.0.6")]
    [InlineData("route add default via 192.168.0.254", "--iface=eth1 --public-ip=203.0.113.9", "eth1 10.0.0.5")]
    [InlineData("", "--iface=eth9 --iface=eth1", "eth1 10.0.0.5")]
    [InlineData("link set eth0 down", "--iface=eth0 --iface=eth1", "eth1 10.0.0.5")]
    [InlineData("link set eth0p down", "--iface=eth0 --iface=eth1", "eth1 10.0.0.5")]
    [InlineData("link set eth0p down", "--iface=eth0", "eth0 192.168.0.1")]
    [InlineData("addr flush dev eth0", "--iface=eth0 --iface=eth1", "eth1 10.0.0.5")]
    [InlineData("addr flush dev eth0", "--iface=eth0,eth1", "eth1 10.0.0.5")]
    [InlineData("", "--iface=192.168.77.1 --iface=10.0.0.6", "eth1 10.0.0.6")]
    [InlineData("route add default via 192.168.0.254", "--iface=eth9", "none")]
    [InlineData("route add default via 192.168.0.254", "--iface=lo --iface=cni0 --iface=docker0", "none")]
    // --iface-regex, on addresses before names, after --iface.
    [InlineData("", "--iface-regex=^10\\.", "eth1 10.0.0.5")]
    [InlineData("", "--iface-regex=^10\\.0\\.0\\.6$", "eth1 10.0.0.6")]
    [InlineData("", "--iface-regex=eth1", "eth1 10.0.0.5")]
    [InlineData("", "--iface-regex=.", "eth0 192.168.0.1")]
    [InlineData("", "--iface-regex=^lo$ --iface-regex=^eth1$", "eth1 10.0.0.5")]
    [InlineData("", "--iface-regex=^eth0$ --iface=eth1", "eth1 10.0.0.5")]
    [InlineData("", "--iface-regex=docker", "none")]
    // --iface-can-reach: the link and the address that ip route get tells.
    [InlineData(
        "route add default via 192.168.0.254;route add 203.0.113.0/24 via 10.0.0.1 src 10.0.0.6",
        "--iface-can-reach=203.0.113.7",
        "eth1 10.0.0.6"
    )]
    [InlineData(
        "route add default via 192.168.0.254;route add 203.0.113.0/24 via 10.0.0.1 table 100;rule add to 203.0.113.0/24 lookup 100",
        "--iface-can-reach=203.0.113.7",
        "eth1 10.0.0.5"
    )]
    [InlineData("route add unreachable 203.0.113.0/24;route add default via 192.168.0.254", "--iface-can-reach=203.0.113.7", "none")]
    // --public-ip alone.
    [InlineData("route add default via 192.168.0.254", "--public-ip=10.0.0.6", "eth1 10.0.0.6")]
    [InlineData("route add default via 192.168.0.254", "--public-ip=203.0.113.9", "eth0 192.168.0.1")]
    [InlineData(
        "addr add 2001:db8::1/64 dev eth1 nodad;addr add 2001:db8::2/64 dev eth1 nodad;route add default via 192.168.0.254",
        "--public-ipv6=2001:db8::2",
        "eth1 10.0.0.5, 2001:db8::2"
    )]
    // Addresses that come and go.
    [InlineData(
        "route add default via 192.168.0.254;addr flush dev eth0;addr add 192.168.0.1/24 dev eth0 valid_lft 3600 preferred_lft "
            + "3600;addr add 192.168.0.200/32 dev eth0;route add default via 192.168.0.254",
        "",
        "eth0 192.168.0.1"
    )]
    [InlineData(
        "addr flush dev eth0;addr add 192.168.0.1/24 dev eth0 valid_lft 3600 preferred_lft 3600;addr add 192.168.0.200/24 dev "
            + "eth0;route add default via 192.168.0.254",
        "",
        "eth0 192.168.0.1"
    )]
    [InlineData(
        "addr flush dev eth0;addr add 203.0.113.9/24 dev eth0;addr add 192.168.0.1/24 dev eth0 valid_lft 3600 preferred_lft "
            + "3600;route add default via 192.168.0.254",
        "",
        "eth0 192.168.0.1"
    )]
    [InlineData(
        "addr flush dev eth0;addr add 10.128.0.5/32 dev eth0;route add 10.128.0.1 dev eth0;route add default via 10.128.0.1",
        "",
        "eth0 10.128.0.5"
    )]
    [InlineData("addr add 169.254.1.1/16 dev eth0;addr del 192.168.0.1/24 dev eth0;route add default dev eth0", "", "none")]
    [InlineData(
        "addr add 192.168.9.9/24 dev eth0 preferred_lft 0 valid_lft 3600;addr del 192.168.0.1/24 dev eth0;addr add 192.168.8.8/24 "
            + "dev eth0;route add default dev eth0",
        "",
        "eth0 192.168.8.8"
    )]
    [InlineData(
        "addr add 2001:db8::7/64 dev eth0 nodad preferred_lft 0;addr add 2001:db8::1/64 dev eth0 nodad;route add default dev eth0",
        "",
        "eth0 192.168.0.1, 2001:db8::1"
    )]
    [InlineData(
        "addr add 2001:db8::7/128 dev eth0 nodad;addr add 2001:db8::1/64 dev eth0 nodad;route add default dev eth0",
        "",
        "eth0 192.168.0.1, 2001:db8::1"
    )]
    public void The_uplink_is_chosen(string setup, string flags, string expected)
    {
        using var machine = new TestMachine();

        Assert.Equal(expected, Choose(machine, $"{Node}\n{setup.Replace(';', '\n')}", flags, Self).Text);
    }

    [KernelTheory]
    // What is in use stays as long as it is there, whatever joins or goes.
    [InlineData("route del default;route add default via 10.0.0.1", "", "eth0 192.168.0.1")]
    [InlineData("route del default;route add unreachable ::/0 metric 4096", "", "eth0 192.168.0.1")]
    [InlineData("addr add 192.168.0.200/32 dev eth0", "", "eth0 192.168.0.1")]
    [InlineData("addr add 192.168.7.7/24 dev eth0;route replace default via 192.168.7.254", "", "eth0 192.168.0.1")]
    [InlineData("", "--iface=eth9", "eth0 192.168.0.1")]
    [InlineData("", "--iface-regex=^nothing$", "eth0 192.168.0.1")]
    [InlineData("addr add 192.168.0.2/24 dev eth0", "--iface-regex=^192", "eth0 192.168.0.1")]
    [InlineData("addr add 192.168.0.2/24 dev eth0", "--iface=eth0", "eth0 192.168.0.1")]
    [InlineData("link set eth0p down", "--iface=eth0 --iface=eth1", "eth0 192.168.0.1")]
    // What is asked for counts more.
    [InlineData("", "--iface=eth1", "eth1 10.0.0.5")]
    [InlineData("addr add 192.168.0.2/24 dev eth0", "--iface=192.168.0.2", "eth0 192.168.0.2")]
    // What is gone is not in use.
    [InlineData(
        "addr del 192.168.0.1/24 dev eth0;addr add 192.168.0.50/24 dev eth0;route replace default via 192.168.0.254",
        "",
        "eth0 192.168.0.50"
    )]
    [InlineData("link set eth0 down;route replace default via 10.0.0.1", "", "eth1 10.0.0.5")]
    [InlineData("link del eth0", "", "none")]
    public void What_is_in_use_stays(string change, string flags, string expected)
    {
        using var machine = new TestMachine();
        var before = Choose(machine, $"{Node}\nroute add default via 192.168.0.254", "", Self);
        Assert.Equal("eth0 192.168.0.1", before.Text);

        // As a later round knows it, and as another run finds it: by the tunnel that is there.
        machine.TryTool([
            "ip",
            "link",
            "add",
            "flannel.1",
            "type",
            "vxlan",
            "id",
            "1",
            "local",
            "192.168.0.1",
            "dev",
            "eth0",
            "dstport",
            "8472",
        ]);
        var after = Choose(machine, change.Replace(';', '\n'), flags, Self, before.Uplink);
        var again = Choose(machine, "", flags, Self);

        Assert.Equal((expected, expected), (after.Text, again.Text));
    }

    [KernelFact]
    public void Of_an_address_that_is_gone_it_is_not_said_that_it_is_the_reason()
    {
        using var machine = new TestMachine();
        var told = Self with { Addresses = [IPAddr.Parse("192.168.0.1")] };
        var before = Choose(machine, $"{Node}\nroute add default via 192.168.0.254", "", told);
        Assert.Equal("the source says that other nodes reach this node at 192.168.0.1", before.Uplink!.Why);

        var after = Choose(machine, "addr del 192.168.0.1/24 dev eth0\naddr add 192.168.0.50/24 dev eth0", "", told, before.Uplink);

        Assert.Equal(("eth0 192.168.0.50", "it stays in use; its address 192.168.0.1 is gone"), (after.Text, after.Uplink!.Why));
        Assert.Equal(after.Uplink, Choose(machine, "", "", told, after.Uplink).Uplink);
    }

    [KernelFact]
    public void Without_a_tunnel_the_links_routes_tell_what_is_in_use()
    {
        using var machine = new TestMachine();

        Assert.Equal(
            "eth1 10.0.0.5",
            Choose(machine, $"{Node}\nroute add default via 192.168.0.254\nroute add 10.244.2.0/24 via 10.0.0.9 proto 110", "", Self).Text
        );
    }

    [KernelFact]
    public void The_address_that_the_source_tells_of_this_node_counts_before_the_default_route()
    {
        using var machine = new TestMachine();

        Assert.Equal(
            "eth1 10.0.0.6",
            Choose(machine, $"{Node}\nroute add default via 192.168.0.254", "", Self with { Addresses = [IPAddr.Parse("10.0.0.6")] }).Text
        );
        Assert.Equal("eth0 192.168.0.1", Choose(machine, "", "", Self with { Addresses = [IPAddr.Parse("203.0.113.9")] }).Text);
    }

    [KernelFact]
    public void Without_any_way_out_the_network_in_which_the_others_are_counts()
    {
        using var machine = new TestMachine();
        var other = new ClusterNode { Name = "n2", Addresses = [IPAddr.Parse("10.0.0.9")] };

        Assert.Equal("eth1 10.0.0.5", Choose(machine, Node, "", Self, others: [other]).Text);
        Assert.Equal(
            "none",
            Choose(machine, "", "", Self, others: [other, other with { Name = "n3", Addresses = [IPAddr.Parse("192.168.0.3")] }]).Text
        );
    }

    [KernelTheory]
    [InlineData("10.244.1.0/24,fd00:1::/64", "eth1 10.0.0.5, 2001:db8::1")]
    [InlineData("fd00:1::/64", "eth1 10.0.0.5, 2001:db8::1")]
    [InlineData("10.244.1.0/24", "eth0 192.168.0.1")]
    public void A_link_that_serves_all_families_of_the_pods_counts_before_one_that_does_not(string pods, string expected)
    {
        using var machine = new TestMachine();
        var self = new ClusterNode { Name = "n1", PodCidrs = pods.Split(',').Select(text => IPPrefix.Parse(text)).ToValueArray() };

        Assert.Equal(
            expected,
            Choose(
                machine,
                $"{Node}\nroute add default via 192.168.0.254\naddr add 2001:db8::1/64 dev eth1 nodad\nroute add default via 2001:db8::fe",
                "",
                self
            ).Text
        );
    }
}
