using System.Text.Json.Nodes;
using Plugboard.Coordinator.Policy;
using Plugboard.Coordinator.Policy.Objects;
using Plugboard.Testing.Kubernetes;

namespace Plugboard.Tests.Unit.Coordinator.Policy.Api;

/// <summary>Objects of the API and their changes reach the rules, each with what it touches.</summary>
public sealed class PolicyApiTests
{
    private const string DenyAll = """{"podSelector":{},"policyTypes":["Ingress"]}""";
    private const string FromBlue =
        """{"podSelector":{},"ingress":[{"from":[{"namespaceSelector":{"matchLabels":{"team":"blue"}}}]}],"policyTypes":["Ingress"]}""";

    [Fact]
    public async Task Nothing_is_in_force_before_the_first_complete_list_of_all_three_kinds()
    {
        using var api = PolicyApiRun.ThreePods();
        var held = FakeKubernetes.Policies;
        api.Instead = request => request.Path == held ? FakeAnswer.Refusal(500, "InternalError", "held") : null;
        using var run = PolicyApiRun.Start(api);

        await run.UntilAsync(() => run.Source.Problem?.Contains("held", StringComparison.Ordinal) == true);
        await api.Server.WaitForAsync(static request => request.IsWatch && request.Path == FakeKubernetes.Pods);
        Assert.Null(run.Source.Current);
        Assert.False(run.Take());

        held = "";
        await run.PauseAsync();
        await run.KnownAsync();
        Assert.Equal(3, run.Source.Current!.Pods.Count);
        Assert.Empty(run.Source.Warnings);
    }

    [Fact]
    public async Task Lists_are_read_in_pages_and_call_once_for_each_kind()
    {
        using var api = PolicyApiRun.ThreePods();
        for (var i = 0; i < 23; i++)
            api.Put(FakeKubernetes.Pods, FakeObjects.Pod($"x/p{i}", "n2", $"10.0.2.{i + 1}"));
        using var run = PolicyApiRun.Start(api, static options => options with { PageSize = 10 });

        await run.WatchedAsync();

        Assert.Equal(26, run.Source.Current!.Pods.Count);
        Assert.Equal(
            3,
            api.Server.Requests.Count(static request =>
                request is { Path: FakeKubernetes.Pods, IsWatch: false } && request.Query["limit"] == "10"
            )
        );
        Assert.InRange(run.Calls, 1, 3);
    }

    [Fact]
    public async Task What_is_kept_of_a_pod_is_what_the_files_have_of_it()
    {
        using var api = PolicyApiRun.ThreePods();
        api.Edit(
            FakeKubernetes.Pods,
            "x/a",
            static pod =>
                pod["spec"]!["initContainers"] = JsonNode.Parse(
                    """
                    [{"name":"i","restartPolicy":"Always","ports":[{"name":"side","containerPort":9}]},
                     {"ports":[{"name":"no","containerPort":1}]}]
                    """
                )
        );
        using var run = PolicyApiRun.Start(api);
        await run.KnownAsync();

        var pod = run.Source.Current!.Pods[new ObjectName("x", "a")];

        Assert.Equal("10.0.0.1", pod.Addresses.ToString());
        Assert.Equal("app=a", pod.Labels.ToString());
        Assert.Equal("n1", pod.NodeName);
        Assert.Equal(["side", "web"], pod.Ports.Select(static port => port.Name));
        Assert.Equal(new DateTimeOffset(2024, 5, 6, 7, 8, 9, TimeSpan.Zero), pod.CreatedAt);
    }

    [Fact]
    public async Task A_policy_a_pod_and_a_namespace_that_change_change_the_rules()
    {
        using var api = PolicyApiRun.ThreePods();
        using var run = PolicyApiRun.Start(api);
        await run.WatchedAsync();
        Assert.True(run.Passes("10.0.0.2", "10.0.0.1"));

        api.Put(FakeKubernetes.Policies, FakeObjects.Policy("x/deny", DenyAll));
        await run.UntilAsync(() => !run.Passes("10.0.0.2", "10.0.0.1") && !run.Passes("10.0.1.1", "10.0.0.1"));
        api.Put(FakeKubernetes.Policies, FakeObjects.Policy("x/blue", FromBlue));
        await run.UntilAsync(() => run.Passes("10.0.1.1", "10.0.0.1"));

        // A namespace is relabelled.
        api.Edit(FakeKubernetes.Namespaces, "y", static home => home["metadata"]!["labels"]!["team"] = "red");
        await run.UntilAsync(() => !run.Passes("10.0.1.1", "10.0.0.1"));
        api.Edit(FakeKubernetes.Namespaces, "x", static home => home["metadata"]!["labels"]!["team"] = "blue");
        await run.UntilAsync(() => run.Passes("10.0.0.2", "10.0.0.1"));

        // A pod of another node gets another address.
        api.Edit(FakeKubernetes.Namespaces, "y", static home => home["metadata"]!["labels"]!["team"] = "blue");
        api.Edit(
            FakeKubernetes.Pods,
            "y/a",
            static pod => pod["status"]!["podIPs"] = new JsonArray(new JsonObject { ["ip"] = "10.0.1.99" })
        );
        await run.UntilAsync(() => run.Passes("10.0.1.99", "10.0.0.1") && !run.Passes("10.0.1.1", "10.0.0.1"));

        api.Delete(FakeKubernetes.Policies, "x/deny");
        api.Delete(FakeKubernetes.Policies, "x/blue");
        await run.UntilAsync(() => run.Passes("10.0.1.1", "10.0.0.1"));
        await run.IsAsOfAFreshListAsync();
        // One by each of both.
        Assert.Equal(2, api.Server.Requests.Count(static request => request is { Path: FakeKubernetes.Pods, IsWatch: false }));
    }

