using Plugboard.Addresses;
using Plugboard.Linux;
using Plugboard.Netlink;
using Plugboard.Netlink.Route;
using Plugboard.Netlink.Route.Links;
using Plugboard.Testing;

namespace Plugboard.Tests.Kernel.Netlink.RouteTests;

public sealed class RouteTableTests : RouteTestBase
{
    private readonly Link link;

    public RouteTableTests()
    {
        (link, var other) = AddVeth();
        Up(link);
        Up(other);
        Client.Addresses.Add(link.Index, IPPrefix.Parse("10.1.0.5/16"));
        Client.Addresses.Add(link.Index, IPPrefix.Parse("fd00::5/64"), new AddressOptions(NoDad: true));
    }

    private RouteSpec To(string dst, string? via = null) =>
        new()
        {
            Dst = IPPrefix.Parse(dst),
            Gateway = via is null ? null : IPAddr.Parse(via),
            OutInterface = link.Index,
        };

    [KernelFact]
    public void Routes_are_added_as_ip_says()
    {
        Client.Routes.Add(To("0.0.0.0/0", "10.1.0.1"));
        Client.Routes.Add(
            To("192.168.7.9/24", "10.1.0.2") with
            {
                Priority = 77,
                Mtu = 1300,
                AdvMss = 1200,
                Protocol = RouteProtocol.Static,
            }
        );
        Client.Routes.Add(To("172.16.0.0/12") with { Scope = RouteScope.Link, Source = IPAddr.Parse("10.1.0.5") });
        Client.Routes.Add(To("203.0.113.0/24", "198.51.100.1") with { OnLink = true });
        var text = Host.Tool("ip route show");
        Assert.Contains("default via 10.1.0.1 dev v0", text);
        Assert.Contains("192.168.7.0/24 via 10.1.0.2 dev v0 proto static metric 77 mtu 1300 advmss 1200", text);
        Assert.Contains("172.16.0.0/12 dev v0 scope link src 10.1.0.5", text);
        Assert.Contains("203.0.113.0/24 via 198.51.100.1 dev v0 onlink", text);
    }

    [KernelFact]
    public void List_has_what_was_added_field_by_field()
    {
        Client.Routes.Add(
            To("192.168.7.0/24", "10.1.0.2") with
            {
                Priority = 77,
                Mtu = 1300,
                AdvMss = 1200,
                OnLink = true,
                Protocol = RouteProtocol.Static,
            }
        );
        var route = Assert.Single(Client.Routes.List(new RouteFilter(AddressFamily.IPv4, 254, link.Index, RouteProtocol.Static)));
        var expected = new Route
        {
            Dst = IPPrefix.Parse("192.168.7.0/24"),
            Gateway = IPAddr.Parse("10.1.0.2"),
            OutInterface = link.Index,
            Priority = 77,
            Table = 254,
            Protocol = RouteProtocol.Static,
            Type = RouteType.Unicast,
            Mtu = 1300,
            AdvMss = 1200,
            OnLink = true,
        };
        Assert.Equal(expected, route);
    }

    [KernelFact]
    public void IPv6_routes_are_added_as_ip_says()
    {
        Client.Routes.Add(To("::/0", "fd00::1"));
        Client.Routes.Add(To("fd01::7/64", "fd00::2") with { Priority = 5, Mtu = 1300 });
        var text = Host.Tool("ip -6 route show");
        Assert.Contains("default via fd00::1 dev v0 metric 1024", text);
        Assert.Contains("fd01::/64 via fd00::2 dev v0 metric 5 mtu 1300", text);
        var found = Client.Routes.List(new RouteFilter(AddressFamily.IPv6, 254, link.Index)).Single(r => r.Dst.IsDefault);
        Assert.Equal((IPAddr.Parse("fd00::1"), 1024u), (found.Gateway!.Value, found.Priority));
    }

    [KernelFact]
    public void An_IPv4_route_can_have_an_IPv6_gateway()
    {
        Client.Routes.Add(To("192.168.0.0/24", "fd00::9"));
        Assert.Contains("192.168.0.0/24 via inet6 fd00::9 dev v0", Host.Tool("ip route show"));
        Assert.Equal(
            IPAddr.Parse("fd00::9"),
            Client.Routes.List(new RouteFilter(AddressFamily.IPv4, 254)).Single(r => r.Gateway is not null).Gateway
        );
    }

    [KernelTheory]
    [InlineData(100)]
    [InlineData(1000)]
    public void A_table_of_its_own_is_listed_alone(int table)
    {
        Client.Routes.Add(To("192.168.0.0/24", "10.1.0.1") with { Table = table });
        var route = Assert.Single(Client.Routes.List(new RouteFilter(Table: table)));
        Assert.Equal(table, route.Table);
        Assert.Contains("192.168.0.0/24", Host.Tool($"ip route show table {table}"));
        Assert.True(Client.Routes.Delete(To("192.168.0.0/24", "10.1.0.1") with { Table = table }));
        Assert.Empty(Client.Routes.List(new RouteFilter(Table: table)));
    }

