using System.Text.Json;
using System.Text.Json.Nodes;
using Plugboard.Testing.Kubernetes;

namespace Plugboard.Tests.Unit.Coordinator.Policy.Api;

/// <summary>What an API does when it is not well, and what stays in force meanwhile.</summary>
public sealed class PolicyApiFaultTests
{
    private const string DenyAll = """{"podSelector":{},"policyTypes":["Ingress"]}""";

    private static FakeKubernetes Denied()
    {
        var api = PolicyApiRun.ThreePods();
        api.Put(FakeKubernetes.Policies, FakeObjects.Policy("x/deny", DenyAll));
        return api;
    }

    private static bool IsOpen(PolicyApiRun run) => run.Passes("10.0.0.2", "10.0.0.1");

    [Theory]
    [InlineData(FakeKubernetes.Pods, "pods", "")]
    [InlineData(FakeKubernetes.Namespaces, "namespaces", "")]
    [InlineData(FakeKubernetes.Policies, "networkpolicies", "networking.k8s.io")]
    public async Task A_missing_right_for_one_kind_is_named_with_the_role_and_nothing_is_in_force(
        string path,
        string resource,
        string group
    )
    {
        using var api = Denied();
        var isForbidden = true;
        var message =
            $"{resource} is forbidden: User \\\"system:serviceaccount:kube-system:c\\\" cannot list resource \\\"{resource}\\\" "
            + $"in API group \\\"{group}\\\" at the cluster scope";
        api.Instead = request => isForbidden && request.Path == path ? FakeAnswer.Refusal(403, "Forbidden", message) : null;
        using var run = PolicyApiRun.Start(api);

        await run.UntilAsync(() => run.Source.Problem?.Contains("RBAC", StringComparison.Ordinal) == true);
        Assert.Contains($"cannot list resource \"{resource}\"", run.Source.Problem!, StringComparison.Ordinal);
        Assert.Contains("ClusterRole plugboard-coordinator-policy", run.Source.Problem!, StringComparison.Ordinal);
        Assert.False(run.Take());
        run.Source.Await(TimeSpan.FromSeconds(10));

        isForbidden = false;
        await run.Time.PassAsync(TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(30));
        await run.UntilAsync(() => run.Source.Problem is null && !IsOpen(run));
    }