    [Fact]
    public async Task A_pod_that_completes_or_has_the_nodes_network_is_no_peer_and_the_newer_of_two_pods_has_an_address()
    {
        using var api = PolicyApiRun.ThreePods();
        api.Put(FakeKubernetes.Policies, FakeObjects.Policy("x/blue", FromBlue));
        using var run = PolicyApiRun.Start(api);
        await run.WatchedAsync();
        await run.UntilAsync(() => run.Passes("10.0.1.1", "10.0.0.1"));

        api.Edit(FakeKubernetes.Pods, "y/a", static pod => pod["status"]!["phase"] = "Succeeded");
        await run.UntilAsync(() => !run.Passes("10.0.1.1", "10.0.0.1"));
        api.Edit(FakeKubernetes.Pods, "y/a", static pod => pod["status"]!["phase"] = "Running");
        await run.UntilAsync(() => run.Passes("10.0.1.1", "10.0.0.1"));
        api.Edit(FakeKubernetes.Pods, "y/a", static pod => pod["spec"]!["hostNetwork"] = true);
        await run.UntilAsync(() => !run.Passes("10.0.1.1", "10.0.0.1"));
        api.Edit(FakeKubernetes.Pods, "y/a", static pod => pod["spec"]!["hostNetwork"] = false);
        await run.UntilAsync(() => run.Passes("10.0.1.1", "10.0.0.1"));

        // A newer pod of another namespace has the address already; when it goes, the older one has it again.
        var newer = FakeObjects.Pod("x/newer", "n2", "10.0.1.1");
        newer["metadata"]!["creationTimestamp"] = "2024-05-06T07:08:10Z";
        api.Put(FakeKubernetes.Pods, newer);
        await run.UntilAsync(() => !run.Passes("10.0.1.1", "10.0.0.1"));
        api.Delete(FakeKubernetes.Pods, "x/newer");
        await run.UntilAsync(() => run.Passes("10.0.1.1", "10.0.0.1"));
        await run.IsAsOfAFreshListAsync();
    }

    [Fact]
    public async Task A_change_that_policy_does_not_depend_on_wakes_no_thread()
    {
        using var api = PolicyApiRun.ThreePods();
        using var run = PolicyApiRun.Start(api);
        await run.WatchedAsync();
        var before = run.Calls;

        api.Edit(FakeKubernetes.Pods, "x/a", static pod => pod["status"]!["conditions"]![0]!["lastProbeTime"] = "2025-01-01T00:00:00Z");
        api.Edit(FakeKubernetes.Namespaces, "x", static home => home["metadata"]!["annotations"]!["other"] = "1");
        api.Put(FakeKubernetes.Policies, FakeObjects.Policy("x/deny", DenyAll));
        await run.UntilAsync(() => !run.Passes("10.0.0.2", "10.0.0.1"));

        Assert.Equal(before + 1, run.Calls);
    }

    [Fact]
    public async Task The_old_annotation_isolates_a_namespace_if_it_is_asked_for()
    {
        const string Annotation = "net.beta.kubernetes.io/network-policy";
        using var api = PolicyApiRun.ThreePods();
        api.Edit(
            FakeKubernetes.Namespaces,
            "x",
            static home => home["metadata"]!["annotations"]![Annotation] = """{"ingress":{"isolation":"DefaultDeny"}}"""
        );
        using var without = PolicyApiRun.Start(api);
        await without.KnownAsync();
        without.Take();
        Assert.True(without.Passes("10.0.0.2", "10.0.0.1"));
        Assert.Empty(without.Source.Warnings);

        using var run = PolicyApiRun.Start(api, options: new PolicyOptions { NodeName = "n1", ReadsAnnotation = true });
        await run.UntilAsync(() => !run.Passes("10.0.0.2", "10.0.0.1"));
        Assert.Contains(Annotation, Assert.Single(run.Source.Warnings), StringComparison.Ordinal);
        Assert.Contains(run.Source.Current!.Policies.Keys, static name => $"{name}" == "x/(annotation)");

        // A policy opens what it says.
        api.Put(FakeKubernetes.Policies, FakeObjects.Policy("x/blue", FromBlue));
        await run.UntilAsync(() => run.Passes("10.0.1.1", "10.0.0.1") && !run.Passes("10.0.0.2", "10.0.0.1"));
        api.Edit(FakeKubernetes.Namespaces, "x", static home => home["metadata"]!["annotations"]!.AsObject().Remove(Annotation));
        api.Delete(FakeKubernetes.Policies, "x/blue");
        await run.UntilAsync(() => run.Passes("10.0.0.2", "10.0.0.1"));
        Assert.Empty(run.Source.Warnings);
    }

    [Fact]
    public async Task A_reconciler_that_starts_again_gets_all_objects_again()
    {
        using var api = PolicyApiRun.ThreePods();
        using var run = PolicyApiRun.Start(api);
        await run.WatchedAsync();
        Assert.True(run.Source.Take().IsEmpty);

        run.Source.Rewind();

        var all = run.Source.Take();
        Assert.Equal((3, 2, 0), (all.Pods.Count, all.Namespaces.Count, all.Policies.Count));
        Assert.True(run.Source.Take().IsEmpty);
    }
}