    [KernelFact]
    public void A_table_that_does_not_exist_is_empty()
    {
        Assert.Empty(Client.Routes.List(new RouteFilter(AddressFamily.IPv4, 4711)));
        Assert.Empty(Client.Routes.List(new RouteFilter(AddressFamily.IPv6, 4711)));
        Assert.Empty(Client.Routes.List(new RouteFilter(Table: 4711)));
    }

    [KernelFact]
    public void List_without_a_filter_has_both_families_and_the_local_table()
    {
        var all = Client.Routes.List();
        Assert.Contains(all, r => r.Dst.Is6);
        Assert.Contains(all, r => r is { Type: RouteType.Local, Table: 255 } && !r.Dst.Is6);
    }

    [KernelFact]
    public void Create_puts_a_second_route_in_front_and_refuses_the_very_same()
    {
        Client.Routes.Add(To("0.0.0.0/0", "10.1.0.1"));
        Client.Routes.Add(To("0.0.0.0/0", "10.1.0.2"));
        Assert.Equal("10.1.0.2", Client.Routes.Get(IPAddr.Parse("8.8.8.8"))!.Gateway.ToString());
        Assert.Equal(Errno.EEXIST, Assert.Throws<NetlinkException>(() => Client.Routes.Add(To("0.0.0.0/0", "10.1.0.2"))).Errno);
    }

    [KernelFact]
    public void CreateExclusive_refuses_a_second_and_Replace_takes_its_place()
    {
        Client.Routes.Add(To("0.0.0.0/0", "10.1.0.1"), RouteAddMode.CreateExclusive);
        Assert.Equal(
            Errno.EEXIST,
            Assert.Throws<NetlinkException>(() => Client.Routes.Add(To("0.0.0.0/0", "10.1.0.2"), RouteAddMode.CreateExclusive)).Errno
        );
        Client.Routes.Add(To("0.0.0.0/0", "10.1.0.3"), RouteAddMode.Replace);
        Assert.Equal(
            "10.1.0.3",
            Assert.Single(Client.Routes.List(new RouteFilter(AddressFamily.IPv4, 254)), r => r.Dst.IsDefault).Gateway.ToString()
        );
    }

    [KernelFact]
    public void Append_puts_a_second_route_behind()
    {
        Client.Routes.Add(To("0.0.0.0/0", "10.1.0.1"));
        Client.Routes.Add(To("0.0.0.0/0", "10.1.0.2"), RouteAddMode.Append);
        Assert.Equal("10.1.0.1", Client.Routes.Get(IPAddr.Parse("8.8.8.8"))!.Gateway.ToString());
    }

    [KernelFact]
    public void Two_IPv6_gateways_are_one_multipath_route()
    {
        Client.Routes.Add(To("::/0", "fd00::1"));
        Client.Routes.Add(To("::/0", "fd00::2"));
        Assert.Contains("nexthop via fd00::2", Host.Tool("ip -6 route show default"));
        Assert.Contains(Client.Routes.List(new RouteFilter(AddressFamily.IPv6, 254, link.Index)), r => r.Dst.IsDefault);
    }

    [KernelTheory]
    [InlineData("0.0.0.0/0", "10.1.0.1")]
    [InlineData("192.168.0.0/24", null)]
    [InlineData("fd01::/64", "fd00::1")]
    public void Delete_tells_what_was_gone_already(string dst, string? via)
    {
        var route = To(dst, via) with { Scope = via is null ? RouteScope.Link : null };
        Client.Routes.Add(route);
        Assert.True(Client.Routes.Delete(route with { Scope = null }));
        Assert.False(Client.Routes.Delete(route));
    }

    [KernelFact]
    public void An_unreachable_gateway_is_refused_in_the_kernels_words()
    {
        var e = Assert.Throws<NetlinkException>(() => Client.Routes.Add(To("0.0.0.0/0", "192.0.2.1")));
        Assert.Equal((Errno.ENETUNREACH, "Nexthop has invalid gateway"), (e.Errno, e.KernelMessage));
        Assert.Equal(
            $"RTM_NEWROUTE 0.0.0.0/0 via 192.0.2.1 on link {link.Index}: network is unreachable (ENETUNREACH): Nexthop has invalid gateway",
            e.Message
        );
    }

    [KernelFact]
    public void Get_follows_the_routes_or_finds_none()
    {
        Assert.Null(Client.Routes.Get(IPAddr.Parse("8.8.8.8")));
        Assert.Null(Client.Routes.Get(IPAddr.Parse("2001:db8::1")));
        var direct = Client.Routes.Get(IPAddr.Parse("10.1.9.9"))!;
        Assert.Equal((link.Index, "10.1.0.5", 254), (direct.OutInterface, direct.Source.ToString(), direct.Table));
        Assert.Equal(RouteType.Local, Client.Routes.Get(IPAddr.Parse("10.1.0.5"))!.Type);
    }
}
