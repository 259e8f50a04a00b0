using Plugboard.Addresses;
using Plugboard.Coordinator.Cluster;
using Plugboard.Coordinator.Configuration;
using Plugboard.Linux;

namespace Plugboard.Tests.Unit.Coordinator;

public sealed class PeerCheckTests
{
    private static readonly LocalNode Self = new()
    {
        Name = "self",
        PodCidrs = [IPPrefix.Parse("10.244.0.0/24"), IPPrefix.Parse("fd00:244::/64")],
        Addresses = [IPPrefix.Parse("192.168.0.1/24"), IPPrefix.Parse("fd00:192::1/64")],
    };

    private static ClusterNode Node(string name, string cidr, string address, int age = 0) =>
        new()
        {
            Name = name,
            PodCidrs = cidr.Length == 0 ? [] : cidr.Split(',').Select(text => IPPrefix.Parse(text)).ToValueArray(),
            Addresses = address.Split(',').Select(text => IPAddr.Parse(text)).ToValueArray(),
            CreatedAt = age == 0 ? null : DateTimeOffset.UnixEpoch.AddDays(age),
        };

    private static (ValueArray<ClusterNode> Accepted, IReadOnlyList<RefusedNode> Refused) Check(NetConf network, params ClusterNode[] nodes)
    {
        var check = new PeerCheck(network, Self);
        return (check.Accept(nodes), check.Refused);
    }

    [Fact]
    public void A_node_in_order_is_accepted_as_it_is()
    {
        var node = Node("b", "10.244.1.0/24,fd00:244:0:1::/64", "192.168.0.2,fd00:192::2");

        var (accepted, refused) = Check(new NetConf { Network = IPPrefix.Parse("10.244.0.0/16") }, node);

        Assert.Same(node, Assert.Single(accepted));
        Assert.Empty(refused);
    }

