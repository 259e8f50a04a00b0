using System.Text.Json.Nodes;
using Plugboard.Coordinator.Policy;
using Plugboard.Testing.Kubernetes;

namespace Plugboard.Tests.Unit.Coordinator.Policy.Api;

/// <summary>ClusterNetworkPolicies from the API: a kind that it may not serve.</summary>
public sealed class ClusterPolicyApiTests
{
    private const string DenyFromBlue =
        """{"tier":"Admin","priority":1,"subject":{"namespaces":{}}"""
        + ""","ingress":[{"action":"Deny","from":[{"namespaces":{"matchLabels":{"team":"blue"}}}]}]}""";
    private const string DenyAll =
        """{"tier":"Baseline","priority":1,"subject":{"namespaces":{}},"ingress":[{"action":"Deny","from":[{"namespaces":{}}]}]}""";

    private const string NotServed = "the Kubernetes API does not serve clusternetworkpolicies: none is in force until it does";

    private static readonly PolicyOptions options = new() { NodeName = "n1", ReadsCluster = true };

    private static PolicyApiRun Start(FakeKubernetes api) => PolicyApiRun.Start(api, options: options);

    private static bool IsOpen(PolicyApiRun run) => run.Passes("10.0.0.2", "10.0.0.1");

    private static bool IsBlueOpen(PolicyApiRun run) => run.Passes("10.0.1.1", "10.0.0.1");

    [Theory]
    [InlineData(FakeKubernetes.ClusterPolicies)]
    [InlineData(FakeKubernetes.OlderClusterPolicies)]
    public async Task They_are_listed_and_watched_in_the_version_that_is_served(string path)
    {
        using var api = PolicyApiRun.ThreePods();
        api.Serve(path);
        api.Put(path, FakeObjects.ClusterPolicy("blue", DenyFromBlue));
        using var run = Start(api);
        await run.WatchedAsync(4);
        Assert.True(IsOpen(run) && !IsBlueOpen(run));
        Assert.Empty(run.Source.Warnings);
        Assert.True(run.Source.Kinds.Single(static kind => kind.Name == "cluster-policies").IsReachable);

        api.Put(path, FakeObjects.ClusterPolicy("all", DenyAll));
        await run.UntilAsync(() => !IsOpen(run));
        api.Put(FakeKubernetes.Policies, FakeObjects.Policy("x/open", """{"podSelector":{},"ingress":[{}]}"""));
        await run.UntilAsync(() => IsOpen(run) && !IsBlueOpen(run));
        api.Delete(path, "blue");
        await run.UntilAsync(() => IsBlueOpen(run));
        await run.IsAsOfAFreshListAsync();
    }

    [Fact]
    public async Task Without_the_flag_they_are_not_asked_for()
    {
        using var api = PolicyApiRun.ThreePods();
        api.Serve(FakeKubernetes.ClusterPolicies);
        api.Put(FakeKubernetes.ClusterPolicies, FakeObjects.ClusterPolicy("all", DenyAll));
        using var run = PolicyApiRun.Start(api);
        await run.WatchedAsync();
        Assert.True(IsOpen(run));
        Assert.DoesNotContain(api.Server.Requests, static each => each.Path.Contains("policy.networking", StringComparison.Ordinal));
        Assert.Equal(3, run.Source.Kinds.Count);
    }

