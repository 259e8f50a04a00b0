using Plugboard.Addresses;
using Plugboard.Coordinator.Cluster;
using Plugboard.Coordinator.Sources.Kubernetes;
using Plugboard.Testing.Kubernetes;

namespace Plugboard.Tests.Unit.Coordinator.Kubernetes;

public sealed class FollowTests
{
    [Fact]
    public async Task Nodes_with_flannels_annotations_are_peers_and_this_node_is_in_the_store_without_them()
    {
        using var api = KubernetesRun.TwoNodes();
        api.Add("plain", ["10.244.7.0/24"], "192.0.2.7");
        await using var run = KubernetesRun.Start(api);

        var nodes = (await run.ListedAsync()).Nodes;

        Assert.Equal(["peer", "self"], nodes.Keys.Order());
        Assert.Equal(
            new ClusterNode
            {
                Name = "peer",
                Uid = "uid-of-peer",
                CreatedAt = new DateTimeOffset(2024, 5, 6, 7, 8, 9, TimeSpan.Zero),
                PodCidrs = [IPPrefix.Parse("10.244.1.0/24"), IPPrefix.Parse("fd00:244:0:1::/64")],
                Addresses = [IPAddr.Parse("198.51.100.2")],
                BackendType = "vxlan",
                Vtep4 = new VtepData(1, MacAddress.Parse("12:34:56:78:9a:bc")),
            },
            nodes["peer"]
        );
        Assert.Equal("10.244.0.0/24, fd00:244::/64", nodes["self"].PodCidrs.ToString());
    }

    [Fact]
    public async Task By_addresses_all_nodes_are_peers_by_the_internal_address()
    {
        using var api = KubernetesRun.TwoNodes();
        api.Add("plain", ["10.244.7.0/24"], "192.0.2.7");
        await using var run = KubernetesRun.Start(api, options => options with { Peers = PeersMode.Addresses });

        var nodes = (await run.ListedAsync()).Nodes;

        Assert.Equal("192.0.2.7", nodes["plain"].Addresses.ToString());
        Assert.Equal("192.0.2.2", nodes["peer"].Addresses.ToString());
        Assert.NotNull(nodes["peer"].Vtep4);
    }

    [Fact]
    public async Task What_the_operator_wishes_for_this_node_reaches_the_engine()
    {
        using var api = KubernetesRun.TwoNodes();
        api.Edit("self", node => node["metadata"]!["annotations"]!["flannel.alpha.coreos.com/node-public-ip"] = "192.0.2.99");
        await using var run = KubernetesRun.Start(api);

        Assert.Equal("192.0.2.99", (await run.ListedAsync()).Nodes["self"].WishedAddresses.ToString());
    }

    [Fact]
    public async Task Pages_are_read_to_the_end_before_anything_is_stored()
    {
        using var api = KubernetesRun.TwoNodes();
        for (var i = 0; i < 23; i++)
            api.Add($"n{i}", [$"10.244.{i + 10}.0/24"], $"192.0.2.{i + 10}", ("kube-subnet-manager", "true"));
        await using var run = KubernetesRun.Start(api, options => options with { PageSize = 10 });

        Assert.Equal(25, (await run.ListedAsync()).Nodes.Count);
        Assert.Equal(3, api.Server.Requests.Count(request => request.IsList));
        Assert.Equal(1, run.Changes);
    }

    [Fact]
    public async Task A_page_that_is_compacted_meanwhile_restarts_the_list()
    {
        using var api = KubernetesRun.TwoNodes();
        var isFirst = true;
        api.Instead = request =>
        {
            if (request.Query.ContainsKey("continue") && isFirst)
            {
                isFirst = false;
                api.Forget();
            }

            return null;
        };
        await using var run = KubernetesRun.Start(api, options => options with { PageSize = 1 });
        await run.PauseAsync();

        Assert.Equal(2, (await run.WaitAsync(snapshot => snapshot.IsComplete)).Nodes.Count);
        Assert.Null(run.Store.Current.SourceError);
    }

    [Fact]
    public async Task Changes_arrive_by_the_watch_and_equal_ones_wake_no_thread()
    {
        using var api = KubernetesRun.TwoNodes();
        await using var run = KubernetesRun.Start(api);
        await run.ListedAsync();
        var before = run.Changes;

        api.Edit("peer", node => node["status"]!["conditions"]![0]!["lastHeartbeatTime"] = "2025-01-01T00:00:00Z");
        api.Add("third", ["10.244.3.0/24"], "192.0.2.3", ("kube-subnet-manager", "true"), ("public-ip", "192.0.2.3"));
        await run.WaitAsync(snapshot => snapshot.Nodes.ContainsKey("third"));
        Assert.Equal(before + 1, run.Changes);

        api.Edit("peer", node => node["metadata"]!["annotations"]!["flannel.alpha.coreos.com/public-ip"] = "198.51.100.77");
        await run.WaitAsync(snapshot => snapshot.Nodes["peer"].Addresses.ToString() == "198.51.100.77");
        api.Delete("third");
        await run.WaitAsync(snapshot => !snapshot.Nodes.ContainsKey("third"));
        api.Edit("peer", node => node["metadata"]!["annotations"]!["flannel.alpha.coreos.com/kube-subnet-manager"] = "false");
        await run.WaitAsync(snapshot => !snapshot.Nodes.ContainsKey("peer"));
        Assert.Equal(1, api.Server.Requests.Count(request => request.IsList));
    }

