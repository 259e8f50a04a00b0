using Plugboard.Linux;
using Plugboard.Netlink;
using Plugboard.Netlink.Route;
using Plugboard.Netlink.Route.Links;
using Plugboard.Netlink.Route.Traffic;
using Plugboard.Testing;

namespace Plugboard.Tests.Kernel.Netlink.RouteTests;

/// <summary>Qdiscs and filters beside what tc(8) says.</summary>
public sealed class TrafficTests : RouteTestBase
{
    private static readonly Tbf slow = new(1_000_000, 125_000, 1_562_500);

    [KernelFact]
    public void A_token_bucket_is_added_found_replaced_and_removed()
    {
        var (link, _) = AddVeth();
        Up(link);
        Assert.Equal("noqueue", Client.Qdiscs.Find(link.Index, TrafficHandle.Root)?.Kind);

        Client.Qdiscs.Add(Qdisc.AtRoot(link.Index, slow));
        Assert.Equal(Qdisc.AtRoot(link.Index, slow), Client.Qdiscs.Find(link.Index, TrafficHandle.Root));
        Assert.Contains("rate 8Mbit burst 100000b lat 25ms", Host.Tool("tc qdisc show"), StringComparison.Ordinal);
        Assert.Equal(Errno.EEXIST, Assert.Throws<NetlinkException>(() => Client.Qdiscs.Add(Qdisc.AtRoot(link.Index, slow))).Errno);

        var fast = slow with { Rate = 5_000_000_000, Limit = 1_000_000 };
        Client.Qdiscs.Replace(Qdisc.AtRoot(link.Index, fast));
        Assert.Equal(fast, Client.Qdiscs.Find(link.Index, TrafficHandle.Root)?.Tbf);
        Assert.Contains(Client.Qdiscs.List(), each => each == Qdisc.AtRoot(link.Index, fast));

        Assert.True(Client.Qdiscs.Delete(link.Index, TrafficHandle.Root));
        Assert.False(Client.Qdiscs.Delete(link.Index, TrafficHandle.Root));
        Assert.Equal("noqueue", Client.Qdiscs.Find(link.Index, TrafficHandle.Root)?.Kind);
    }

    // The kernel answers each of these otherwise.
    [KernelFact]
    public void A_place_that_never_had_a_qdisc_or_has_lost_it_has_none()
    {
        var (link, _) = AddVeth();
        Assert.Null(Client.Qdiscs.Find(link.Index, TrafficHandle.Ingress));
        Assert.False(Client.Qdiscs.Delete(link.Index, TrafficHandle.Ingress));
        Client.Qdiscs.Add(Qdisc.Ingress(link.Index));
        Assert.Equal(Qdisc.Ingress(link.Index), Client.Qdiscs.Find(link.Index, TrafficHandle.Ingress));
        Assert.True(Client.Qdiscs.Delete(link.Index, TrafficHandle.Ingress));
        Assert.Null(Client.Qdiscs.Find(link.Index, TrafficHandle.Ingress));
        Assert.False(Client.Qdiscs.Delete(link.Index, TrafficHandle.Ingress));
        Assert.False(Client.Qdiscs.Delete(4711, TrafficHandle.Root));
        Assert.Equal(Errno.ENODEV, Assert.Throws<NetlinkException>(() => Client.Qdiscs.Find(4711, TrafficHandle.Root)).Errno);
    }

    [KernelFact]
    public void A_filter_redirects_to_an_ifb_and_says_so_until_that_is_gone()
    {
        var (link, _) = AddVeth();
        Client.Links.Add(new IfbSpec { Name = "ifb9", TxQueueLength = 0 });
        var ifb = Client.Links.Get("ifb9");
        Assert.Equal(("ifb", 0), (ifb.Kind, ifb.TxQueueLength));
        Client.Qdiscs.Add(Qdisc.Ingress(link.Index));
        Host.Tool("tc filter add dev v0 parent ffff: prio 5 protocol ip u32 match ip dst 192.0.2.1 classid 1:9");

        var filter = Redirection(link, ifb);
        Client.Filters.Add(filter);
        var filters = Client.Filters.List(link.Index, TrafficHandle.OfIngress);
        Assert.Equal([filter with { Handle = filters[0].Handle }, Classifying(link, filters[1].Handle)], filters);
        Assert.Contains(
            "mirred (Egress Redirect to device ifb9) stolen",
            Host.Tool("tc filter show dev v0 parent ffff:"),
            StringComparison.Ordinal
        );

        Client.Links.Delete(ifb.Index);
        Assert.Equal([0, 0], Client.Filters.List(link.Index, TrafficHandle.OfIngress)[0].Redirects.Select(static each => each.LinkIndex));
        Assert.True(Client.Filters.Delete(filters[0]));
        Assert.False(Client.Filters.Delete(filters[0]));
        Assert.Equal([filters[1]], Client.Filters.List(link.Index, TrafficHandle.OfIngress));
        Assert.True(Client.Filters.Delete(filters[1] with { Handle = 0 }));
        Assert.Empty(Client.Filters.List(link.Index, TrafficHandle.OfIngress));
        Assert.Empty(Client.Filters.List(4711, TrafficHandle.OfIngress));
    }

