using Plugboard.Addresses;
using Plugboard.Netlink.Route;
using Plugboard.Netlink.Route.Links;
using Plugboard.Testing;

namespace Plugboard.Tests.Kernel.Netlink.RouteTests;

public sealed class RouteMonitorTests : RouteTestBase
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(30);

    private RouteMonitor Open() =>
        Host.Run(() => RouteMonitor.Open(RouteMonitorGroups.Link | RouteMonitorGroups.IPv4Address | RouteMonitorGroups.IPv6Address));

    [KernelFact]
    public void A_veth_becomes_up_when_its_other_end_does()
    {
        var (link, other) = AddVeth();
        using var monitor = Open();
        Up(link);
        Assert.False(monitor.WaitForLink(Client, link.Index, l => l.OperState == OperState.Up, Short));
        Assert.Equal(OperState.LowerLayerDown, Client.Links.Get(link.Index).OperState);
        Up(other);
        Assert.True(monitor.WaitForLink(Client, link.Index, l => l.OperState == OperState.Up, Long));
    }

    [KernelFact]
    public void A_change_set_off_by_another_thread_ends_the_wait()
    {
        var (link, _) = AddVeth();
        Up(link);
        using var monitor = Open();
        var waiting = new Thread(() => Host.Tool("ip link set v1 up"));
        waiting.Start();
        Assert.True(monitor.WaitForLink(Client, link.Index, l => l.OperState == OperState.Up, Long));
        waiting.Join();
    }

    [KernelFact]
    public void A_link_that_is_gone_ends_the_wait()
    {
        var (link, _) = AddVeth();
        using var monitor = Open();
        Client.Links.Delete(link.Index);
        Assert.False(monitor.WaitForLink(Client, link.Index, _ => false, Long));
    }

    [KernelFact]
    public void An_IPv6_address_is_tentative_until_duplicate_address_detection_is_over()
    {
        var (link, other) = AddVeth();
        Up(link);
        Up(other);
        using var monitor = Open();
        Client.Addresses.Add(link.Index, IPPrefix.Parse("fd00::5/64"));
        Assert.Contains(Client.Addresses.List(link.Index), a => a.IsTentative);
        Assert.True(monitor.WaitForAddresses(Client, link.Index, list => !list.Any(a => a.IsTentative), Long));
        Assert.DoesNotContain(Client.Addresses.List(link.Index), a => a.IsTentative);
    }

    [KernelFact]
    public void A_duplicate_address_ends_as_DADFAILED()
    {
        var (link, other) = AddVeth();
        Client.Addresses.Add(other.Index, IPPrefix.Parse("fd00::5/64"), new AddressOptions(NoDad: true));
        Up(link);
        Up(other);
        using var monitor = Open();
        Client.Addresses.Add(link.Index, IPPrefix.Parse("fd00::5/64"));
        Assert.True(monitor.WaitForAddresses(Client, link.Index, list => list.Any(a => a.IsDadFailed), Long));
    }

    [KernelFact]
    public void Lost_notifications_do_no_harm()
    {
        var (link, other) = AddVeth();
        using var monitor = Open();
        Up(link);
        // Far more notifications than the socket holds.
        for (var i = 0; i < 3000; i++)
            Client.Links.Set(other.Index, new LinkChange { Alias = $"change {i}" });
        Up(other);
        Assert.True(monitor.WaitForLink(Client, link.Index, l => l.OperState == OperState.Up, Long));
        Assert.False(monitor.WaitForLink(Client, link.Index, _ => false, Short));
    }
}
