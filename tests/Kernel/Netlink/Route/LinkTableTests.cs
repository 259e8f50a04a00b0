using System.Text.Json;
using Plugboard.Addresses;
using Plugboard.Linux;
using Plugboard.Netlink;
using Plugboard.Netlink.Route.Links;
using Plugboard.Testing;

namespace Plugboard.Tests.Kernel.Netlink.RouteTests;

public sealed class LinkTableTests : RouteTestBase
{
    private static readonly MacAddress Mac = MacAddress.Parse("02:11:22:33:44:55");

    [KernelFact]
    public void Find_returns_null_for_a_link_that_does_not_exist()
    {
        Assert.Null(Client.Links.Find("nothing"));
        Assert.Null(Client.Links.Find(4711));
        Assert.Null(Client.Links.Find(0));
        Assert.Null(Client.Links.Find(-1));
    }

    [KernelTheory]
    [InlineData("")]
    [InlineData("sixteen-bytes-xx")]
    [InlineData("a-name-that-is-much-longer-than-any-link-can-have")]
    public void Find_returns_null_for_a_name_no_link_can_have(string name) => Assert.Null(Client.Links.Find(name));

    [KernelFact]
    public void Get_throws_ENODEV_for_a_link_that_does_not_exist()
    {
        Assert.Equal(Errno.ENODEV, Assert.Throws<NetlinkException>(() => Client.Links.Get("nothing")).Errno);
        Assert.Equal(Errno.ENODEV, Assert.Throws<NetlinkException>(() => Client.Links.Get(4711)).Errno);
    }

    [KernelFact]
    public void The_loopback_device_is_as_ip_says()
    {
        var lo = Client.Links.Get("lo");
        Assert.Equal(lo, Client.Links.Get(lo.Index));
        AssertSame(IpLink(Host, "lo"), lo);
        Assert.Equal("", lo.Kind);
        Assert.Equal(772, lo.HardwareType);
        Assert.False(lo.IsUp);
    }

    [KernelFact]
    public void A_bridge_is_made_as_asked()
    {
        Client.Links.Add(
            new BridgeSpec
            {
                Name = "br0",
                Mtu = 1400,
                Address = Mac,
                Up = true,
            }
        );
        var bridge = Client.Links.Get("br0");
        AssertSame(IpLink(Host, "br0"), bridge);
        Assert.Equal(("bridge", 1400, Mac, true), (bridge.Kind, bridge.Mtu, bridge.Address!.Value, bridge.IsUp));
    }

    [KernelFact]
    public void Add_fails_with_EEXIST_where_the_name_is_taken()
    {
        Client.Links.Add(new BridgeSpec { Name = "br0" });
        var e = Assert.Throws<NetlinkException>(() => Client.Links.Add(new BridgeSpec { Name = "br0" }));
        Assert.Equal((Errno.EEXIST, "RTM_NEWLINK", "br0"), (e.Errno, e.Call, e.Subject));
        Assert.StartsWith("RTM_NEWLINK br0: file exists (EEXIST)", e.Message);
    }

    [KernelFact]
    public void The_kernels_own_sentence_and_the_attribute_are_in_the_exception()
    {
        var e = Assert.Throws<NetlinkException>(() => Client.Links.Add(new NonsenseSpec { Name = "x0" }));
        Assert.Equal(Errno.EOPNOTSUPP, e.Errno);
        Assert.Equal("Unknown device type", e.KernelMessage);
        Assert.Equal("RTM_NEWLINK x0: operation not supported (EOPNOTSUPP): Unknown device type", e.Message);

        var range = Assert.Throws<NetlinkException>(() => Client.Links.Add(new BridgeSpec { Name = "br0", Mtu = 1 }));
        Assert.Equal(Errno.EINVAL, range.Errno);
        Assert.NotNull(range.KernelMessage);
    }

    [KernelFact]
    public void The_attribute_the_kernel_points_at_is_named()
    {
        var e = Assert.Throws<NetlinkException>(() => Client.Links.Add(new BridgeSpec { Name = "a-name-too-long-for-a-link" }));
        Assert.Equal("IFLA_IFNAME", e.Attribute);
    }

