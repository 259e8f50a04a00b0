using Plugboard.Coordinator.Cluster;
using Plugboard.Coordinator.Node;
using Plugboard.Netlink.Route.Links;

namespace Plugboard.Tests.Unit.Coordinator.Histories;

/// <summary>After any history: what was made of the changed nodes alone is what is made of all.</summary>
public sealed class RandomHistoryTests
{
    private const int Steps = 60;
    private static readonly Dictionary<string, Link> noLinks = [];

    public static TheoryData<int> Seeds => [.. Enumerable.Range(1, 40)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void The_view_of_the_changed_nodes_is_the_view_of_all(int seed)
    {
        var cluster = new RandomCluster(seed);
        var store = new NodeStore(static () => { });
        var nodes = store.OpenReader();
        var builder = new ViewBuilder(RandomCluster.Own, null) { PublishesAddress = true };
        var before = PeerMap.Empty;
        for (var step = 0; step < Steps; step++)
        {
            cluster.Step(store);
            store.SetNetwork(cluster.Network);
            var (snapshot, touched) = store.Take(nodes);

            var view = builder.Build(snapshot, cluster.Uplink, noLinks, touched: touched).View!;

            var check = new PeerCheck(view.Network, view.Self, before);
            var whole = check.Accept(snapshot.Nodes.Values.Where(static node => node.Name != RandomCluster.Own)).ToArray();
            var where = $"seed {seed}, step {step}";
            AssertSame(whole.OrderBy(static peer => peer.Name, StringComparer.Ordinal), view.Peers, where);
            AssertSame(check.Refused.OrderBy(static node => node.Name, StringComparer.Ordinal), view.Refused, where);
            var notes = snapshot.Nodes.Values.SelectMany(static node => node.Notes).Concat(check.Notes.Select(static note => note.Text));
            AssertSame(notes.Order(StringComparer.Ordinal), view.Notes, where);
            var names = before.Concat(whole).Select(static peer => peer.Name).Distinct();
            var now = PeerMap.Create(whole);
            var changed = names.Where(name => before.Find(name) != now.Find(name)).ToList();
            Assert.Empty(changed.Except(builder.Touched.Keys));
            Assert.All(builder.Touched.Keys.Except(changed), name => Assert.Contains(changed, other => SharesTunnel(before, other, name)));
            before = now;
        }
    }

    // One machine under two names: its tunnel's entry was for both.
    private static bool SharesTunnel(PeerMap before, string one, string other) =>
        before.Find(one) is { } a
        && before.Find(other) is { } b
        && ((a.Vtep4 is { } v4 && v4.Mac == b.Vtep4?.Mac) || (a.Vtep6 is { } v6 && v6.Mac == b.Vtep6?.Mac));

    private static void AssertSame<T>(IEnumerable<T> expected, IEnumerable<T> actual, string where) =>
        Assert.True(
            expected.SequenceEqual(actual),
            $"{where}: expected\n{string.Join('\n', expected)}\nand it is\n{string.Join('\n', actual)}"
        );

    [Theory]
    [MemberData(nameof(Seeds))]
    public void After_the_routes_of_the_changed_peers_a_comparison_of_all_finds_nothing(int seed)
    {
        var cluster = new RandomCluster(seed);
        var store = new NodeStore(static () => { });
        var nodes = store.OpenReader();
        var builder = new ViewBuilder(RandomCluster.Own, null) { PublishesAddress = true };
        var mirror = new MirroredRoutes();
        var parts = 0;
        ClusterView? last = null;
        for (var step = 0; step < Steps; step++)
        {
            cluster.Step(store);
            store.SetNetwork(cluster.Network);
            var (snapshot, touched) = store.Take(nodes);
            var view = builder.Build(snapshot, cluster.Uplink, noLinks, touched: touched).View!;

            if (last is null || !view.DiffersOnlyInPeers(last))
            {
                mirror = new MirroredRoutes();
                mirror.ApplyWhole(view);
            }
            else
            {
                mirror.ApplyPart(last, view, builder.Touched.Keys);
                parts++;
            }

            last = view;
            Assert.True(mirror.FindLeft(view).Count == 0, $"seed {seed}, step {step}:\n{string.Join('\n', mirror.FindLeft(view))}");
            mirror.AssertInterest(view);
        }

        Assert.True(parts > Steps / 3, $"seed {seed}: only {parts} of {Steps} steps changed peers alone");
    }
}
