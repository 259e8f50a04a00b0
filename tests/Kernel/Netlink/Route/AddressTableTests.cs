using System.Text.Json;
using Plugboard.Addresses;
using Plugboard.Linux;
using Plugboard.Netlink;
using Plugboard.Netlink.Route;
using Plugboard.Netlink.Route.Links;
using Plugboard.Testing;

namespace Plugboard.Tests.Kernel.Netlink.RouteTests;

public sealed class AddressTableTests : RouteTestBase
{
    [KernelTheory]
    [InlineData("10.1.2.5/24", "10.1.2.255")]
    [InlineData("10.1.2.5/30", "10.1.2.7")]
    [InlineData("10.1.2.4/31", null)]
    [InlineData("10.1.2.5/32", null)]
    [InlineData("10.1.2.5/8", "10.255.255.255")]
    [InlineData("fd00::5/64", null)]
    [InlineData("fd00::5/128", null)]
    public void An_address_is_added_as_ip_says(string text, string? broadcast)
    {
        var (link, _) = AddVeth();
        Client.Addresses.Add(link.Index, IPPrefix.Parse(text));
        var address = Assert.Single(Client.Addresses.List(link.Index));
        AssertSame(Host.Json("ip -j addr show dev v0")[0].GetProperty("addr_info")[0], address);
        Assert.Equal((IPPrefix.Parse(text), broadcast), (address.Address, address.Broadcast?.ToString()));
        Assert.True((address.Flags & AddressFlags.Permanent) != 0);
        Assert.Null(address.Peer);
        Assert.Equal(link.Index, address.LinkIndex);
    }

    [KernelFact]
    public void List_takes_one_family_or_both()
    {
        var (link, _) = AddVeth();
        Client.Addresses.Add(link.Index, IPPrefix.Parse("10.1.2.5/24"));
        Client.Addresses.Add(link.Index, IPPrefix.Parse("fd00::5/64"));
        Assert.Equal(2, Client.Addresses.List(link.Index).Count);
        Assert.True(Assert.Single(Client.Addresses.List(link.Index, AddressFamily.IPv6)).Address.Is6);
        Assert.False(Assert.Single(Client.Addresses.List(link.Index, AddressFamily.IPv4)).Address.Is6);
    }

    [KernelFact]
    public void List_has_only_the_links_own()
    {
        var (first, second) = AddVeth();
        Client.Addresses.Add(first.Index, IPPrefix.Parse("10.1.2.5/24"));
        Assert.Empty(Client.Addresses.List(second.Index));
    }

    [KernelFact]
    public void NoDad_and_NoPrefixRoute_reach_the_kernel()
    {
        var (link, other) = AddVeth();
        Client.Addresses.Add(link.Index, IPPrefix.Parse("fd00::5/64"), new AddressOptions(NoDad: true, NoPrefixRoute: true));
        Up(link);
        Up(other);
        var address = Client.Addresses.List(link.Index, AddressFamily.IPv6).Single(a => a.Scope == RouteScope.Universe);
        Assert.Equal(AddressFlags.NoDad | AddressFlags.NoPrefixRoute | AddressFlags.Permanent, address.Flags);
        Assert.DoesNotContain("fd00::/64", Host.Tool("ip -6 route show"));
    }

    [KernelFact]
    public void Scope_reaches_the_kernel()
    {
        var (link, _) = AddVeth();
        Client.Addresses.Add(link.Index, IPPrefix.Parse("10.1.2.5/24"), new AddressOptions(Scope: RouteScope.Link));
        Assert.Equal("link", Host.Json("ip -j addr show dev v0")[0].GetProperty("addr_info")[0].GetProperty("scope").GetString());
        Assert.Equal(RouteScope.Link, Assert.Single(Client.Addresses.List(link.Index)).Scope);
    }

    [KernelFact]
    public void Adding_an_address_twice_is_EEXIST()
    {
        var (link, _) = AddVeth();
        Client.Addresses.Add(link.Index, IPPrefix.Parse("10.1.2.5/24"));
        var e = Assert.Throws<NetlinkException>(() => Client.Addresses.Add(link.Index, IPPrefix.Parse("10.1.2.5/24")));
        Assert.Equal((Errno.EEXIST, "RTM_NEWADDR", $"10.1.2.5/24 on link {link.Index}"), (e.Errno, e.Call, e.Subject));
    }

    [KernelFact]
    public void A_link_that_does_not_exist_is_ENODEV()
    {
        Assert.Equal(Errno.ENODEV, Assert.Throws<NetlinkException>(() => Client.Addresses.Add(4711, IPPrefix.Parse("10.1.2.5/24"))).Errno);
        Assert.Equal(Errno.ENODEV, Assert.Throws<NetlinkException>(() => Client.Addresses.List(4711)).Errno);
        Assert.False(Client.Addresses.Delete(4711, IPPrefix.Parse("10.1.2.5/24")));
    }

    [KernelTheory]
    [InlineData("10.1.2.5/24")]
    [InlineData("fd00::5/64")]
    public void Delete_tells_what_was_gone_already(string text)
    {
        var (link, _) = AddVeth();
        var address = IPPrefix.Parse(text);
        Client.Addresses.Add(link.Index, address);
        Assert.True(Client.Addresses.Delete(link.Index, address));
        Assert.Empty(Client.Addresses.List(link.Index));
        Assert.False(Client.Addresses.Delete(link.Index, address));
    }

    // "IPv6 is disabled on this device": the kernel removed all addresses with it.
    [KernelFact]
    public void Delete_tells_that_an_address_went_with_the_links_IPv6()
    {
        var (link, _) = AddVeth();
        var address = IPPrefix.Parse("fd00::5/64");
        Client.Addresses.Add(link.Index, address);
        Client.Links.Set(link.Index, new LinkChange { Mtu = 1200 });
        Assert.False(Client.Addresses.Delete(link.Index, address));
    }

    [KernelFact]
    public void A_thousand_addresses_are_listed_in_order()
    {
        var (link, _) = AddVeth();
        var expected = new List<IPPrefix>();
        for (var i = 1u; i <= 1000; i++)
        {
            var address = new IPPrefix(IPAddr.V4(0x0a010000 + i), 16);
            expected.Add(address);
            Client.Addresses.Add(link.Index, address);
        }

        Assert.Equal(expected, Client.Addresses.List(link.Index).Select(a => a.Address));
    }

    [KernelFact]
    public void A_point_to_point_address_has_its_peer_apart()
    {
        var (link, _) = AddVeth();
        Host.Tool("ip addr add 10.0.0.1 peer 10.0.0.2/32 dev v0");
        var address = Assert.Single(Client.Addresses.List(link.Index));
        Assert.Equal(("10.0.0.1/32", "10.0.0.2"), (address.Address.ToString(), address.Peer.ToString()));
    }

    private static void AssertSame(JsonElement ip, InterfaceAddress address)
    {
        Assert.Equal($"{ip.GetProperty("local").GetString()}/{ip.GetProperty("prefixlen").GetInt32()}", address.Address.ToString());
        Assert.Equal(ip.TryGetProperty("broadcast", out var broadcast) ? broadcast.GetString() : null, address.Broadcast?.ToString());
        Assert.Equal(ip.TryGetProperty("label", out var label) ? label.GetString() : "", address.Label);
        Assert.Equal("global", ip.GetProperty("scope").GetString());
        Assert.Equal(RouteScope.Universe, address.Scope);
    }
}
