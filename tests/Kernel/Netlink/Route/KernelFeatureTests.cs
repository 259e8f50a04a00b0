using System.Text.Json;
using Plugboard.Linux;
using Plugboard.Netlink;
using Plugboard.Netlink.Route;
using Plugboard.Netlink.Route.Links;
using Plugboard.Testing;

namespace Plugboard.Tests.Kernel.Netlink.RouteTests;

/// <summary>What not every kernel can: VLANs and dummies. The bytes are tested everywhere, by the unit tests.</summary>
public sealed class KernelFeatureTests : RouteTestBase
{
    private const BridgeVlanFlags Access = BridgeVlanFlags.Pvid | BridgeVlanFlags.Untagged;

    [KernelFeatureFact(KernelFeature.Dummy)]
    public void A_dummy_is_made()
    {
        Client.Links.Add(new DummySpec { Name = "d0", Mtu = 1300, Up = true });
        var link = Client.Links.Get("d0");
        Assert.Equal(("dummy", 1300, true), (link.Kind, link.Mtu, link.IsUp));
    }

    [KernelFeatureFact(KernelFeature.Vlan)]
    public void A_vlan_has_its_parent_and_its_tag()
    {
        var (parent, _) = AddVeth();
        Client.Links.Add(new VlanSpec { Name = "v0.7", Parent = parent.Index, Id = 7 });
        var link = Client.Links.Get("v0.7");
        Assert.Equal(("vlan", 7, parent.Index), (link.Kind, link.VlanId!.Value, link.PeerIndex));
        Assert.Equal(7, IpLink(Host, "v0.7").GetProperty("linkinfo").GetProperty("info_data").GetProperty("id").GetInt32());
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
