using System.Text.Json;
using Plugboard.Addresses;
using Plugboard.Linux;
using Plugboard.Netlink;
using Plugboard.Netlink.Route;
using Plugboard.Netlink.Route.Links;
using Plugboard.Testing;

namespace Plugboard.Tests.Kernel.Netlink.RouteTests;

/// <summary>What not every kernel can: VLANs, dummies and IPv4 in IPv4. The bytes are tested everywhere, by the unit tests.</summary>
public sealed class KernelFeatureTests : RouteTestBase
{
    private const BridgeVlanFlags Access = BridgeVlanFlags.Pvid | BridgeVlanFlags.Untagged;

    [KernelFeatureFact(KernelFeature.Dummy)]
    public void A_dummy_is_made()
    {
        Client.Links.Add(
            new DummySpec
            {
                Name = "d0",
                Mtu = 1300,
                Up = true,
            }
        );
        var link = Client.Links.Get("d0");
        Assert.Equal(("dummy", 1300, true), (link.Kind, link.Mtu, link.IsUp));
    }

    [KernelFeatureFact(KernelFeature.Vlan)]
    public void A_vlan_has_its_parent_and_its_tag()
    {
        var (parent, _) = AddVeth();
        Client.Links.Add(
            new VlanSpec
            {
                Name = "v0.7",
                Parent = parent.Index,
                Id = 7,
            }
        );
        var link = Client.Links.Get("v0.7");
        Assert.Equal(("vlan", 7, parent.Index), (link.Kind, link.VlanId!.Value, link.PeerIndex));
        Assert.Equal(7, IpLink(Host, "v0.7").GetProperty("linkinfo").GetProperty("info_data").GetProperty("id").GetInt32());
    }

    [KernelFeatureFact(KernelFeature.Ipip)]
    public void An_ipip_is_made_as_ip_says_and_takes_onlink_routes()
    {
        var (under, other) = AddVeth();
        Up(under);
        Up(other);
        Client.Addresses.Add(under.Index, IPPrefix.Parse("192.0.2.1/24"));
        Client.Links.Add(
            new IpipSpec
            {
                Name = "flannel.ipip",
                Local = IPAddr.Parse("192.0.2.1"),
                Parent = under.Index,
                Up = true,
            }
        );
        var link = Client.Links.Get("flannel.ipip");
        Assert.Equal(("ipip", 1480, under.Index), (link.Kind, link.Mtu, link.PeerIndex));
        Assert.Equal(new IpipInfo(IPAddr.Parse("192.0.2.1"), null, under.Index, 0, PathMtuDiscovery: true), link.Ipip);
        var data = IpLink(Host, "flannel.ipip").GetProperty("linkinfo").GetProperty("info_data");
        Assert.Equal(("192.0.2.1", "any"), (data.GetProperty("local").GetString(), data.GetProperty("remote").GetString()));
        Assert.True(data.GetProperty("pmtudisc").GetBoolean());

        var route = new RouteSpec
        {
            Dst = IPPrefix.Parse("10.244.3.0/24"),
            Gateway = IPAddr.Parse("192.0.2.7"),
            OutInterface = link.Index,
            OnLink = true,
            Protocol = RouteProtocol.Plugboard,
        };
        Client.Routes.Add(route);
        Assert.Contains("10.244.3.0/24 via 192.0.2.7 dev flannel.ipip onlink", Host.Tool("ip route show proto 110"));
        Assert.Equal(
            Errno.EEXIST,
            Assert
                .Throws<NetlinkException>(() =>
                    Client.Links.Add(
                        new IpipSpec
                        {
                            Name = "x0",
                            Local = IPAddr.Parse("192.0.2.1"),
                            Parent = under.Index,
                        }
                    )
                )
                .Errno
        );
    }