    [Theory]
    [InlineData("kube-subnet-manager")]
    [InlineData("public-ip")]
    [InlineData("backend-type")]
    [InlineData("backend-data")]
    [InlineData("*")]
    public async Task An_annotation_that_is_removed_or_mistyped_takes_nothing_away(string name)
    {
        using var api = KubernetesRun.TwoNodes();
        await using var run = KubernetesRun.Start(api);
        await run.WaitAsync(snapshot => snapshot.Nodes.ContainsKey("peer"));
        var before = run.Store.Current.Nodes["peer"] with { Notes = [] };

        api.Edit(
            "peer",
            node =>
            {
                var annotations = node["metadata"]!["annotations"]!.AsObject();
                foreach (
                    var key in annotations
                        .Select(each => each.Key)
                        .Where(key => name == "*" || key == $"flannel.alpha.coreos.com/{name}")
                        .ToList()
                )
                    annotations.Remove(key);
                if (name == "public-ip")
                    annotations["flannel.alpha.coreos.com/public-ip"] = "192.0.2";
            }
        );
        api.Add("third", ["10.244.3.0/24"], "192.0.2.3", ("kube-subnet-manager", "true"), ("public-ip", "192.0.2.3"));

        await run.WaitAsync(snapshot => snapshot.Nodes.ContainsKey("third"));
        Assert.Equal(before, run.Store.Current.Nodes["peer"] with { Notes = [] });
        Assert.Equal(name is "kube-subnet-manager" or "public-ip" or "*", run.Store.Current.Nodes["peer"].Notes.Count > 0);
    }

    [Fact]
    public async Task A_watch_that_ends_goes_on_from_the_last_bookmark()
    {
        using var api = KubernetesRun.TwoNodes();
        await using var run = KubernetesRun.Start(api);
        var first = await api.Server.WaitForAsync(request => request.IsWatch);
        Assert.Equal("true", first.Query["allowWatchBookmarks"]);
        Assert.InRange(int.Parse(first.Query["timeoutSeconds"]), 300, 600);
        await WatchedAsync(api);

        api.Pass(1000);
        api.Bookmark();
        api.Forget();
        run.Time.Pass(TimeSpan.FromSeconds(2));
        api.EndWatches();

        var second = await api.Server.WaitForAsync(request => request.IsWatch, times: 2);
        Assert.Equal($"{api.Version}", second.Query["resourceVersion"]);
        Assert.Equal(1, api.Server.Requests.Count(request => request.IsList));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_compacted_version_is_listed_again_and_nodes_that_left_meanwhile_are_gone(bool isInWatch)
    {
        using var api = KubernetesRun.TwoNodes();
        api.TellsGoneInWatch = isInWatch;
        await using var run = KubernetesRun.Start(api);
        await run.ListedAsync();
        await WatchedAsync(api);

        var isHeld = true;
        api.Instead = request => isHeld ? FakeAnswer.Refusal(500, "InternalError", "held") : null;
        run.Time.Pass(TimeSpan.FromSeconds(2));
        api.EndWatches();
        await run.WaitAsync(snapshot => snapshot.SourceError is not null);
        api.Delete("peer");
        api.Forget();
        Assert.True(run.Store.Current.Nodes.ContainsKey("peer"));
        isHeld = false;
        await run.PauseAsync();
        // Forgotten at once after a failure: a pause more.
        await run.PauseAsync(doublings: 1);

        Assert.Equal(["self"], (await run.WaitAsync(snapshot => snapshot.Nodes.Count == 1)).Nodes.Keys);
        await run.WaitAsync(snapshot => snapshot.SourceError is null);
    }

    [Fact]
    public async Task A_watch_that_falls_silent_is_given_up()
    {
        using var api = KubernetesRun.TwoNodes();
        await using var run = KubernetesRun.Start(api, KubernetesRun.WithLimits);
        await run.ListedAsync();
        await WatchedAsync(api);

        await run.Time.PassAsync(TimeSpan.FromSeconds(150), TimeSpan.FromSeconds(150));

        await api.Server.WaitForAsync(request => request.IsWatch, times: 2);
        Assert.Null(run.Store.Current.SourceError);
        Assert.Equal(2, run.Store.Current.Nodes.Count);
    }

    internal static async Task WatchedAsync(FakeKubernetes api)
    {
        for (var i = 0; i < 400 && api.WatchCount == 0; i++)
            await Task.Delay(5);
        Assert.Equal(1, api.WatchCount);
    }
}
