using System.Diagnostics;
using Plugboard.Addresses;
using Plugboard.Netlink.Route;
using Plugboard.Netlink.Route.Links;
using Plugboard.Testing;

namespace Plugboard.Tests.Kernel.Netlink.RouteTests;

public sealed class RouteChangesTests : TunnelTestBase
{
    private const RouteMonitorGroups All =
        RouteMonitorGroups.Link
        | RouteMonitorGroups.Neighbour
        | RouteMonitorGroups.IPv4Address
        | RouteMonitorGroups.IPv6Address
        | RouteMonitorGroups.IPv4Route
        | RouteMonitorGroups.IPv6Route;

    private static readonly TimeSpan Long = TimeSpan.FromSeconds(10);
    private static readonly MacAddress Mac = MacAddress.Parse("02:00:00:00:00:01");

    private RouteChanges Open(RouteMonitorGroups groups, int room = RouteChanges.DefaultRoom) =>
        RouteChanges.Open(Host.Namespace, groups, room);

    // Bounded by the time: the namespace is quiet but for what the test does.
    private static RouteChange Await(RouteChanges changes, Func<RouteChange, bool> wanted)
    {
        var clock = Stopwatch.StartNew();
        var seen = new List<RouteChange>();
        while (clock.Elapsed < Long)
        {
            var notifications = changes.Receive(Long - clock.Elapsed);
            Assert.False(notifications.Lost);
            seen.AddRange(notifications.Items);
            if (seen.Find(c => wanted(c)) is { } found)
                return found;
        }

        throw new TimeoutException($"not among {string.Join("\n", seen)}");
    }

    [KernelFact]
    public void A_link_is_told_when_it_is_made_changed_and_gone()
    {
        using var changes = Open(All);
        var link = AddVxlan();
        Assert.Equal(link.Vxlan, Await(changes, c => c.Link?.Name == "flannel.1").Link!.Vxlan);
        Client.Links.Set(link.Index, new LinkChange { Alias = "ours" });
        Await(changes, c => c.Link?.Alias == "ours");
        Client.Links.Delete(link.Index);
        Await(changes, c => c.IsDeleted && c.Link?.Index == link.Index);
    }

    [KernelTheory]
    [InlineData("10.7.0.1/24")]
    [InlineData("fd07::1/64")]
    public void An_address_is_told(string text)
    {
        using var changes = Open(All);
        Host.Tool($"ip addr add {text} dev v0 nodad");
        Assert.Equal(Under.Index, Await(changes, c => !c.IsDeleted && c.Address?.Address == IPPrefix.Parse(text)).Address!.LinkIndex);
        Host.Tool($"ip addr del {text} dev v0");
        Await(changes, c => c.IsDeleted && c.Address?.Address == IPPrefix.Parse(text));
    }

    [KernelTheory]
    [InlineData("10.7.0.0/24", "192.0.2.7", "192.0.2.8")]
    [InlineData("fd07::/64", "fd02::7", "fd02::8")]
    public void A_routes_replacement_and_whose_it_was_are_told(string dst, string first, string second)
    {
        using var changes = Open(All);
        var route = new RouteSpec
        {
            Dst = IPPrefix.Parse(dst),
            Gateway = IPAddr.Parse(first),
            OutInterface = Under.Index,
            Protocol = RouteProtocol.Plugboard,
        };
        Client.Routes.Add(route);
        var change = Await(changes, c => c.Route?.Dst == route.Dst);
        Assert.Equal(
            (false, false, RouteProtocol.Plugboard, Client.PortId),
            (change.IsDeleted, change.IsReplacement, change.Route!.Protocol, change.PortId)
        );

        Host.Tool($"ip route replace {dst} via {second} dev v0 proto 110");
        change = Await(changes, c => c.Route?.Dst == route.Dst);
        Assert.Equal((false, true, IPAddr.Parse(second)), (change.IsDeleted, change.IsReplacement, change.Route!.Gateway));
        Assert.NotEqual(Client.PortId, change.PortId);

        Host.Tool($"ip route del {dst} proto 110");
        Assert.True(Await(changes, c => c.Route?.Dst == route.Dst).IsDeleted);
    }