    [Theory]
    [InlineData("10.244.0.0/24", "this node's own network")]
    [InlineData("10.244.0.128/25", "a part of it")]
    [InlineData("0.0.0.0/0", "everything")]
    [InlineData("10.0.0.0/7", "too wide")]
    [InlineData("169.254.0.0/16", "link-local")]
    [InlineData("127.0.0.0/8", "loopback")]
    [InlineData("224.0.0.0/8", "multicast")]
    [InlineData("192.168.0.0/24", "what holds this node's own address")]
    [InlineData("fe80::/64", "IPv6 link-local")]
    [InlineData("::/0", "all of IPv6")]
    [InlineData("fd00:192::/64", "what holds this node's own IPv6 address")]
    public void A_pod_network_that_cannot_be_anothers_is_refused_and_named(string cidr, string why)
    {
        var (accepted, refused) = Check(new NetConf(), Node("liar", cidr, "192.168.0.2"));

        Assert.True(Assert.Single(accepted).PodCidrs.Count == 0, why);
        var fault = Assert.Single(refused);
        Assert.Equal("liar", fault.Name);
        Assert.Contains(cidr, fault.Why, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("0.0.0.0")]
    [InlineData("169.254.1.1")]
    [InlineData("224.0.0.1")]
    [InlineData("255.255.255.255")]
    [InlineData("::1")]
    [InlineData("fe80::1")]
    [InlineData("192.168.0.1")]
    [InlineData("10.244.0.7")]
    public void An_address_that_cannot_be_anothers_is_refused_and_named(string address)
    {
        var (accepted, refused) = Check(new NetConf(), Node("liar", "10.244.1.0/24", address));

        Assert.Empty(Assert.Single(accepted).Addresses);
        Assert.Equal("BadAddress", Assert.Single(refused).Reason);
    }

    [Fact]
    public void A_pod_network_outside_the_clusters_is_refused()
    {
        var (_, refused) = Check(new NetConf { Network = IPPrefix.Parse("10.244.0.0/16") }, Node("b", "10.245.1.0/24", "192.168.0.2"));

        Assert.Contains("10.244.0.0/16", Assert.Single(refused).Why, StringComparison.Ordinal);
    }

    [Fact]
    public void Of_two_nodes_with_one_network_the_older_keeps_it()
    {
        var (accepted, refused) = Check(
            new NetConf(),
            Node("a", "10.244.1.0/24", "192.168.0.2", age: 9),
            Node("b", "10.244.1.0/24", "192.168.0.3", age: 2)
        );

        Assert.Equal(["b"], accepted.Where(node => node.PodCidrs.Count > 0).Select(node => node.Name));
        var fault = Assert.Single(refused);
        Assert.Equal(("a", "DuplicatePodCidr"), (fault.Name, fault.Reason));
        Assert.Contains("node b", fault.Why, StringComparison.Ordinal);
    }

    [Fact]
    public void A_network_that_overlaps_several_is_refused_once()
    {
        var (accepted, refused) = Check(
            new NetConf(),
            Node("a", "10.244.2.0/24", "192.168.0.2", age: 1),
            Node("b", "10.244.3.0/24", "192.168.0.3", age: 2),
            Node("wide", "10.244.2.0/23", "192.168.0.4", age: 3)
        );

        Assert.Equal(["a", "b"], accepted.Where(node => node.PodCidrs.Count > 0).Select(node => node.Name));
        Assert.Equal("wide", Assert.Single(refused).Name);
    }

    [Fact]
    public void What_is_right_of_a_node_is_kept_when_the_other_family_is_wrong()
    {
        var (accepted, refused) = Check(new NetConf(), Node("b", "10.244.1.0/24,fe80::/64", "192.168.0.2"));

        Assert.Equal("10.244.1.0/24", Assert.Single(accepted).PodCidrs.ToString());
        Assert.Single(refused);
    }

    private static ClusterNode Tunnelled(string name, int number, string mac, int age = 0) =>
        Node(name, $"10.244.{number}.0/24", $"192.168.1.{number}", age) with
        {
            Vtep4 = new VtepData(1, MacAddress.Parse(mac)),
        };

    private static string Macs(ValueArray<ClusterNode> nodes) =>
        string.Join(' ', nodes.OrderBy(node => node.Name, StringComparer.Ordinal).Select(node => node.Vtep4 is null ? "-" : node.Name));

    private static readonly NetConf Vxlan = new() { Backend = new BackendConf { Type = BackendType.Vxlan } };

    [Fact]
    public void Of_two_tunnels_with_one_hardware_address_the_younger_nodes_is_refused_and_named()
    {
        var (accepted, refused) = Check(
            Vxlan,
            Tunnelled("a", 1, "aa:bb:cc:dd:ee:01", age: 9),
            Tunnelled("b", 2, "aa:bb:cc:dd:ee:01", age: 2),
            Tunnelled("c", 3, "aa:bb:cc:dd:ee:03")
        );

        Assert.Equal("- b c", Macs(accepted));
        var fault = Assert.Single(refused);
        Assert.Equal(("a", "DuplicateVtepMac"), (fault.Name, fault.Reason));
        Assert.StartsWith(
            "a: its tunnel's IPv4 end has hardware address aa:bb:cc:dd:ee:01, which node b had first; give it another",
            fault.Why,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void A_machine_that_got_another_name_keeps_its_tunnel_while_its_former_name_is_listed_too()
    {
        var former = Tunnelled("a", 1, "aa:bb:cc:dd:ee:01", age: 2);
        var now = Tunnelled("b", 2, "aa:bb:cc:dd:ee:01", age: 9) with { Addresses = former.Addresses };

        var (accepted, refused) = Check(Vxlan, former, now, Tunnelled("c", 3, "aa:bb:cc:dd:ee:01", age: 10));

        Assert.Equal("a b -", Macs(accepted));
        Assert.Equal("c", Assert.Single(refused).Name);
        Assert.Equal(2, Check(Vxlan, former with { Addresses = [] }, now with { Addresses = [] }).Accepted.Count);
        Assert.Single(Check(Vxlan, former with { Addresses = [] }, now with { Addresses = [] }).Refused);
    }

    [Fact]
    public void Of_two_of_unknown_age_the_first_by_name_keeps_it_and_of_three_one()
    {
        var (accepted, refused) = Check(
            Vxlan,
            Tunnelled("c", 3, "aa:bb:cc:dd:ee:01"),
            Tunnelled("b", 2, "aa:bb:cc:dd:ee:01"),
            Tunnelled("a", 1, "aa:bb:cc:dd:ee:01")
        );

        Assert.Equal("a - -", Macs(accepted));
        Assert.Equal(["b", "c"], refused.Select(node => node.Name));
    }

    [Fact]
    public void A_tunnel_with_this_nodes_own_hardware_address_is_refused_whatever_its_age()
    {
        var own = VtepMac.From(Self.Identity, 1, is6: false).ToString();

        var (accepted, refused) = Check(Vxlan, Tunnelled("a", 1, own, age: 1));

        Assert.Equal("-", Macs(accepted));
        Assert.Contains("which node self had first", Assert.Single(refused).Why, StringComparison.Ordinal);
    }

    [Fact]
    public void Families_numbers_and_backends_that_have_nothing_to_do_with_each_other_are_not_compared()
    {
        var a = Tunnelled("a", 1, "aa:bb:cc:dd:ee:01");
        var b = Tunnelled("b", 2, "aa:bb:cc:dd:ee:01");

        Assert.Empty(Check(Vxlan with { Backend = new BackendConf { Type = BackendType.HostGw } }, a, b).Refused);
        Assert.Empty(Check(Vxlan, a, b with { Vtep4 = b.Vtep4! with { Vni = 9 } }).Refused);
        Assert.Empty(Check(Vxlan, a, b with { Vtep4 = null, Vtep6 = b.Vtep4 }).Refused);
        Assert.Empty(Check(Vxlan, a, b with { PodCidrs = [] }).Refused);
        Assert.Single(Check(Vxlan, a, b with { Vtep4 = b.Vtep4! with { Vni = 0 } }).Refused);
    }
}