    [KernelFact]
    public void One_request_makes_both_ends_of_a_veth_the_host_end_up_in_the_bridge_the_other_in_the_pod()
    {
        Client.Links.Add(new BridgeSpec { Name = "br0", Up = true });
        var bridge = Client.Links.Get("br0");
        Client.Links.Add(
            new VethSpec
            {
                Name = "veth0",
                Mtu = 1450,
                Up = true,
                MasterIndex = bridge.Index,
                Peer = new VethPeer
                {
                    Name = "eth0",
                    Mtu = 1450,
                    Address = Mac,
                    NetNs = Pod.Namespace.File,
                },
            }
        );

        var host = Client.Links.Get("veth0");
        var inside = PodClient.Links.Get("eth0");
        AssertSame(IpLink(Host, "veth0"), host);
        AssertSame(IpLink(Pod, "eth0"), inside);
        Assert.Equal((bridge.Index, true, inside.Index), (host.MasterIndex, host.IsUp, host.PeerIndex));
        Assert.Equal((host.Index, false, Mac), (inside.PeerIndex, inside.IsUp, inside.Address!.Value));
        Assert.NotNull(host.LinkNetNsId);
        Assert.NotNull(host.Port);
        Assert.Null(inside.Port);
    }

    [KernelFact]
    public void A_link_can_be_made_in_another_namespace_from_inside_the_pod()
    {
        PodClient.Links.Add(
            new VethSpec
            {
                Name = "eth0",
                Address = Mac,
                Peer = new VethPeer { Name = "veth0", NetNs = Host.Namespace.File },
            }
        );
        Assert.Equal(PodClient.Links.Get("eth0").Index, Client.Links.Get("veth0").PeerIndex);
        Assert.Equal(Mac, PodClient.Links.Get("eth0").Address);
        Client.Links.Add(new BridgeSpec { Name = "br0", NetNs = Pod.Namespace.File });
        Assert.Null(Client.Links.Find("br0"));
        Assert.Equal("bridge", PodClient.Links.Get("br0").Kind);
    }

    [KernelFact]
    public void Set_changes_only_what_is_asked()
    {
        var (link, _) = AddVeth();
        Client.Links.Set(link.Index, new LinkChange { Up = true, Promiscuous = true });
        var changed = Client.Links.Get(link.Index);
        Assert.Equal((true, true, link.Mtu, link.Address), (changed.IsUp, changed.IsPromiscuous, changed.Mtu, changed.Address));
        Assert.Equal(1, changed.Promiscuity);

        Client.Links.Set(
            link.Index,
            new LinkChange
            {
                Promiscuous = false,
                Mtu = 1300,
                Address = Mac,
                Alias = "pod x",
            }
        );
        changed = Client.Links.Get(link.Index);
        AssertSame(IpLink(Host, "v0"), changed);
        Assert.Equal(
            (true, false, 1300, Mac, "pod x"),
            (changed.IsUp, changed.IsPromiscuous, changed.Mtu, changed.Address!.Value, changed.Alias)
        );

        Client.Links.Set(link.Index, new LinkChange { Up = false });
        Client.Links.Set(link.Index, new LinkChange { Name = "renamed" });
        Assert.Equal(link.Index, Client.Links.Get("renamed").Index);
    }

    [KernelFact]
    public void Set_master_0_takes_a_port_out_of_its_bridge()
    {
        var (link, _) = AddVeth();
        Client.Links.Add(new BridgeSpec { Name = "br0" });
        var bridge = Client.Links.Get("br0");
        Client.Links.Set(link.Index, new LinkChange { Master = bridge.Index });
        Assert.Equal(bridge.Index, Client.Links.Get(link.Index).MasterIndex);
        Client.Links.Set(link.Index, new LinkChange { Master = 0 });
        Assert.Equal(0, Client.Links.Get(link.Index).MasterIndex);
    }

    [KernelFact]
    public void Set_throws_ENODEV_for_a_link_that_does_not_exist() =>
        Assert.Equal(Errno.ENODEV, Assert.Throws<NetlinkException>(() => Client.Links.Set(4711, new LinkChange { Up = true })).Errno);