    [KernelFeatureFact(KernelFeature.Ipip)]
    public void What_ip_made_of_ipip_is_read()
    {
        Host.Tool("ip link add x0 type ipip local 192.0.2.1 remote 192.0.2.2 ttl 64");
        Assert.Equal(
            new IpipInfo(IPAddr.Parse("192.0.2.1"), IPAddr.Parse("192.0.2.2"), 0, 64, PathMtuDiscovery: true),
            Client.Links.Get("x0").Ipip
        );
        Client.Links.Add(
            new IpipSpec
            {
                Name = "x1",
                Local = IPAddr.Parse("192.0.2.3"),
                PathMtuDiscovery = false,
            }
        );
        Assert.Equal(new IpipInfo(IPAddr.Parse("192.0.2.3"), null, 0, 0, PathMtuDiscovery: false), Client.Links.Get("x1").Ipip);
    }

    [KernelFeatureFact(KernelFeature.BridgeVlanFiltering)]
    public void A_bridge_tells_whether_it_filters_vlans()
    {
        Client.Links.Add(new BridgeSpec { Name = "br0", VlanFiltering = true });
        Client.Links.Add(new BridgeSpec { Name = "br1" });
        Assert.Equal(1, IpLink(Host, "br0").GetProperty("linkinfo").GetProperty("info_data").GetProperty("vlan_filtering").GetInt32());
        Assert.True(Client.Links.Get("br0").VlanFiltering);
        Assert.False(Client.Links.Get("br1").VlanFiltering);
    }

    [KernelFeatureFact(KernelFeature.BridgeVlanFiltering)]
    public void A_ports_vlans_are_as_bridge_says()
    {
        var (port, _) = AddVeth();
        Client.Links.Add(new BridgeSpec { Name = "br0", VlanFiltering = true });
        Client.Links.Set(port.Index, new LinkChange { Master = Client.Links.Get("br0").Index });
        Assert.Equal([new BridgeVlan(1, Access)], Client.BridgeVlans.List(port.Index));

        Client.BridgeVlans.Delete(port.Index, 1);
        Client.BridgeVlans.Add(port.Index, 100, Access);
        Client.BridgeVlans.AddRange(port.Index, 200, 203);
        Client.BridgeVlans.Add(port.Index, 300, BridgeVlanFlags.Untagged);
        var vlans = Client.BridgeVlans.List(port.Index);
        Assert.Equal([100, 200, 201, 202, 203, 300], vlans.Select(v => v.Vid));
        Assert.Equal(FromBridge("v0"), vlans);
    }

    [KernelFact]
    public void Vlans_of_what_is_no_port_are_none_and_cannot_be_added()
    {
        var (link, _) = AddVeth();
        Assert.Empty(Client.BridgeVlans.List(link.Index));
        Assert.Equal(Errno.EOPNOTSUPP, Assert.Throws<NetlinkException>(() => Client.BridgeVlans.Add(link.Index, 100)).Errno);
    }

    private IEnumerable<BridgeVlan> FromBridge(string name)
    {
        foreach (var port in Host.Json("bridge -j vlan show").EnumerateArray().Where(p => p.GetProperty("ifname").GetString() == name))
        {
            foreach (var vlan in port.GetProperty("vlans").EnumerateArray())
            {
                var first = vlan.GetProperty("vlan").GetInt32();
                var last = vlan.TryGetProperty("vlanEnd", out var end) ? end.GetInt32() : first;
                for (var vid = first; vid <= last; vid++)
                    yield return new BridgeVlan(vid, Flags(vlan));
            }
        }
    }

    private static BridgeVlanFlags Flags(JsonElement vlan)
    {
        var flags = vlan.TryGetProperty("flags", out var found) ? found.EnumerateArray().Select(f => f.GetString()).ToList() : [];
        return (flags.Contains("PVID") ? BridgeVlanFlags.Pvid : 0) | (flags.Contains("Egress Untagged") ? BridgeVlanFlags.Untagged : 0);
    }
}
