using System.Diagnostics;
using Plugboard.Addresses;
using Plugboard.Linux;
using Plugboard.Netlink.Route;
using Plugboard.Netlink.Route.Links;
using Plugboard.Testing;
using Xunit.Abstractions;

namespace Plugboard.Tests.Kernel.Netlink.RouteTests;

/// <summary>
/// What a node of a large cluster writes at its first look: a neighbour, a forwarding entry and a route for each other node.
/// </summary>
public sealed class RouteBatchTests(ITestOutputHelper output) : TunnelTestBase
{
    private const int Peers = 5000;

    // The goal is two seconds; a machine that does much else at the same time is slower.
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(10);

    private static MacAddress Mac(int peer) => MacAddress.Local((ulong)peer + 1);

    private static IPAddr Subnet(int peer) => IPAddr.Parse($"10.{peer >> 8}.{peer & 255}.0");

    private static Neighbour Neighbour(Link link, int peer) =>
        new(link.Index, Subnet(peer), Mac(peer), NeighbourState.Permanent) { Protocol = RouteProtocol.Plugboard };

    private static FdbEntry FdbEntryOf(Link link, int peer) => new(link.Index, Mac(peer), IPAddr.Parse($"192.0.{peer >> 8}.{peer & 255}"));

    private static RouteSpec Route(Link link, int peer) =>
        new()
        {
            Dst = new IPPrefix(Subnet(peer), 24),
            Gateway = Subnet(peer),
            OutInterface = link.Index,
            OnLink = true,
            Protocol = RouteProtocol.Plugboard,
        };

    private static RouteBatch Writes(Link link)
    {
        var batch = new RouteBatch();
        for (var peer = 0; peer < Peers; peer++)
        {
            batch.Replace(Neighbour(link, peer));
            batch.Replace(FdbEntryOf(link, peer));
            batch.Add(Route(link, peer), RouteAddMode.Replace);
        }

        return batch;
    }

    private IReadOnlyList<RouteRefusal> Each(Action<RouteBatch, int> write)
    {
        var batch = new RouteBatch();
        for (var peer = 0; peer < Peers; peer++)
            write(batch, peer);
        return Client.TryExecute(batch);
    }

    private void WriteOneByOne(Link link)
    {
        Timed("neighbours one by one", () => Each(peer => Client.Neighbours.Replace(Neighbour(link, peer))));
        Timed("forwarding entries one by one", () => Each(peer => Client.Fdb.Replace(FdbEntryOf(link, peer))));
        Timed("routes one by one", () => Each(peer => Client.Routes.Add(Route(link, peer), RouteAddMode.Replace)));
    }

    private static int Each(Action<int> write)
    {
        for (var peer = 0; peer < Peers; peer++)
            write(peer);
        return Peers;
    }

    private T Timed<T>(string what, Func<T> work)
    {
        var clock = Stopwatch.StartNew();
        var result = work();
        output.WriteLine($"{what}: {clock.Elapsed.TotalMilliseconds:0.0} ms");
        return result;
    }