    [Fact]
    public async Task A_kind_that_is_not_served_is_told_once_stops_nothing_and_is_asked_for_again()
    {
        using var api = PolicyApiRun.ThreePods();
        api.Put(FakeKubernetes.Policies, FakeObjects.Policy("x/deny", """{"podSelector":{},"policyTypes":["Ingress"]}"""));
        using var run = Start(api);
        await run.WatchedAsync();
        Assert.False(IsOpen(run));
        var told = Assert.Single(run.Source.Warnings);
        Assert.Equal(NotServed, told);
        Assert.False(run.Source.Kinds.Single(static kind => kind.Name == "cluster-policies").IsReachable);

        // Another failure than that does not take the others away.
        api.Instead = static request =>
            request.Path.Contains("policy.networking", StringComparison.Ordinal) ? FakeAnswer.Refusal(500, "InternalError", "away") : null;
        await run.PauseAsync();
        await api.Server.WaitForAsync(static each => each.Path == FakeKubernetes.ClusterPolicies);
        Assert.Null(run.Source.Problem);
        Assert.Equal(told, Assert.Single(run.Source.Warnings));

        api.Instead = static _ => null;
        api.Serve(FakeKubernetes.ClusterPolicies);
        api.Put(FakeKubernetes.ClusterPolicies, FakeObjects.ClusterPolicy("blue", DenyFromBlue));
        api.Delete(FakeKubernetes.Policies, "x/deny");
        await run.UntilAsync(() => IsOpen(run));
        await PassUntilAsync(run, () => !IsBlueOpen(run));
        Assert.Empty(run.Source.Warnings);
    }

    [Fact]
    public async Task A_definition_that_is_removed_takes_its_objects_along_and_may_come_back_in_another_version()
    {
        using var api = PolicyApiRun.ThreePods();
        api.Serve(FakeKubernetes.OlderClusterPolicies);
        api.Put(FakeKubernetes.OlderClusterPolicies, FakeObjects.ClusterPolicy("all", DenyAll));
        using var run = Start(api);
        await run.WatchedAsync(4);
        Assert.False(IsOpen(run));

        api.Withdraw(FakeKubernetes.OlderClusterPolicies);
        await run.UntilAsync(() => IsOpen(run));
        await PassUntilAsync(run, () => run.Source.Warnings.Count == 1);
        Assert.Equal(NotServed, run.Source.Warnings[0]);
        Assert.Null(run.Source.Problem);

        api.Serve(FakeKubernetes.ClusterPolicies);
        api.Put(FakeKubernetes.ClusterPolicies, FakeObjects.ClusterPolicy("all", DenyAll));
        await PassUntilAsync(run, () => !IsOpen(run));
        Assert.Empty(run.Source.Warnings);
    }