    [KernelFact]
    public void Routes_of_IPv4_that_go_with_their_link_are_told_by_the_link_alone()
    {
        var link = AddVxlan();
        Client.Routes.Add(
            new RouteSpec
            {
                Dst = IPPrefix.Parse("10.7.0.0/24"),
                OutInterface = link.Index,
                Protocol = RouteProtocol.Plugboard,
            }
        );
        using var changes = Open(RouteMonitorGroups.Link | RouteMonitorGroups.IPv4Route);
        Client.Links.Set(link.Index, new LinkChange { Up = false });
        Host.Tool("ip route add 10.8.0.0/24 via 192.0.2.7");
        var told = new List<RouteChange>();
        while (!told.Exists(c => c.Route?.Dst == IPPrefix.Parse("10.8.0.0/24")))
            told.AddRange(changes.Receive(Long).Items);
        Assert.Contains(told, c => c.Link is { IsUp: false } l && l.Index == link.Index);
        Assert.DoesNotContain(told, c => c.Route?.Dst == IPPrefix.Parse("10.7.0.0/24"));
        Assert.Empty(Client.Routes.List(new RouteFilter(AddressFamily.IPv4, Protocol: RouteProtocol.Plugboard)));
    }

    [KernelFact]
    public void Neighbours_and_forwarding_entries_are_told_apart()
    {
        var link = AddVxlan();
        using var changes = Open(RouteMonitorGroups.Neighbour);
        var entry = new FdbEntry(link.Index, Mac, IPAddr.Parse("192.0.2.7"));
        Client.Fdb.Replace(entry);
        Assert.Equal(entry, Await(changes, c => c.Fdb is not null).Fdb);
        Client.Fdb.Replace(entry with { Destination = IPAddr.Parse("192.0.2.8") });
        Assert.Equal(IPAddr.Parse("192.0.2.8"), Await(changes, c => c.Fdb is not null).Fdb!.Destination);
        Host.Tool("bridge fdb del 02:00:00:00:00:01 dev flannel.1");
        Assert.True(Await(changes, c => c.Fdb is not null).IsDeleted);

        var neighbour = new Neighbour(link.Index, IPAddr.Parse("10.244.3.0"), Mac, NeighbourState.Permanent)
        {
            Protocol = RouteProtocol.Plugboard,
        };
        Client.Neighbours.Replace(neighbour);
        Assert.Equal(neighbour, Await(changes, c => c.Neighbour?.Address == neighbour.Address).Neighbour);
        Host.Tool("ip neigh del 10.244.3.0 dev flannel.1");
        Await(changes, c => (c.IsDeleted || c.Neighbour?.State == NeighbourState.Failed) && c.Neighbour?.Address == neighbour.Address);
    }

    [KernelFact]
    public void Lost_changes_are_told_and_what_comes_later_is_heard()
    {
        // The kernel's least.
        using var changes = Open(RouteMonitorGroups.Link, room: 1);
        for (var i = 0; i < 100; i++)
            Client.Links.Set(Under.Index, new LinkChange { Alias = $"change {i}" });
        var notifications = changes.Receive(Long);
        Assert.True(notifications.Lost);
        Assert.Empty(notifications.Items);
        Client.Links.Set(Under.Index, new LinkChange { Alias = "last" });
        Assert.Equal("last", Await(changes, c => c.Link is not null).Link!.Alias);
    }

    [KernelFact]
    public void Another_thread_ends_the_wait()
    {
        using var changes = Open(RouteMonitorGroups.IPv4Route);
        using var waiting = new ManualResetEventSlim();
        var clock = Stopwatch.StartNew();
        var thread = new Thread(() =>
        {
            waiting.Set();
            changes.Receive(TimeSpan.FromMinutes(10));
        });
        thread.Start();
        Assert.True(waiting.Wait(Long));
        changes.Stop();
        Assert.True(thread.Join(Long));
        Assert.True(changes.IsStopped && clock.Elapsed < Long);
    }

    [KernelFact]
    public void Time_that_passes_is_nothing_heard()
    {
        using var changes = Open(RouteMonitorGroups.IPv4Route);
        var notifications = changes.Receive(TimeSpan.FromMilliseconds(20));
        Assert.Equal((0, false), (notifications.Items.Count, notifications.Lost));
    }
}