    [KernelFact]
    public void Five_thousand_peers_are_written_and_read_back_in_seconds()
    {
        var link = AddVxlan();
        WriteOneByOne(link);
        Client.Links.Delete(link.Index);
        link = AddVxlan();

        var clock = Stopwatch.StartNew();
        Assert.Empty(Timed("neighbours in a batch", () => Each((batch, peer) => batch.Replace(Neighbour(link, peer)))));
        Assert.Empty(Timed("forwarding entries in a batch", () => Each((batch, peer) => batch.Replace(FdbEntryOf(link, peer)))));
        Assert.Empty(Timed("routes in a batch", () => Each((batch, peer) => batch.Add(Route(link, peer), RouteAddMode.Replace))));
        var routes = Timed(
            "list routes",
            () => Client.Routes.List(new RouteFilter(AddressFamily.IPv4, 254, Protocol: RouteProtocol.Plugboard))
        );
        var neighbours = Timed("list neighbours", () => Client.Neighbours.List(link.Index, AddressFamily.IPv4));
        var entries = Timed("list forwarding entries", () => Client.Fdb.List(link.Index));
        Assert.True(clock.Elapsed < Bound, $"{clock.Elapsed}");

        var peers = Enumerable.Range(0, Peers).ToList();
        Assert.Equal(
            peers.Select(p => Route(link, p).ToString()).Order(StringComparer.Ordinal),
            routes.Select(r => r.ToSpec().ToString()).Order(StringComparer.Ordinal)
        );
        Assert.Equal(peers.Select(p => Neighbour(link, p)).ToHashSet(), neighbours.ToHashSet());
        Assert.Equal(peers.Select(p => FdbEntryOf(link, p)).ToHashSet(), entries.ToHashSet());
        Assert.Equal(Peers, Host.Tool("ip neigh show dev flannel.1 nud permanent").Count(c => c == '\n'));

        Assert.Empty(Timed("all the same again in one batch", () => Client.TryExecute(Writes(link))));
        var removals = new RouteBatch();
        foreach (var peer in peers)
        {
            removals.Delete(Route(link, peer));
            removals.Delete(FdbEntryOf(link, peer));
            removals.DeleteNeighbour(link.Index, Subnet(peer));
        }

        Assert.Empty(Timed("remove all", () => Client.TryExecute(removals)));
        Assert.Empty(Timed("remove what is gone", () => Client.TryExecute(removals)));
        Assert.Empty(Client.Fdb.List(link.Index));
        Assert.Empty(Client.Routes.List(new RouteFilter(AddressFamily.IPv4, 254, Protocol: RouteProtocol.Plugboard)));
    }

    [KernelFact]
    public void A_refused_change_stops_none_and_all_refusals_are_told()
    {
        var link = AddVxlan();
        var batch = new RouteBatch();
        for (var peer = 0; peer < 700; peer++)
            batch.Replace(peer % 2 == 0 ? FdbEntryOf(link, peer) : FdbEntryOf(link, peer) with { LinkIndex = 99 });
        batch.Add(Route(link, 1) with { OnLink = false, Gateway = IPAddr.Parse("172.16.0.1") });
        batch.Set(link.Index, new LinkChange { Alias = "ours" });

        var refusals = Client.TryExecute(batch);
        Assert.Equal([.. Enumerable.Range(0, 350).Select(i => 2 * i + 1), 700], refusals.Select(r => r.Place));
        Assert.All(refusals.SkipLast(1), r => Assert.Equal(Errno.ENODEV, r.Error.Errno));
        Assert.Equal(
            ("RTM_NEWROUTE", Errno.ENETUNREACH, "Nexthop has invalid gateway"),
            (refusals[^1].Call, refusals[^1].Error.Errno, refusals[^1].Error.Message)
        );
        Assert.Equal(350, Client.Fdb.List(link.Index).Count);
        Assert.Equal("ours", Client.Links.Get(link.Index).Alias);
    }

    [KernelFact]
    public void Fifteen_thousand_changes_are_all_heard()
    {
        var link = AddVxlan();
        using var changes = RouteChanges.Open(
            Host.Namespace,
            RouteMonitorGroups.Neighbour | RouteMonitorGroups.IPv4Route,
            32 * 1024 * 1024
        );
        Assert.Empty(Client.TryExecute(Writes(link)));
        var told = Timed(
            "hear",
            () =>
            {
                var all = new List<RouteChange>();
                while (changes.Receive(TimeSpan.FromMilliseconds(200)) is { Items.Count: > 0 } notifications)
                    all.AddRange(notifications.Items);
                return all;
            }
        );
        var ours = told.Where(c => c.PortId == Client.PortId).ToList();
        Assert.Equal((Peers, Peers), (ours.Count(c => c.Route is not null), ours.Count(c => c.Neighbour is not null)));
        Assert.Equal(Peers, told.Count(c => c.Fdb is not null));
    }
}