    [Fact]
    public async Task A_missing_right_is_named_and_nothing_is_in_force_at_the_start()
    {
        using var api = PolicyApiRun.ThreePods();
        api.Instead = static request =>
            request.Path.Contains("policy.networking", StringComparison.Ordinal)
                ? FakeAnswer.Refusal(403, "Forbidden", "clusternetworkpolicies is forbidden")
                : null;
        using var run = Start(api);
        await run.UntilAsync(() => run.Source.Problem?.Contains("RBAC", StringComparison.Ordinal) == true);
        Assert.Contains("clusternetworkpolicies.policy.networking.k8s.io", run.Source.Problem!, StringComparison.Ordinal);
        Assert.Contains("ClusterRole plugboard-coordinator-policy", run.Source.Problem!, StringComparison.Ordinal);
        Assert.False(run.Take());
        run.Source.Await(TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task A_refused_one_leaves_its_last_valid_version_in_force_and_is_an_event()
    {
        using var api = PolicyApiRun.ThreePods();
        api.Serve(FakeKubernetes.ClusterPolicies);
        api.Put(FakeKubernetes.ClusterPolicies, FakeObjects.ClusterPolicy("blue", DenyFromBlue));
        api.Put(
            FakeKubernetes.ClusterPolicies,
            FakeObjects.ClusterPolicy(
                "elsewhere",
                """{"tier":"Admin","priority":1,"subject":{"namespaces":{"matchLabels":{"a":"b"}}}"""
                    + ""","egress":[{"action":"Deny","to":[{"domainNames":["a.b"]}]}]}"""
            )
        );
        using var run = Start(api);
        await run.WatchedAsync(4);
        api.Edit(
            FakeKubernetes.ClusterPolicies,
            "blue",
            static policy => policy["spec"]!["egress"] = JsonNode.Parse("""[{"action":"Accept","to":[{"domainNames":["a.b"]}]}]""")
        );

        await run.UntilAsync(() => run.Source.Warnings.Count == 2);
        Assert.True(IsOpen(run) && !IsBlueOpen(run));
        var warning = run.Source.Warnings.Single(static line => line.Contains("blue is refused", StringComparison.Ordinal));
        Assert.Contains("domainNames", warning, StringComparison.Ordinal);
        Assert.Contains("its last valid version stays in force", warning, StringComparison.Ordinal);
        Assert.Equal(2, run.Source.Kinds.Single(static kind => kind.Name == "cluster-policies").Refused);
        await api.Server.WaitForAsync(static each => each is { Method: "POST", Path: "/api/v1/namespaces/default/events" });
        var written = Assert.Single(api.Events)["involvedObject"]!;
        Assert.Equal(
            ("ClusterNetworkPolicy", "blue", "uid-of-blue"),
            ((string?)written["kind"], (string?)written["name"], (string?)written["uid"])
        );
    }

    [Fact]
    public async Task A_refused_one_without_a_valid_version_denies_what_it_cannot_say()
    {
        using var api = PolicyApiRun.ThreePods();
        api.Serve(FakeKubernetes.ClusterPolicies);
        api.Put(
            FakeKubernetes.ClusterPolicies,
            FakeObjects.ClusterPolicy(
                "odd",
                """{"tier":"Admin","priority":1,"subject":{"pods":{"namespaceSelector":{},"podSelector":{"matchLabels":{"app":"a"}}}}"""
                    + ""","ingress":[{"action":"Accept","from":[{"namespaces":{"matchLabels":{"team":"blue"}}}]}"""
                    + """,{"action":"Pass","from":[{}]}]}"""
            )
        );
        using var run = Start(api);
        await run.WatchedAsync(4);
        Assert.True(!IsOpen(run) && IsBlueOpen(run));
        Assert.True(run.Passes("10.0.0.1", "10.0.0.2"));
        Assert.Contains("other such rules deny everything", Assert.Single(run.Source.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nodes_are_read_from_the_first_policy_on_that_asks_for_them()
    {
        const string denyNodes =
            """{"tier":"Admin","priority":1,"subject":{"namespaces":{}}"""
            + ""","egress":[{"action":"Deny","to":[{"nodes":{"matchLabels":{"kubernetes.io/hostname":"n2"}}}]}]}""";
        using var api = PolicyApiRun.ThreePods();
        api.Serve(FakeKubernetes.ClusterPolicies);
        api.Put(FakeKubernetes.ClusterPolicies, FakeObjects.ClusterPolicy("blue", DenyFromBlue));
        api.Add("n1", ["10.0.0.0/24"], "192.0.2.1");
        api.Add("n2", ["10.0.1.0/24"], "192.0.2.2");
        using var run = Start(api);
        await run.WatchedAsync(4);
        Assert.DoesNotContain(api.Server.Requests, static each => each.Path == FakeKubernetes.Nodes);

        api.Put(FakeKubernetes.ClusterPolicies, FakeObjects.ClusterPolicy("nodes", denyNodes));
        await run.UntilAsync(() => !run.Passes("10.0.0.1", "192.0.2.2"));
        Assert.True(run.Passes("10.0.0.1", "192.0.2.1"));
        Assert.True(run.Source.Kinds.Single(static kind => kind.Name == "nodes").IsReachable);

        api.Edit("n1", static node => node["metadata"]!["labels"]!["kubernetes.io/hostname"] = "n2");
        await run.UntilAsync(() => !run.Passes("10.0.0.1", "192.0.2.1"));
        api.Delete("n2");
        await run.UntilAsync(() => run.Passes("10.0.0.1", "192.0.2.2"));
        await run.IsAsOfAFreshListAsync();
    }

    [Fact]
    public async Task Until_the_nodes_are_known_no_policy_that_asks_for_them_is_in_force_in_part()
    {
        const string butNodes =
            """{"tier":"Admin","priority":1,"subject":{"namespaces":{}}"""
            + ""","egress":[{"action":"Deny","to":[{"nodes":{}}]},{"action":"Deny","to":[{"networks":["198.51.100.0/24"]}]}]}""";
        using var api = PolicyApiRun.ThreePods();
        api.Serve(FakeKubernetes.ClusterPolicies);
        api.Instead = static request =>
            request.Path == FakeKubernetes.Nodes ? FakeAnswer.Refusal(500, "InternalError", "etcd is away") : null;
        using var run = Start(api);
        await run.WatchedAsync(4);
        Assert.Null(run.Source.Problem);

        api.Put(FakeKubernetes.ClusterPolicies, FakeObjects.ClusterPolicy("nodes", butNodes));
        await run.UntilAsync(() => run.Source.Problem?.Contains("etcd is away", StringComparison.Ordinal) == true);
        Assert.True(run.Passes("10.0.0.1", "198.51.100.1"));

        api.Add("n2", ["10.0.1.0/24"], "192.0.2.2");
        api.Instead = static _ => null;
        await PassUntilAsync(run, () => !run.Passes("10.0.0.1", "192.0.2.2"));
        Assert.False(run.Passes("10.0.0.1", "198.51.100.1"));
        Assert.Null(run.Source.Problem);
    }

    [Fact]
    public async Task Without_the_right_to_nodes_only_the_rules_by_nodes_are_closed_and_all_other_policies_change()
    {
        const string byNodes =
            """{"tier":"Admin","priority":2,"subject":{"namespaces":{"matchLabels":{"kubernetes.io/metadata.name":"x"}}},"egress":["""
            + """{"action":"Accept","to":[{"nodes":{}}]},"""
            + """{"action":"Accept","to":[{"networks":["198.51.100.0/24"]}]},"""
            + """{"action":"Deny","to":[{"nodes":{"matchLabels":{"a":"b"}}}]}]}""";
        using var api = PolicyApiRun.ThreePods();
        api.Serve(FakeKubernetes.ClusterPolicies);
        api.Add("n2", ["10.0.1.0/24"], "192.0.2.2");
        api.Instead = static request =>
            request.Path == FakeKubernetes.Nodes ? FakeAnswer.Refusal(403, "Forbidden", "nodes is forbidden") : null;
        using var run = Start(api);
        await run.WatchedAsync(4);

        api.Put(FakeKubernetes.ClusterPolicies, FakeObjects.ClusterPolicy("nodes", byNodes));
        await run.UntilAsync(() => !run.Passes("10.0.0.1", "203.0.113.1"));
        Assert.False(run.Passes("10.0.0.1", "192.0.2.2"));
        Assert.True(run.Passes("10.0.0.1", "198.51.100.1"));
        Assert.Null(run.Source.Problem);
        Assert.Contains("grant nodes", Assert.Single(run.Source.Warnings), StringComparison.Ordinal);
        Assert.False(run.Source.Kinds.Single(static kind => kind.Name == "nodes").IsReachable);

        api.Put(FakeKubernetes.ClusterPolicies, FakeObjects.ClusterPolicy("blue", DenyFromBlue));
        await run.UntilAsync(() => !IsBlueOpen(run));
        await run.IsAsOfAFreshListAsync();

        api.Instead = static _ => null;
        await PassUntilAsync(run, () => run.Passes("10.0.0.1", "192.0.2.2"));
        Assert.True(run.Passes("10.0.0.1", "203.0.113.1"));
        Assert.Empty(run.Source.Warnings);
        await run.IsAsOfAFreshListAsync();
    }

    private static async Task PassUntilAsync(PolicyApiRun run, Func<bool> isSo)
    {
        for (var i = 0; i < 600; i++)
        {
            run.Take();
            if (isSo())
                return;
            run.Time.Pass(TimeSpan.FromSeconds(5));
            await Task.Delay(20);
        }

        Assert.Fail($"it never was so; {run.Source.Problem} {string.Join("; ", run.Source.Warnings)}");
    }
}
