using System.Text.Json;
using Plugboard.Addresses;
using Plugboard.Linux;
using Plugboard.Netlink;
using Plugboard.Netlink.Route;
using Plugboard.Netlink.Route.Links;
using Plugboard.Testing;

namespace Plugboard.Tests.Kernel.Netlink.RouteTests;

public sealed class VxlanTests : TunnelTestBase
{
    private static readonly MacAddress Mac = MacAddress.Parse("02:00:00:00:00:01");

    private static JsonElement Data(JsonElement link) => link.GetProperty("linkinfo").GetProperty("info_data");

    [KernelFact]
    public void A_vxlan_is_made_as_ip_says()
    {
        var link = AddVxlan();
        Client.Links.Set(link.Index, new LinkChange { Alias = "plugboard" });
        var told = IpLink(Host, "flannel.1");
        var data = Data(told);
        Assert.Equal("vxlan", told.GetProperty("linkinfo").GetProperty("info_kind").GetString());
        Assert.Equal(
            (1, "192.0.2.1", "v0", 8472),
            (
                data.GetProperty("id").GetInt32(),
                data.GetProperty("local").GetString(),
                data.GetProperty("link").GetString(),
                data.GetProperty("port").GetInt32()
            )
        );
        Assert.False(data.TryGetProperty("learning", out var learning) && learning.GetBoolean());
        Assert.Equal(("02:00:00:00:00:99", 1450), (told.GetProperty("address").GetString(), told.GetProperty("mtu").GetInt32()));
        Assert.Equal(("plugboard", 1450), (Client.Links.Get("flannel.1").Alias, link.Mtu));
        Assert.Equal(
            new VxlanInfo
            {
                Vni = 1,
                Local = IPAddr.Parse("192.0.2.1"),
                LinkIndex = Under.Index,
                Port = 8472,
            },
            link.Vxlan
        );
        Assert.Null(Under.Vxlan);
    }

    [KernelFact]
    public void A_vxlan_over_IPv6_is_70_bytes_shorter()
    {
        var link = AddVxlan(local: "fd02::1");
        Assert.Equal(1430, link.Mtu);
        Assert.Equal(IPAddr.Parse("fd02::1"), link.Vxlan!.Local);
        Assert.Equal("fd02::1", Data(IpLink(Host, "flannel.1")).GetProperty("local6").GetString());
    }

    [KernelFact]
    public void Every_setting_is_read_back()
    {
        Client.Links.Add(
            new VxlanSpec
            {
                Name = "x0",
                Vni = 0xffffff,
                Port = 4789,
                Learning = true,
                Gbp = true,
                Ttl = 7,
                Local = IPAddr.Parse("fd02::1"),
                UdpZeroChecksum6Tx = true,
                UdpZeroChecksum6Rx = true,
            }
        );
        var link = Client.Links.Get("x0").Vxlan;
        Assert.Equal(
            new VxlanInfo
            {
                Vni = 0xffffff,
                Port = 4789,
                Learning = true,
                Gbp = true,
                Ttl = 7,
                Local = IPAddr.Parse("fd02::1"),
                UdpZeroChecksum6Tx = true,
                UdpZeroChecksum6Rx = true,
            },
            link
        );
        var data = Data(IpLink(Host, "x0"));
        Assert.True(
            data.GetProperty("gbp").GetBoolean()
                && data.GetProperty("learning").GetBoolean()
                && data.GetProperty("udp_zero_csum6_tx").GetBoolean()
        );
    }

    [KernelFact]
    public void What_ip_made_is_read()
    {
        Host.Tool("ip link add x0 type vxlan id 9 group 239.1.1.1 dev v0 dstport 4789 l2miss l3miss");
        var expected = new VxlanInfo
        {
            Vni = 9,
            Group = IPAddr.Parse("239.1.1.1"),
            LinkIndex = Under.Index,
            Port = 4789,
            Learning = true,
            L2Miss = true,
            L3Miss = true,
        };
        Assert.Equal(expected, Client.Links.Get("x0").Vxlan);
    }

