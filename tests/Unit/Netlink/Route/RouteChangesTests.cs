using Plugboard.Addresses;
using Plugboard.Netlink;
using Plugboard.Netlink.Route;
using Plugboard.Netlink.Route.Links;
using Plugboard.Netlink.Route.Uapi;
using Plugboard.Netlink.Uapi;
using static Plugboard.Tests.Unit.Netlink.ScriptedKernel;

namespace Plugboard.Tests.Unit.Netlink.RouteTests;

public sealed class RouteChangesTests : IDisposable
{
    private readonly ScriptedKernel kernel = new();
    private readonly RouteChanges changes;

    public RouteChangesTests() => changes = new RouteChanges(new NetlinkListener(kernel.Socket()));

    public void Dispose() => changes.Dispose();

    private static byte[] RouteMessage(ushort type, ushort flags, uint portId = 0, uint routeFlags = 0)
    {
        var writer = new NetlinkWriter();
        using (writer.Message(type, flags))
        {
            writer.WriteStruct(
                new RtMsg
                {
                    rtm_family = SocketH.AF_INET,
                    rtm_dst_len = 24,
                    rtm_protocol = 110,
                    rtm_flags = routeFlags,
                }
            );
            writer.WriteAddress(RtnetlinkH.RTA_DST, IPAddr.Parse("10.1.2.0"));
        }

        writer.HeaderAt(0).nlmsg_pid = portId;
        return writer.Written.ToArray();
    }

    private static byte[] LinkMessage(ushort type, byte family) =>
        Message(
            type,
            0,
            0,
            writer =>
            {
                writer.WriteStruct(new IfInfoMsg { ifi_family = family, ifi_index = 7 });
                writer.WriteString(IfLinkH.IFLA_IFNAME, "x0");
            }
        );

    private static byte[] NeighbourMessage(ushort type, byte family) =>
        Message(
            type,
            0,
            0,
            writer =>
            {
                writer.WriteStruct(
                    new NdMsg
                    {
                        ndm_family = family,
                        ndm_ifindex = 7,
                        ndm_flags = NeighbourH.NTF_SELF,
                        ndm_state = NeighbourH.NUD_PERMANENT,
                    }
                );
                writer.WriteMac(NeighbourH.NDA_LLADDR, new MacAddress(5));
                writer.WriteAddress(NeighbourH.NDA_DST, IPAddr.Parse("10.1.2.3"));
            }
        );

    [Fact]
    public void Each_message_is_what_it_tells_of()
    {
        kernel.Notify(
            [
                .. LinkMessage(RtnetlinkH.RTM_NEWLINK, SocketH.AF_UNSPEC),
                .. RouteMessage(RtnetlinkH.RTM_NEWROUTE, NetlinkH.NLM_F_REPLACE, 4711),
            ],
            RouteMessage(RtnetlinkH.RTM_DELROUTE, NetlinkH.NLM_F_REPLACE),
            NeighbourMessage(RtnetlinkH.RTM_NEWNEIGH, SocketH.AF_INET),
            NeighbourMessage(RtnetlinkH.RTM_DELNEIGH, SocketH.AF_BRIDGE)
        );
        var notifications = changes.Receive(TimeSpan.Zero);
        var route = new Route { Dst = IPPrefix.Parse("10.1.2.0/24"), Protocol = RouteProtocol.Plugboard };
        Assert.False(notifications.Lost);
        Assert.Equal(
            [
                new RouteChange
                {
                    Link = new Link { Index = 7, Name = "x0" },
                },
                new RouteChange
                {
                    Route = route,
                    IsReplacement = true,
                    PortId = 4711,
                },
                new RouteChange { Route = route, IsDeleted = true },
                new RouteChange { Neighbour = new Neighbour(7, IPAddr.Parse("10.1.2.3"), new MacAddress(5), NeighbourState.Permanent) },
                new RouteChange { Fdb = new FdbEntry(7, new MacAddress(5), IPAddr.Parse("10.1.2.3")), IsDeleted = true },
            ],
            notifications.Items
        );
    }

    [Fact]
    public void A_port_that_leaves_its_bridge_is_no_link_that_goes()
    {
        kernel.Notify(
            LinkMessage(RtnetlinkH.RTM_DELLINK, SocketH.AF_BRIDGE),
            RouteMessage(RtnetlinkH.RTM_NEWROUTE, 0, routeFlags: RtnetlinkH.RTM_F_CLONED)
        );
        Assert.Empty(changes.Receive(TimeSpan.Zero).Items);
    }

    [Fact]
    public void After_a_loss_nothing_is_told_but_that()
    {
        var one = RouteMessage(RtnetlinkH.RTM_NEWROUTE, 0);
        kernel.Notify(one, [], one, [], one);
        var notifications = changes.Receive(TimeSpan.Zero);
        Assert.True(notifications.Lost);
        Assert.Empty(notifications.Items);
        kernel.Notify(one);
        notifications = changes.Receive(TimeSpan.Zero);
        Assert.False(notifications.Lost);
        Assert.Single(notifications.Items);
    }

    [Fact]
    public void A_broken_message_is_a_format_exception()
    {
        kernel.Notify(LinkMessage(RtnetlinkH.RTM_NEWLINK, SocketH.AF_UNSPEC)[..20]);
        Assert.Throws<NetlinkFormatException>(() => changes.Receive(TimeSpan.Zero));
    }

    [Fact]
    public void What_is_stopped_stays_so()
    {
        kernel.Notify(RouteMessage(RtnetlinkH.RTM_NEWROUTE, 0));
        Assert.False(changes.IsStopped);
        changes.Stop();
        changes.Stop();
        Assert.True(changes.IsStopped);
        Assert.Equal((0, false), (changes.Receive(TimeSpan.FromMinutes(1)).Items.Count, changes.Receive(TimeSpan.Zero).Lost));
    }
}