    [Fact]
    public async Task A_right_that_is_taken_away_leaves_the_objects_in_force_and_is_named()
    {
        using var api = Denied();
        using var run = PolicyApiRun.Start(api);
        await run.WatchedAsync();
        await run.UntilAsync(() => !IsOpen(run));

        api.Instead = static request =>
            request.Path == FakeKubernetes.Policies ? FakeAnswer.Refusal(403, "Forbidden", "networkpolicies is forbidden") : null;
        run.Time.Pass(TimeSpan.FromSeconds(2));
        api.EndWatches();

        await run.UntilAsync(() => run.Source.Warnings.Count == 1);
        Assert.Contains("networkpolicies is forbidden", run.Source.Warnings[0], StringComparison.Ordinal);
        // The last news is the list, or the beginning of its watch, which the source may hear of after the two seconds.
        var policies = run.Source.Kinds.Single(static kind => kind.Name == "policies");
        var heardAt = new DateTime(policies.HeardAt!.Value, DateTimeKind.Utc);
        run.Time.Pass(TimeSpan.FromSeconds(10));
        Assert.Contains($"of {heardAt:yyyy-MM-dd'T'HH:mm:ss'Z'} stay in force", run.Source.Warnings[0], StringComparison.Ordinal);
        Assert.Null(run.Source.Problem);
        Assert.False(IsOpen(run));
        Assert.False(policies.IsReachable);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_compacted_version_is_listed_again_without_a_gap_and_what_left_meanwhile_is_gone(bool isInWatch)
    {
        using var api = Denied();
        api.TellsGoneInWatch = isInWatch;
        using var run = PolicyApiRun.Start(api);
        await run.WatchedAsync();
        await run.UntilAsync(() => !IsOpen(run));

        var isHeld = true;
        api.Instead = request => isHeld ? FakeAnswer.Refusal(500, "InternalError", "held") : null;
        run.Time.Pass(TimeSpan.FromSeconds(2));
        api.EndWatches();
        await run.UntilAsync(() => run.Source.Warnings.Count == 3);
        api.Put(FakeKubernetes.Pods, FakeObjects.Pod("x/c", "n1", "10.0.0.3", "app=c"));
        api.Delete(FakeKubernetes.Pods, "x/b");
        api.Put(FakeKubernetes.Policies, FakeObjects.Policy("y/deny", DenyAll));
        api.Forget();
        Assert.False(IsOpen(run));
        isHeld = false;

        await HealAsync(run, () => run.Source is { Problem: null, Warnings.Count: 0 } && api.WatchCount == 3);
        Assert.Equal(["x/a", "x/c", "y/a"], run.Source.Current!.Pods.Keys.Select(static name => $"{name}").Order());
        Assert.False(run.Passes("10.0.0.3", "10.0.0.1"));
        await run.IsAsOfAFreshListAsync();
    }

    [Fact]
    public async Task A_deletion_while_the_watch_is_away_is_heard_of_by_the_next_watch()
    {
        using var api = Denied();
        using var run = PolicyApiRun.Start(api);
        await run.WatchedAsync();
        await run.UntilAsync(() => !IsOpen(run));
        var isHeld = true;
        api.Instead = request => isHeld ? FakeAnswer.Refusal(503, "ServiceUnavailable", "held") : null;
        run.Time.Pass(TimeSpan.FromSeconds(2));
        api.EndWatches();
        await run.UntilAsync(() => run.Source.Warnings.Count == 3);

        api.Delete(FakeKubernetes.Policies, "x/deny");
        isHeld = false;

        await HealAsync(run, () => IsOpen(run));
        Assert.Equal(1, api.Server.Requests.Count(static each => each is { Path: FakeKubernetes.Policies, IsWatch: false }));
    }

    [Fact]
    public async Task A_connection_that_ends_in_the_middle_of_an_object_loses_nothing()
    {
        using var api = Denied();
        using var run = PolicyApiRun.Start(api);
        await run.WatchedAsync();
        await run.UntilAsync(() => !IsOpen(run));
        var whole = $$"""{"type":"DELETED","object":{{FakeObjects.Policy("x/deny", DenyAll).ToJsonString()}}}""";

        run.Time.Pass(TimeSpan.FromSeconds(2));
        api.Cut(FakeKubernetes.Policies, whole[..^20]);
        await api.Server.WaitForAsync(static each => each is { Path: FakeKubernetes.Policies, IsWatch: true }, times: 2);

        Assert.False(IsOpen(run));
        await run.WatchedAsync();
        api.Delete(FakeKubernetes.Policies, "x/deny");
        await run.UntilAsync(() => IsOpen(run));
        Assert.Empty(run.Source.Warnings);
    }

    [Fact]
    public async Task A_list_that_ends_in_the_middle_of_an_object_takes_nothing_away()
    {
        using var api = Denied();
        var isCut = true;
        api.Instead = request =>
            isCut && request is { Path: FakeKubernetes.Pods, IsWatch: false }
                ? new FakeAnswer(
                    200,
                    """{"kind":"PodList","metadata":{"resourceVersion":"7"},"items":[{"metadata":{"name":"z","namespace":"x"},"spec":{"""
                )
                : null;
        using var run = PolicyApiRun.Start(api);
        await run.UntilAsync(() => run.Source.Problem?.Contains("broke off", StringComparison.Ordinal) == true);
        isCut = false;
        await run.PauseAsync();
        await run.KnownAsync();
        Assert.Equal(3, run.Source.Current!.Pods.Count);
    }

    [Fact]
    public async Task An_error_within_a_watch_is_reported_and_the_objects_stay()
    {
        using var api = Denied();
        using var run = PolicyApiRun.Start(api);
        await run.WatchedAsync();
        await run.UntilAsync(() => !IsOpen(run));

        api.Send(
            FakeKubernetes.Pods,
            """{"type":"ERROR","object":{"kind":"Status","code":500,"reason":"InternalError","message":"etcdserver: leader changed"}}"""
        );

        await run.UntilAsync(() => run.Source.Warnings.Count == 1);
        Assert.Contains("leader changed", run.Source.Warnings[0], StringComparison.Ordinal);
        Assert.False(IsOpen(run));
        await HealAsync(run, () => run.Source.Warnings.Count == 0);
    }

    [Fact]
    public async Task A_watch_goes_on_from_the_last_bookmark()
    {
        using var api = Denied();
        using var run = PolicyApiRun.Start(api);
        await run.WatchedAsync();
        api.Pass(1000);
        run.Time.Pass(TimeSpan.FromSeconds(2));
        api.Bookmark();
        await run.UntilAsync(() => run.Source.Kinds.All(kind => kind.HeardAt == run.Time.GetTimestamp()));
        api.Forget();
        api.EndWatches();

        var second = await api.Server.WaitForAsync(static each => each is { Path: FakeKubernetes.Pods, IsWatch: true }, times: 2);
        Assert.Equal($"{api.Version}", second.Query["resourceVersion"]);
        await run.WatchedAsync();
        Assert.Equal(3, api.Server.Requests.Count(static each => each.Method == "GET" && !each.IsWatch));
    }

    [Fact]
    public async Task A_refused_policy_leaves_its_last_valid_version_in_force_and_is_an_event_on_the_policy()
    {
        using var api = PolicyApiRun.ThreePods();
        const string FromB =
            """{"podSelector":{"matchLabels":{"app":"a"}},"ingress":[{"from":[{"podSelector":{"matchLabels":{"app":"b"}}}]}]}""";
        api.Put(FakeKubernetes.Policies, FakeObjects.Policy("x/p", FromB));
        using var run = PolicyApiRun.Start(api);
        await run.WatchedAsync();
        await run.UntilAsync(() => IsOpen(run) && !run.Passes("10.0.1.1", "10.0.0.1"));

        api.Edit(FakeKubernetes.Policies, "x/p", static policy => policy["spec"]!["ingress"]![0]!["action"] = "Log");

        await run.UntilAsync(() => run.Source.Warnings.Count == 1);
        Assert.Contains("x/p is refused", run.Source.Warnings[0], StringComparison.Ordinal);
        Assert.Contains("\"action\"", run.Source.Warnings[0], StringComparison.Ordinal);
        Assert.Contains("its last valid version stays in force", run.Source.Warnings[0], StringComparison.Ordinal);
        Assert.True(IsOpen(run) && !run.Passes("10.0.1.1", "10.0.0.1"));
        Assert.Equal(1, run.Source.Kinds.Single(static kind => kind.Name == "policies").Refused);
        await api.Server.WaitForAsync(static each => each is { Method: "POST", Path: "/api/v1/namespaces/x/events" });
        var written = Assert.Single(api.Events);
        Assert.Equal(
            ("NetworkPolicy", "networking.k8s.io/v1", "x", "p", "uid-of-x/p"),
            (
                (string?)written["involvedObject"]!["kind"],
                (string?)written["involvedObject"]!["apiVersion"],
                (string?)written["involvedObject"]!["namespace"],
                (string?)written["involvedObject"]!["name"],
                (string?)written["involvedObject"]!["uid"]
            )
        );
        Assert.Equal(("PolicyRefused", "Warning"), ((string?)written["reason"], (string?)written["type"]));

        api.Edit(FakeKubernetes.Policies, "x/p", static policy => policy["spec"]!["ingress"] = new JsonArray());
        await run.UntilAsync(() => !IsOpen(run) && run.Source.Warnings.Count == 0);
    }

    [Fact]
    public async Task A_refused_policy_without_a_valid_version_isolates_its_pods_and_allows_nothing()
    {
        using var api = PolicyApiRun.ThreePods();
        var peers = string.Join(',', Enumerable.Repeat("""{"podSelector":{"matchLabels":{"app":"b"}}}""", 1001));
        api.Put(
            FakeKubernetes.Policies,
            FakeObjects.Policy(
                "x/huge",
                $$$"""{"podSelector":{"matchLabels":{"app":"a"}},"ingress":[{"from":[{{{peers}}}]}],"policyTypes":["Ingress"]}"""
            )
        );
        using var run = PolicyApiRun.Start(api);
        await run.WatchedAsync();

        Assert.False(IsOpen(run));
        Assert.True(run.Passes("10.0.0.1", "10.0.0.2"));
        Assert.True(run.Passes("10.0.0.1", "10.0.1.1"));
        Assert.Contains("1000 is the limit", Assert.Single(run.Source.Warnings), StringComparison.Ordinal);
        Assert.Contains("isolates the pods that it selects and allows nothing", run.Source.Warnings[0], StringComparison.Ordinal);

        // With a selector that cannot be read it is all pods of the namespace.
        api.Edit(FakeKubernetes.Policies, "x/huge", static policy => policy["spec"]!["podSelector"] = new JsonObject { ["name"] = "a" });
        await run.UntilAsync(() => !run.Passes("10.0.0.1", "10.0.0.2"));
        Assert.True(run.Passes("10.0.0.1", "10.0.1.1"));
        api.Delete(FakeKubernetes.Policies, "x/huge");
        await run.UntilAsync(() => IsOpen(run) && run.Source.Warnings.Count == 0);
    }

    [Fact]
    public async Task A_pod_with_too_many_labels_is_closed_and_no_selector_selects_it()
    {
        using var api = PolicyApiRun.ThreePods();
        api.Put(
            FakeKubernetes.Policies,
            FakeObjects.Policy("y/all", """{"podSelector":{},"ingress":[{"from":[{"namespaceSelector":{}}]}],"policyTypes":["Ingress"]}""")
        );
        api.Edit(FakeKubernetes.Pods, "y/a", static pod => pod["spec"]!["nodeName"] = "n1");
        using var run = PolicyApiRun.Start(api);
        await run.WatchedAsync();
        await run.UntilAsync(() => run.Passes("10.0.0.2", "10.0.1.1") && IsOpen(run));

        api.Edit(
            FakeKubernetes.Pods,
            "x/b",
            static pod =>
                pod["metadata"]!["labels"] = new JsonObject(
                    Enumerable.Range(0, 501).Select(static i => new KeyValuePair<string, JsonNode?>($"l{i}", ""))
                )
        );

        await run.UntilAsync(() => !IsOpen(run));
        Assert.False(run.Passes("10.0.0.2", "10.0.1.1"));
        Assert.False(run.Passes("10.0.0.1", "10.0.0.2"));
        Assert.False(run.Passes("192.0.2.1", "10.0.0.2"));
        Assert.Contains("nothing may reach it", Assert.Single(run.Source.Warnings), StringComparison.Ordinal);
        await api.Server.WaitForAsync(static each => each is { Method: "POST", Path: "/api/v1/namespaces/x/events" });
        Assert.Equal("Pod", (string?)Assert.Single(api.Events)["involvedObject"]!["kind"]);
        await run.IsAsOfAFreshListAsync();

        api.Edit(FakeKubernetes.Pods, "x/b", static pod => pod["metadata"]!["labels"] = new JsonObject { ["app"] = "b" });
        await run.UntilAsync(() => IsOpen(run) && run.Source.Warnings.Count == 0);
    }

    [Fact]
    public async Task A_refused_policy_of_a_namespace_without_pods_of_this_node_is_no_event_of_this_node()
    {
        using var api = PolicyApiRun.ThreePods();
        api.Put(FakeKubernetes.Policies, FakeObjects.Policy("y/bad", """{"podSelector":{},"tier":1}"""));
        using var run = PolicyApiRun.Start(api);
        await run.WatchedAsync();
        Assert.Single(run.Source.Warnings);

        api.Put(FakeKubernetes.Policies, FakeObjects.Policy("x/bad", """{"podSelector":{},"tier":1}"""));
        await api.Server.WaitForAsync(static each => each.Method == "POST");

        Assert.Equal("x", (string?)Assert.Single(api.Events)["involvedObject"]!["namespace"]);
    }

    [Fact]
    public async Task An_object_of_many_megabytes_and_one_that_is_nested_deeply_stop_nothing()
    {
        using var api = PolicyApiRun.ThreePods();
        var deep = JsonNode.Parse(
            string.Concat(Enumerable.Repeat("{\"f\":", 100)) + "1" + new string('}', 100),
            documentOptions: new JsonDocumentOptions { MaxDepth = 200 }
        );
        api.Edit(
            FakeKubernetes.Pods,
            "x/a",
            pod =>
            {
                pod["spec"]!["containers"]![0]!["env"]![0]!["value"] = new string('<', 1_500_000);
                pod["metadata"]!["managedFields"]![0]!["fieldsV1"] = deep;
            }
        );
        using var run = PolicyApiRun.Start(api);
        await run.WatchedAsync();

        Assert.Equal(3, run.Source.Current!.Pods.Count);
        api.Edit(FakeKubernetes.Pods, "x/a", static pod => pod["metadata"]!["labels"]!["app"] = "other");
        await run.UntilAsync(() => run.Source.Current!.Pods.Values.Any(static pod => $"{pod.Labels}" == "app=other"));
        Assert.Empty(run.Source.Warnings);
    }

    // Lets the pauses pass, of which no one knows how many there are.
    private static async Task HealAsync(PolicyApiRun run, Func<bool> isSo)
    {
        for (var i = 0; i < 2000 && !isSo(); i++)
        {
            run.Time.Pass(TimeSpan.FromSeconds(2));
            run.Take();
            await Task.Delay(20);
        }

        await run.UntilAsync(isSo);
    }
}