    [KernelFact]
    public void A_second_vxlan_of_the_same_number_is_refused()
    {
        AddVxlan();
        Assert.Equal(Errno.EEXIST, Assert.Throws<NetlinkException>(() => AddVxlan("flannel.2")).Errno);
    }

    [KernelFact]
    public void Forwarding_entries_are_added_replaced_listed_and_deleted_as_bridge_says()
    {
        var link = AddVxlan();
        var other = AddVxlan("flannel.2", vni: 2);
        var entry = new FdbEntry(link.Index, Mac, IPAddr.Parse("192.0.2.7"));
        Client.Fdb.Add(entry with { Destination = IPAddr.Parse("192.0.2.8") });
        Assert.Equal(Errno.EEXIST, Assert.Throws<NetlinkException>(() => Client.Fdb.Add(entry)).Errno);
        Client.Fdb.Replace(entry);
        Client.Fdb.Add(entry with { LinkIndex = other.Index });

        Assert.Equal(entry, Assert.Single(Client.Fdb.List(link.Index)));
        var told = Assert.Single(Host.Json("bridge -j fdb show dev flannel.1").EnumerateArray());
        Assert.Equal(
            ("02:00:00:00:00:01", "192.0.2.7", "permanent"),
            (told.GetProperty("mac").GetString(), told.GetProperty("dst").GetString(), told.GetProperty("state").GetString())
        );
        Assert.Contains("self", told.GetProperty("flags").EnumerateArray().Select(f => f.GetString()));

        // The kernel says no word of it, but does nothing.
        Assert.True(Client.Fdb.Delete(entry with { Destination = IPAddr.Parse("192.0.2.8") }));
        Assert.Equal(entry, Assert.Single(Client.Fdb.List(link.Index)));
        Assert.True(Client.Fdb.Delete(entry));
        Assert.False(Client.Fdb.Delete(entry));
        Assert.Empty(Client.Fdb.List(link.Index));
        Assert.Single(Client.Fdb.List(other.Index));
    }

    [KernelFact]
    public void The_zero_address_has_several_destinations_which_are_appended_and_not_replaced()
    {
        var link = AddVxlan();
        var first = new FdbEntry(link.Index, default, IPAddr.Parse("192.0.2.7"));
        var second = first with { Destination = IPAddr.Parse("192.0.2.8"), Port = 4789, Vni = 77, OutInterface = Under.Index };
        Client.Fdb.Append(first);
        Client.Fdb.Append(second);
        Client.Fdb.Append(second);
        Assert.Equal([first, second], Client.Fdb.List(link.Index).OrderBy(e => e.Destination.ToString(), StringComparer.Ordinal));
        Assert.Equal(Errno.EOPNOTSUPP, Assert.Throws<NetlinkException>(() => Client.Fdb.Replace(first)).Errno);
        Assert.True(Client.Fdb.Delete(first));
        Assert.Equal([second], Client.Fdb.List(link.Index));
        Assert.True(Client.Fdb.Delete(first with { Destination = null }));
        Assert.Empty(Client.Fdb.List(link.Index));
    }

    [KernelFact]
    public void A_destination_may_be_of_IPv6()
    {
        var link = AddVxlan(local: "fd02::1");
        var entry = new FdbEntry(link.Index, Mac, IPAddr.Parse("fd02::7"));
        Client.Fdb.Replace(entry);
        Assert.Equal(entry, Assert.Single(Client.Fdb.List(link.Index)));
        Assert.Contains("dst fd02::7", Host.Tool("bridge fdb show dev flannel.1"));
    }

    [KernelFact]
    public void A_bridges_entries_tell_the_port_and_the_bridge()
    {
        Client.Links.Add(new BridgeSpec { Name = "br0", Up = true });
        var bridge = Client.Links.Get("br0").Index;
        Client.Links.Set(Under.Index, new LinkChange { Master = bridge });
        Client.Fdb.Replace(new FdbEntry(Under.Index, Mac, null) { Flags = FdbFlags.Master });
        // A bridge that can filter by VLAN has one more for its own VLAN.
        var entry = Assert.Single(Client.Fdb.List(Under.Index), e => e.LinkAddress == Mac && e.Vlan == 0);
        Assert.Equal((bridge, null, NeighbourState.Permanent), (entry.MasterIndex, entry.Destination, entry.State));
        Assert.True(Client.Fdb.Delete(entry));
    }