    [KernelFact]
    public void An_htb_has_classes_and_filters_until_it_is_removed()
    {
        var (link, _) = AddVeth();
        Up(link);
        Assert.Empty(Client.Classes.List(link.Index));
        TrafficClass[] classes =
        [
            TrafficClass.OfRoot(link.Index, 1, new HtbClass(100_000_000_000, 100_000_000_000, 0, 0)),
            TrafficClass.OfRoot(link.Index, 0x30, new HtbClass(1_000_000, 2_000_000, 1_562_500, 1_562_500)),
        ];
        var filter = Classifying(link, 0) with { Parent = new TrafficHandle(1, 0), ClassId = classes[0].Handle };
        var batch = new RouteBatch();
        batch.Add(Qdisc.AtRoot(link.Index, new Htb(0x30)));
        foreach (var each in classes)
            batch.Add(each);
        batch.Add(filter);
        Assert.Empty(Client.TryExecute(batch));

        Assert.Equal(Qdisc.AtRoot(link.Index, new Htb(0x30)), Client.Qdiscs.Find(link.Index, TrafficHandle.Root));
        Assert.Equal(classes, Client.Classes.List(link.Index).OrderBy(static each => each.Handle.Value));
        Assert.Equal([filter], Client.Filters.List(link.Index, filter.Parent).Select(static each => each with { Handle = 0 }));
        Assert.Contains("rate 800Gbit ceil 800Gbit", Host.Tool("tc class show dev v0 classid 1:1"), StringComparison.Ordinal);
        Assert.Equal(
            [("RTM_NEWQDISC", Errno.EEXIST), ("RTM_NEWTCLASS", Errno.EEXIST)],
            Client.TryExecute(batch).Take(2).Select(static each => (each.Call, each.Error.Errno))
        );

        batch.Clear();
        batch.DeleteQdisc(link.Index, TrafficHandle.Root);
        Assert.Empty(Client.TryExecute(batch));
        Assert.Empty(Client.TryExecute(batch));
        Assert.Empty(Client.Classes.List(link.Index));
    }

    private static Filter Redirection(Link link, Link ifb) =>
        new()
        {
            LinkIndex = link.Index,
            Parent = TrafficHandle.OfIngress,
            Priority = 1,
            Protocol = Filter.AllProtocols,
            Kind = "u32",
            ClassId = new TrafficHandle(1, 1),
            Keys = [FilterKey.Any],
            Redirects = [new Redirect(ifb.Index, FilterVerdict.Stolen), new Redirect(ifb.Index, FilterVerdict.Pass)],
        };

    private static Filter Classifying(Link link, uint handle) =>
        new()
        {
            LinkIndex = link.Index,
            Parent = TrafficHandle.OfIngress,
            Priority = 5,
            Protocol = 0x0800,
            Handle = handle,
            Kind = "u32",
            Keys = [new FilterKey(uint.MaxValue, 0xc000_0201, 16)],
            ClassId = new TrafficHandle(1, 9),
        };

    [KernelFact]
    public void A_batch_makes_the_qdisc_and_the_filter_or_says_what_was_refused()
    {
        var (link, other) = AddVeth();
        var batch = new RouteBatch();
        batch.Add(Qdisc.Ingress(link.Index));
        batch.Add(Redirection(link, other));
        Assert.Empty(Client.TryExecute(batch));
        var refusals = Client.TryExecute(batch);
        Assert.Equal([("RTM_NEWQDISC", Errno.EEXIST)], refusals.Take(1).Select(static each => (each.Call, each.Error.Errno)));
    }

    [KernelFact]
    public void What_the_kernel_knows_is_asked_without_a_trace()
    {
        var before = Host.Tool("tc qdisc show") + Host.Tool("ip link show");
        Assert.True(Client.Qdiscs.Knows("tbf"));
        Assert.True(Client.Qdiscs.Knows("htb"));
        Assert.True(Client.Links.Knows("ifb"));
        Assert.True(Client.Filters.KnowsAction("mirred"));
        Assert.False(Client.Qdiscs.Knows("nonsense"));
        Assert.False(Client.Links.Knows("nonsense"));
        Assert.False(Client.Filters.KnowsAction("nonsense"));
        Assert.Equal(before, Host.Tool("tc qdisc show") + Host.Tool("ip link show"));
    }
}
