using Plugboard.Linux;
using Plugboard.Netlink.Route;
using Plugboard.Netlink.Route.Links;
using Plugboard.Testing;

namespace Plugboard.Tests.Kernel.Netlink.RouteTests;

public sealed class IPForwardingTests : RouteTestBase
{
    private IPForwarding Forwarding => new(Client);

    private void Switch(bool is6) =>
        Host.Run(() =>
        {
            foreach (var change in Forwarding.Plan(is6))
                Sysctl.Write(change.Name, change.Value);
        });

    [KernelFact]
    public void A_default_route_that_a_router_advertised_stays_and_is_learned_again()
    {
        using var router = new AdvertisingRouter(Host);
        router.AdvertiseUntilKnown();
        Switch(is6: true);
        Assert.True(Forwarding.IsOn(is6: true));
        Assert.True(router.IsKnown, "the route went when forwarding was switched on");
        Host.Tool("ip -6 route del default proto ra");
        router.AdvertiseUntilKnown();
    }

    // The reason for all of it: should a kernel behave otherwise, this tells.
    [KernelFact]
    public void Without_accept_ra_2_the_kernel_takes_the_route_at_once()
    {
        using var router = new AdvertisingRouter(Host);
        router.AdvertiseUntilKnown();
        Host.Run(static () => Sysctl.Write("net/ipv6/conf/all/forwarding", "1"));
        Assert.False(router.IsKnown);
    }

    [KernelFact]
    public void A_link_that_is_down_learns_once_it_is_up()
    {
        using var router = new AdvertisingRouter(Host, isUp: false);
        Switch(is6: true);
        Host.Tool("ip link set eth0 up");
        router.AdvertiseUntilKnown();
    }

    [KernelFact]
    public void What_refuses_advertisements_and_what_comes_later_is_not_touched()
    {
        using var router = new AdvertisingRouter(Host);
        Host.Run(static () => Sysctl.Write("net/ipv6/conf/eth0/accept_ra", "0"));
        Assert.Equal(["net/ipv6/conf/all/forwarding"], Forwarding.Plan(is6: true).Select(static change => change.Name));
        Switch(is6: true);
        Assert.Equal("0", Host.Run(static () => Sysctl.Find("net/ipv6/conf/eth0/accept_ra")));
        Assert.Equal("1", Host.Run(static () => Sysctl.Find("net/ipv6/conf/default/accept_ra")));
    }

    [KernelFact]
    public void A_route_that_another_program_made_of_an_advertisement_stays_by_itself()
    {
        using var router = new AdvertisingRouter(Host);
        Host.Run(static () => Sysctl.Write("net/ipv6/conf/eth0/accept_ra", "0"));
        Host.Tool("ip -6 route add default via fe80::1 dev eth0 proto ra metric 100");
        Switch(is6: true);
        Assert.True(router.IsKnown);
    }

    [KernelFact]
    public void A_bridge_with_the_uplink_is_kept_learning_and_its_port_is_not_touched()
    {
        using var router = new AdvertisingRouter(Host);
        Host.Tool("ip link add br0 type bridge");
        Host.Run(static () => Sysctl.Write("net/ipv6/conf/br0/accept_dad", "0"));
        Host.Tool("ip link set eth0 master br0");
        Host.Tool("ip link set br0 up");
        router.AdvertiseUntilKnown();
        Switch(is6: true);
        Assert.True(router.IsKnown);
        Assert.Equal("2", Host.Run(static () => Sysctl.Find("net/ipv6/conf/br0/accept_ra")));
        Assert.Equal("1", Host.Run(static () => Sysctl.Find("net/ipv6/conf/eth0/accept_ra")));
    }

    [KernelFact]
    public void IPv4_is_one_setting_and_what_forwards_needs_none()
    {
        Host.Run(static () => Sysctl.Write("net/ipv4/ip_forward", "0"));
        Assert.Equal([new SysctlChange("net/ipv4/ip_forward", "1")], Forwarding.Plan(is6: false));
        Switch(is6: false);
        Assert.Empty(Forwarding.Plan(is6: false));
        Switch(is6: true);
        Assert.Empty(Forwarding.Plan(is6: true));
    }

    [KernelFact]
    public void A_links_settings_are_those_below_proc_sys()
    {
        Client.Links.Add(new BridgeSpec { Name = "br0" });
        Host.Run(static () =>
        {
            foreach (
                var setting in new[]
                {
                    "accept_ra=2",
                    "accept_dad=0",
                    "ndisc_notify=1",
                    "keep_addr_on_down=1",
                    "forwarding=1",
                    "disable_ipv6=1",
                }
            )
                Sysctl.Write($"net/ipv6/conf/br0/{setting.Split('=')[0]}", setting.Split('=')[1]);
        });
        Assert.Equal(
            new LinkIPv6
            {
                AcceptRa = 2,
                NdiscNotify = true,
                KeepAddrOnDown = true,
                Forwarding = true,
                Disabled = true,
                EnhancedDad = true,
            },
            Client.Links.Get("br0").IPv6
        );
        Client.Links.Set("br0", new LinkChange { Mtu = 1200 });
        Assert.Null(Client.Links.Get("br0").IPv6);
    }

    [KernelFact]
    public void A_links_tag_is_written_and_read()
    {
        Client.Links.Add(new BridgeSpec { Name = "br0" });
        Assert.Equal(0, Client.Links.Get("br0").Tag);
        Client.Links.Set("br0", new LinkChange { Tag = 0x434e4931, ArpNotify = true });
        Assert.Equal(0x434e4931, Client.Links.Get("br0").Tag);
        Assert.Equal("1129204017", Host.Run(static () => Sysctl.Find("net/ipv4/conf/br0/tag")));
        Assert.Equal("1", Host.Run(static () => Sysctl.Find("net/ipv4/conf/br0/arp_notify")));
    }
}