    [KernelFact]
    public void A_link_that_is_gone_has_no_entries_and_takes_none()
    {
        Assert.Empty(Client.Fdb.List(99));
        Assert.Equal(
            Errno.ENODEV,
            Assert.Throws<NetlinkException>(() => Client.Fdb.Replace(new FdbEntry(99, Mac, IPAddr.Parse("192.0.2.7")))).Errno
        );
    }

    [KernelFact]
    public void Neighbours_and_onlink_routes_of_a_peer_are_as_ip_says()
    {
        var link = AddVxlan();
        var gateway = IPAddr.Parse("10.244.3.0");
        var neighbour = new Neighbour(link.Index, gateway, Mac, NeighbourState.Permanent) { Protocol = RouteProtocol.Plugboard };
        Client.Neighbours.Add(neighbour);
        Assert.Equal(Errno.EEXIST, Assert.Throws<NetlinkException>(() => Client.Neighbours.Add(neighbour)).Errno);
        var route = new RouteSpec
        {
            Dst = IPPrefix.Parse("10.244.3.0/24"),
            Gateway = gateway,
            OutInterface = link.Index,
            OnLink = true,
            Protocol = RouteProtocol.Plugboard,
            Mtu = 1400,
        };
        Client.Routes.Add(route, RouteAddMode.Replace);
        Client.Routes.Add(
            new RouteSpec
            {
                Dst = IPPrefix.Parse("10.244.0.0/16"),
                Type = RouteType.Blackhole,
                Protocol = RouteProtocol.Plugboard,
            }
        );

        Assert.Contains("10.244.3.0 lladdr 02:00:00:00:00:01 PERMANENT proto 110", Host.Tool("ip -d neigh show dev flannel.1"));
        Assert.Equal(neighbour, Assert.Single(Client.Neighbours.List(link.Index, AddressFamily.IPv4)));
        var text = Host.Tool("ip route show proto 110");
        Assert.Contains("10.244.3.0/24 via 10.244.3.0 dev flannel.1 onlink mtu 1400", text);
        Assert.Contains("blackhole 10.244.0.0/16", text);
    }

    [KernelTheory]
    [InlineData("10.244.3.0/24", "10.244.3.0", "10.244.0.0/16")]
    [InlineData("fd10:3::/64", "fd10:3::", "fd10::/16")]
    public void What_was_listed_by_protocol_is_deleted_exactly(string dst, string via, string all)
    {
        var link = AddVxlan();
        var route = new RouteSpec
        {
            Dst = IPPrefix.Parse(dst),
            Gateway = IPAddr.Parse(via),
            OutInterface = link.Index,
            OnLink = true,
            Protocol = RouteProtocol.Plugboard,
            Mtu = 1400,
        };
        Client.Routes.Add(route);
        Client.Routes.Add(route with { Protocol = RouteProtocol.Static, Priority = 5 });
        Client.Routes.Add(
            new RouteSpec
            {
                Dst = IPPrefix.Parse(all),
                Type = RouteType.Blackhole,
                Protocol = RouteProtocol.Plugboard,
            }
        );
        var filter = new RouteFilter(route.Dst.Is6 ? AddressFamily.IPv6 : AddressFamily.IPv4, 254, Protocol: RouteProtocol.Plugboard);
        var listed = Client.Routes.List(filter);
        Assert.Equal([RouteType.Blackhole, RouteType.Unicast], listed.Select(r => r.Type).Order().Reverse());

        Assert.False(Client.Routes.Delete(route with { Protocol = RouteProtocol.Boot }));
        Assert.False(Client.Routes.Delete(route with { Gateway = IPAddr.Parse(route.Dst.Is6 ? "fd10::9" : "10.9.9.9") }));
        foreach (var ours in listed)
        {
            Assert.True(Client.Routes.Delete(ours.ToSpec()));
            Assert.False(Client.Routes.Delete(ours.ToSpec()));
        }

        Assert.Empty(Client.Routes.List(filter));
        Assert.Single(Client.Routes.List(filter with { Protocol = RouteProtocol.Static }));
    }
}
