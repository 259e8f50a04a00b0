using System.Text;
using Plugboard.Coordinator.Sources.Kubernetes;
using Plugboard.Testing.Kubernetes;

namespace Plugboard.Tests.Unit.Coordinator.Kubernetes;

public sealed class FaultTests
{
    private const string Head = """{"kind":"NodeList","metadata":{"resourceVersion":"7"},"items":[""";

    private static FakeAnswer Body(Func<Stream, CancellationToken, Task> write) => new(200) { Stream = write };

    private static FakeAnswer Endless(string head, string again) =>
        Body(
            async (stream, cancellation) =>
            {
                await stream.WriteAsync(Encoding.ASCII.GetBytes(head), cancellation);
                var more = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat(again, 64 * 1024 / again.Length)));
                while (true)
                    await stream.WriteAsync(more, cancellation);
            }
        );

    private static async Task<string> ErrorOfListAsync(
        Func<FakeRequest, FakeAnswer?> instead,
        Func<KubernetesOptions, KubernetesOptions>? change = null
    )
    {
        using var api = KubernetesRun.TwoNodes();
        api.Instead = request => request.IsList ? instead(request) : null;
        await using var run = KubernetesRun.Start(api, change);
        var sourceErrors = (await run.WaitAsync(snapshot => snapshot.SourceError is not null)).SourceError!;
        Assert.False(run.Store.Current.IsComplete);
        Assert.Empty(run.Store.Current.Nodes);
        api.Instead = static _ => null;
        await run.PauseAsync();
        await run.WaitAsync(snapshot => snapshot is { IsComplete: true, SourceError: null });
        return sourceErrors;
    }

    [Theory]
    [InlineData("""{"kind":"NodeList","metadata":{"resourceVersion":"7"},"items":[{"metadata":{"name":"x"}},""", "broke off")]
    [InlineData("""{"kind":"NodeList","metadata":{"resourceVersion":"7"},"items":[{"metadata":{"na""", "broke off")]
    [InlineData("<html>login here</html>", "invalid JSON")]
    [InlineData("", "broke off")]
    [InlineData("{}", "list of nodes is invalid")]
    [InlineData("[1,2]", "broke off")]
    [InlineData("""{"metadata":{"resourceVersion":"7"},"items":[{"metadata":{"name":"\ud800"}}]}""", "invalid Node")]
    public async Task An_invalid_list_is_reported_and_not_believed(string body, string told) =>
        Assert.Contains(told, await ErrorOfListAsync(_ => new FakeAnswer(200, body)), StringComparison.Ordinal);

    [Fact]
    public async Task An_object_without_an_end_is_cut_off() =>
        Assert.Contains(
            "cut off",
            await ErrorOfListAsync(
                _ => Endless($"{Head}{{\"metadata\":{{\"name\":\"", "aaaaaaaa"),
                options => options with { Limits = new ReadingLimits { Object = 300_000 } }
            ),
            StringComparison.Ordinal
        );

    [Fact]
    public async Task Blanks_without_an_end_are_cut_off() =>
        Assert.Contains(
            "cut off",
            await ErrorOfListAsync(
                _ => Endless(Head, "        "),
                options => options with { Limits = new ReadingLimits { Page = 3_000_000 } }
            ),
            StringComparison.Ordinal
        );

    [Fact]
    public async Task A_list_without_an_end_is_cut_off() =>
        Assert.Contains(
            "cut off",
            await ErrorOfListAsync(
                _ => Endless(Head, """{"a":1},"""),
                options => options with { Limits = new ReadingLimits { Page = 3_000_000 } }
            ),
            StringComparison.Ordinal
        );

    [Fact]
    public async Task Nodes_without_an_end_are_cut_off() =>
        Assert.Contains(
            "more than 1000 nodes",
            await ErrorOfListAsync(
                _ => Endless(Head, """{"a":1},"""),
                options => options with { Limits = new ReadingLimits { Nodes = 1000 } }
            ),
            StringComparison.Ordinal
        );

    [Fact]
    public async Task Pages_without_an_end_are_cut_off()
    {
        const string Page = """{"metadata":{"resourceVersion":"7","continue":"again"},"items":[]}""";
        Assert.Contains(
            "pages",
            await ErrorOfListAsync(_ => new FakeAnswer(200, Page), options => options with { Limits = new ReadingLimits { Pages = 5 } }),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task A_server_that_does_not_answer_is_given_up()
    {
        using var api = KubernetesRun.TwoNodes();
        api.Instead = _ => FakeAnswer.Silence;
        await using var run = KubernetesRun.Start(api, KubernetesRun.WithLimits);

        await run.Time.PassAsync(TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(30));

        Assert.Contains(
            "did not answer /api/v1/nodes within 30 seconds",
            (await run.WaitAsync(snapshot => snapshot.SourceError is not null)).SourceError,
            StringComparison.Ordinal
        );
        api.Instead = static _ => null;
        await run.PauseAsync();
        await run.ListedAsync();
    }

    [Fact]
    public async Task A_server_that_stops_within_a_list_is_given_up()
    {
        using var api = KubernetesRun.TwoNodes();
        api.Instead = _ =>
            Body(
                async (stream, cancellation) =>
                {
                    await stream.WriteAsync(Encoding.ASCII.GetBytes(Head), cancellation);
                    await Task.Delay(Timeout.Infinite, cancellation);
                }
            );
        await using var run = KubernetesRun.Start(api, KubernetesRun.WithLimits);
        await api.Server.WaitForAsync(request => request.IsList);

        for (var i = 0; i < 20 && run.Store.Current.SourceError is null; i++)
        {
            await Task.Delay(5);
            run.Time.Pass(TimeSpan.FromSeconds(10));
        }

        Assert.NotNull((await run.WaitAsync(snapshot => snapshot.SourceError is not null)).SourceError);
    }

    [Fact]
    public async Task A_server_that_is_busy_is_asked_again_when_it_said()
    {
        using var api = KubernetesRun.TwoNodes();
        api.Instead = _ => FakeAnswer.Refusal(429, "TooManyRequests", "slow down") with { Headers = ["Retry-After: 17"] };
        await using var run = KubernetesRun.Start(api);
        await run.WaitAsync(snapshot => snapshot.SourceError is not null);
        api.Instead = static _ => null;

        await run.Time.PassAsync(TimeSpan.FromSeconds(17), TimeSpan.FromSeconds(25));

        await run.ListedAsync();
    }

    [Fact]
    public async Task Failures_are_tried_again_with_pauses_that_double()
    {
        using var api = KubernetesRun.TwoNodes();
        api.Instead = _ => FakeAnswer.Refusal(500, "InternalError", "etcd is away");
        await using var run = KubernetesRun.Start(api);

        for (var i = 0; i < 5; i++)
            await run.PauseAsync(i);
        await run.Time.PassAsync(TimeSpan.FromSeconds(12.8), TimeSpan.FromSeconds(45));

        Assert.Equal("the Kubernetes API refuses GET /api/v1/nodes: 500 etcd is away", run.Store.Current.SourceError);
        Assert.Equal(1, run.Changes);
    }

    [Fact]
    public async Task A_missing_right_is_reported_with_what_to_grant()
    {
        using var api = KubernetesRun.TwoNodes();
        api.Instead = _ => FakeAnswer.Refusal(403, "Forbidden", "nodes is forbidden");
        await using var run = KubernetesRun.Start(api);

        var sourceErrors = (await run.WaitAsync(snapshot => snapshot.SourceError is not null)).SourceError;

        Assert.Contains("RBAC", sourceErrors, StringComparison.Ordinal);
        Assert.Contains("nodes/status patch", sourceErrors, StringComparison.Ordinal);
        api.Instead = static _ => null;
        await run.Time.PassAsync(TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(30));
        await run.ListedAsync();
    }

    [Theory]
    [InlineData("""{"type":"MODIFIED","object":{"metadata":{"name":"peer","resourceVersion":"200"}""", "")]
    [InlineData("""{"type":"NEWS","object":{}}""", "an invalid watch event")]
    [InlineData("""17""", "invalid JSON")]
    [InlineData("""{"type":"ERROR","object":{"kind":"Status","code":500,"message":"etcd is away"}}""", "etcd is away")]
    public async Task An_invalid_watch_event_restarts_the_watch_and_removes_no_node(string line, string told)
    {
        using var api = KubernetesRun.TwoNodes();
        await using var run = KubernetesRun.Start(api);
        await run.ListedAsync();
        await FollowTests.WatchedAsync(api);

        api.Send(line);
        api.EndWatches();

        if (told.Length > 0)
            Assert.Contains(
                told,
                (await run.WaitAsync(snapshot => snapshot.SourceError is not null)).SourceError,
                StringComparison.Ordinal
            );
        await run.PauseAsync();
        await api.Server.WaitForAsync(request => request.IsWatch, times: 2);
        Assert.Equal(2, (await run.WaitAsync(snapshot => snapshot.SourceError is null)).Nodes.Count);
        Assert.Equal(1, api.Server.Requests.Count(request => request.IsList));
    }

    [Fact]
    public async Task A_watchs_event_without_an_end_is_cut_off()
    {
        using var api = KubernetesRun.TwoNodes();
        api.Instead = request => request.IsWatch ? Endless("{\"type\":\"", "aaaaaaaa") : null;
        await using var run = KubernetesRun.Start(api, options => options with { Limits = new ReadingLimits { Object = 300_000 } });

        Assert.Contains(
            "cut off",
            (await run.WaitAsync(snapshot => snapshot.SourceError is not null)).SourceError,
            StringComparison.Ordinal
        );
        Assert.Equal(2, run.Store.Current.Nodes.Count);
    }

    [Fact]
    public async Task An_event_may_come_in_pieces_and_fields_in_any_order()
    {
        using var api = KubernetesRun.TwoNodes();
        const string Event =
            """{"object":{"status":{},"spec":{"podCIDR":"10.244.9.0/24"},"metadata":{"resourceVersion":"999","annotations":"""
            + """{"flannel.alpha.coreos.com/kube-subnet-manager":"true"},"name":"ninth"}},"type":"ADDED"}""";
        api.Instead = request =>
            request.IsWatch
                ? Body(
                    async (stream, cancellation) =>
                    {
                        foreach (var letter in Event)
                            await stream.WriteAsync(new[] { (byte)letter }, cancellation);
                        await Task.Delay(Timeout.Infinite, cancellation);
                    }
                )
                : null;
        await using var run = KubernetesRun.Start(api);

        Assert.Equal(
            "10.244.9.0/24",
            (await run.WaitAsync(snapshot => snapshot.Nodes.ContainsKey("ninth"))).Nodes["ninth"].PodCidrs.ToString()
        );
    }

    [Fact]
    public async Task A_server_that_does_not_have_the_version_yet_is_listed_again()
    {
        using var api = KubernetesRun.TwoNodes();
        const string TooLarge =
            """{"kind":"Status","code":504,"reason":"Timeout","message":"Too large resource version","details":{"causes":["""
            + """{"reason":"ResourceVersionTooLarge"}],"retryAfterSeconds":1}}""";
        api.Instead = request => request.IsWatch ? new FakeAnswer(504, TooLarge) : null;
        await using var run = KubernetesRun.Start(api);
        await run.WaitAsync(snapshot => snapshot.SourceError is not null);
        api.Instead = static _ => null;

        await run.Time.PassAsync(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2));

        await api.Server.WaitForAsync(request => request.IsList, times: 2);
        await run.WaitAsync(snapshot => snapshot.SourceError is null);
    }

    [Fact]
    public async Task A_page_may_have_many_times_the_bytes_that_are_ever_held()
    {
        using var api = KubernetesRun.TwoNodes();
        var names = string.Join(',', Enumerable.Repeat($"\"{new string('i', 200)}\"", 500));
        for (var i = 0; i < 100; i++)
        {
            api.Add($"fat{i}", [$"10.244.{i + 10}.0/24"], "192.0.2.9", ("kube-subnet-manager", "true"));
            api.Edit($"fat{i}", node => node["status"]!["images"] = System.Text.Json.Nodes.JsonNode.Parse($$"""[{"names":[{{names}}]}]"""));
        }

        await using var run = KubernetesRun.Start(api, options => options with { Limits = new ReadingLimits { Object = 200_000 } });

        Assert.Equal(102, (await run.ListedAsync()).Nodes.Count);
    }

    [Fact]
    public async Task A_server_that_is_gone_removes_no_node()
    {
        using var api = KubernetesRun.TwoNodes();
        await using var run = KubernetesRun.Start(api);
        await run.ListedAsync();
        await FollowTests.WatchedAsync(api);

        run.Time.Pass(TimeSpan.FromSeconds(2));
        api.Dispose();

        var snapshot = await run.WaitAsync(snapshot => snapshot.SourceError is not null);
        Assert.Contains("Connection refused", snapshot.SourceError, StringComparison.Ordinal);
        Assert.Equal(2, snapshot.Nodes.Count);
        Assert.True(snapshot.IsComplete);
        await run.PauseAsync();
        await run.PauseAsync(doublings: 1);
    }
}