    [KernelTheory]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(true, true)]
    [InlineData(false, false)]
    public void A_ports_hairpin_and_isolation_are_as_ip_says(bool hairpin, bool isolated)
    {
        var (link, _) = AddVeth();
        Client.Links.Add(new BridgeSpec { Name = "br0" });
        Client.Links.Set(link.Index, new LinkChange { Master = Client.Links.Get("br0").Index });
        Client.Links.SetPort(link.Index, new BridgePortChange { Hairpin = !hairpin, Isolated = !isolated });
        Client.Links.SetPort(link.Index, new BridgePortChange { Hairpin = hairpin, Isolated = isolated });

        var port = Client.Links.Get(link.Index).Port!;
        var data = IpLink(Host, "v0").GetProperty("linkinfo").GetProperty("info_slave_data");
        Assert.Equal((hairpin, isolated), (data.GetProperty("hairpin").GetBoolean(), data.GetProperty("isolated").GetBoolean()));
        Assert.Equal((hairpin, isolated), (port.Hairpin, port.Isolated));
        Assert.Equal(data.GetProperty("state").GetString(), port.State.ToString().ToLowerInvariant());
    }

    [KernelFact]
    public void SetPort_fails_for_what_is_no_port()
    {
        var (link, _) = AddVeth();
        Assert.Throws<NetlinkException>(() => Client.Links.SetPort(link.Index, new BridgePortChange { Hairpin = true }));
    }

    [KernelFact]
    public void Delete_removes_both_ends_and_tells_what_was_gone_already()
    {
        var (link, other) = AddVeth();
        Assert.True(Client.Links.Delete(link.Index));
        Assert.Null(Client.Links.Find(other.Index));
        Assert.False(Client.Links.Delete(link.Index));
        Assert.False(Client.Links.Delete(0));
        Assert.Equal(Errno.EOPNOTSUPP, Assert.Throws<NetlinkException>(() => Client.Links.Delete(Client.Links.Get("lo").Index)).Errno);
    }

    [KernelFact]
    public void List_has_all_links_as_ip_says_and_ListByMaster_only_the_ports()
    {
        Client.Links.Add(new BridgeSpec { Name = "br0" });
        var bridge = Client.Links.Get("br0");
        for (var i = 0; i < 40; i++)
            Client.Links.Add(
                new VethSpec
                {
                    Name = $"a{i}",
                    MasterIndex = i % 2 == 0 ? bridge.Index : 0,
                    Peer = new VethPeer { Name = $"b{i}" },
                }
            );

        var all = Client.Links.List();
        var expected = Host.Json("ip -d -j link show").EnumerateArray().ToDictionary(l => l.GetProperty("ifindex").GetInt32());
        Assert.Equal(expected.Count, all.Count);
        foreach (var link in all)
            AssertSame(expected[link.Index], link);
        var ports = Client.Links.ListByMaster(bridge.Index);
        Assert.Equal(20, ports.Count);
        Assert.All(ports, port => Assert.Equal(bridge.Index, port.MasterIndex));
    }

    private static void AssertSame(JsonElement ip, Link link)
    {
        Assert.Equal(ip.GetProperty("ifindex").GetInt32(), link.Index);
        Assert.Equal(ip.GetProperty("ifname").GetString(), link.Name);
        Assert.Equal(ip.GetProperty("mtu").GetInt32(), link.Mtu);
        Assert.Equal(
            ip.GetProperty("operstate").GetString(),
            link.OperState.Text().Replace("-", "", StringComparison.Ordinal).ToUpperInvariant()
        );
        Assert.Equal(ip.GetProperty("promiscuity").GetInt32(), link.Promiscuity);
        Assert.Equal(ip.GetProperty("address").GetString(), link.Address.ToString());
        Assert.Equal(ip.GetProperty("flags").EnumerateArray().Any(f => f.GetString() == "UP"), link.IsUp);
        Assert.Equal(ip.GetProperty("flags").EnumerateArray().Any(f => f.GetString() == "PROMISC"), link.IsPromiscuous);
        Assert.Equal(ip.TryGetProperty("ifalias", out var alias) ? alias.GetString() : "", link.Alias);
        var info = ip.TryGetProperty("linkinfo", out var found) ? found : default;
        var hasKind = info.ValueKind == JsonValueKind.Object && info.TryGetProperty("info_kind", out _);
        Assert.Equal(hasKind ? info.GetProperty("info_kind").GetString() : "", link.Kind);
        Assert.Equal(ip.TryGetProperty("master", out _), link.MasterIndex != 0);
    }

    private sealed record NonsenseSpec : LinkSpec
    {
        public override string Kind => "nonsense";
    }
}
