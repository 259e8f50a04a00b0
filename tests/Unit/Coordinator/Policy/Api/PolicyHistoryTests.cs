using System.Text.Json.Nodes;
using Plugboard.Coordinator.Policy;
using Plugboard.Testing.Kubernetes;

namespace Plugboard.Tests.Unit.Coordinator.Policy.Api;

/// <summary>After any history of changes and broken connections the rules are those of a fresh list.</summary>
public sealed class PolicyHistoryTests
{
    private static readonly string[] homes = ["x", "y", "z"];
    private static readonly string[] names = ["a", "b", "c", "d"];
    private static readonly string[] labels = ["app=1", "app=2", "tier=1"];
    private static readonly string[] specs =
    [
        """{"podSelector":{},"policyTypes":["Ingress"]}""",
        """{"podSelector":{"matchLabels":{"app":"1"}},"ingress":[{"from":[{"podSelector":{"matchLabels":{"app":"2"}}}]}]}""",
        """{"podSelector":{},"ingress":[{"from":[{"namespaceSelector":{"matchLabels":{"app":"1"}}}],"ports":[{"port":"web"}]}]}""",
        """{"podSelector":{"matchExpressions":[{"key":"tier","operator":"Exists"}]},"policyTypes":["Egress"]}""",
        """{"podSelector":{},"egress":[{"to":[{"ipBlock":{"cidr":"10.0.0.0/29","except":["10.0.0.2/32"]}}]}],"policyTypes":["Egress"]}""",
        """{"podSelector":{"matchLabels":{"app":"2"}},"ingress":[{"from":[{"podSelector":{},"namespaceSelector":{}}]}]}""",
    ];

    private static readonly string[] clusterSpecs =
    [
        """{"tier":"Admin","priority":3,"subject":{"namespaces":{}}"""
            + ""","ingress":[{"action":"Deny","from":[{"namespaces":{"matchLabels":{"app":"1"}}}]}]}""",
        """{"tier":"Admin","priority":2,"subject":{"namespaces":{"matchLabels":{"app":"2"}}}"""
            + ""","egress":[{"action":"Pass","to":[{"namespaces":{}}]}]}""",
        """{"tier":"Baseline","priority":1,"subject":{"pods":{"podSelector":{}}}"""
            + ""","egress":[{"action":"Deny","to":[{"networks":["10.0.0.0/30"]}]}]}""",
        """{"tier":"Admin","priority":1,"subject":{"namespaces":{}},"egress":[{"action":"Deny","to":[{"nodes":{}}]}]}""",
    ];

    public static TheoryData<int> Seeds => [.. Enumerable.Range(0, 6)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task After_a_random_history_with_random_disconnects_the_rules_are_those_of_a_fresh_list(int seed)
    {
#pragma warning disable CA5394 // A test repeats by its seed.
        var random = new Random(seed);
        using var api = FakeKubernetes.Start();
        api.TellsGoneInWatch = random.Next(2) == 0;
        var hasCluster = seed % 2 == 0;
        if (hasCluster)
            api.Serve(FakeKubernetes.ClusterPolicies);
        var options = new PolicyOptions { NodeName = "n1", ReadsCluster = hasCluster };
        using var run = PolicyApiRun.Start(api, static options => options with { PageSize = 3 }, options);
        await run.WatchedAsync(hasCluster ? 4 : 3);
        for (var round = 0; round < 15; round++)
        {
            for (var step = 0; step < 8; step++)
            {
                Change(api, random);
                if (hasCluster && random.Next(4) == 0)
                    ChangeCluster(api, random);
                if (random.Next(6) == 0)
                    Disturb(api, run, random);
                if (random.Next(3) == 0)
                    run.Take();
            }

            await SettleAsync(api, run);
            await run.IsAsOfAFreshListAsync();
        }
#pragma warning restore CA5394
    }

#pragma warning disable CA5394 // As above.
    private static void Change(FakeKubernetes api, Random random)
    {
        var home = homes[random.Next(homes.Length)];
        var name = $"{home}/{names[random.Next(names.Length)]}";
        string[] some = [.. labels.Where(_ => random.Next(2) == 0).DistinctBy(static label => label.Split('=')[0])];
        switch (random.Next(8))
        {
            case 0:
                api.Delete(FakeKubernetes.Pods, name);
                break;
            case 1 or 2 or 3:
                api.Put(FakeKubernetes.Pods, Pod(random, name, some));
                break;
            case 4:
                api.Put(FakeKubernetes.Namespaces, FakeObjects.Namespace(home, some));
                break;
            case 5:
                api.Delete(random.Next(3) == 0 ? FakeKubernetes.Namespaces : FakeKubernetes.Policies, random.Next(3) == 0 ? home : name);
                break;
            default:
                api.Put(FakeKubernetes.Policies, FakeObjects.Policy(name, specs[random.Next(specs.Length)]));
                break;
        }
    }

    // One that is refused must not have had a valid version: a fresh list does not know that.
    private static void ChangeCluster(FakeKubernetes api, Random random)
    {
        var i = random.Next(clusterSpecs.Length);
        if (random.Next(3) == 0)
            api.Delete(FakeKubernetes.ClusterPolicies, $"c{i}");
        else
            api.Put(FakeKubernetes.ClusterPolicies, FakeObjects.ClusterPolicy($"c{i}", clusterSpecs[i]));
    }

    private static JsonObject Pod(Random random, string name, string[] some)
    {
        var pod = FakeObjects.Pod(
            name,
            random.Next(2) == 0 ? "n1" : "n2",
            random.Next(6) == 0 ? null : $"10.0.0.{random.Next(1, 9)}",
            some
        );
        pod["metadata"]!["creationTimestamp"] = $"2024-05-06T07:08:0{random.Next(3)}Z";
        if (random.Next(8) == 0)
            pod["status"]!["phase"] = "Failed";
        if (random.Next(8) == 0)
            pod["spec"]!["hostNetwork"] = true;
        if (random.Next(8) == 0)
            pod["metadata"]!["deletionTimestamp"] = "2024-05-07T00:00:00Z";
        if (random.Next(10) == 0)
            pod["metadata"]!["labels"] = new JsonObject { ["no key!"] = "1" };
        return pod;
    }

    private static void Disturb(FakeKubernetes api, PolicyApiRun run, Random random)
    {
        run.Time.Pass(TimeSpan.FromSeconds(random.Next(3)));
        string[] paths = [FakeKubernetes.Pods, FakeKubernetes.Namespaces, FakeKubernetes.Policies];
        switch (random.Next(5))
        {
            case 0:
                api.EndWatches();
                break;
            case 1:
                api.Forget();
                api.EndWatches();
                break;
            case 2:
                api.Cut(paths[random.Next(3)], """{"type":"DELETED","object":{"metadata":{"name":"a","namespace":"x","resou""");
                break;
            case 3:
                api.Bookmark();
                break;
            default:
                api.Send(paths[random.Next(3)], """{"type":"ERROR","object":{"kind":"Status","code":410,"reason":"Expired"}}""");
                break;
        }
    }
#pragma warning restore CA5394

    // A pod that comes last is seen by all: then what came before it was seen too, as long as each kind has one.
    private static async Task SettleAsync(FakeKubernetes api, PolicyApiRun run)
    {
        var mark = $"10.9.9.{Random.Shared.Next(1, 255)}-{Guid.NewGuid():N}"[^20..];
        api.Put(FakeKubernetes.Pods, FakeObjects.Pod("mark/pod", "n3", null, $"mark={mark}"));
        api.Put(FakeKubernetes.Namespaces, FakeObjects.Namespace("mark", $"mark={mark}"));
        api.Put(
            FakeKubernetes.Policies,
            FakeObjects.Policy("mark/policy", $$$"""{"podSelector":{"matchLabels":{"mark":"{{{mark}}}"}},"policyTypes":["Ingress"]}""")
        );
        var hasCluster = run.Source.Kinds.Count > 3;
        if (hasCluster)
            api.Put(
                FakeKubernetes.ClusterPolicies,
                FakeObjects.ClusterPolicy(
                    "mark",
                    """{"tier":"Admin","priority":9,"subject":{"namespaces":{"matchLabels":{"mark":"MARK"}}}}""".Replace(
                        "MARK",
                        mark,
                        StringComparison.Ordinal
                    )
                )
            );
        bool IsSettled() =>
            run.Take()
            && run.Source.Current is { } now
            && now.Pods.Values.Any(pod => pod.Labels.Find("mark") == mark)
            && now.Namespaces.Values.Any(home => home.Labels.Find("mark") == mark)
            && (!hasCluster || now.ClusterPolicies.Values.Any(policy => $"{policy.Subject}".Contains(mark, StringComparison.Ordinal)))
            && now.Policies.Values.Any(policy => $"{policy.PodSelector}".Contains(mark, StringComparison.Ordinal));
        for (var i = 0; i < 3000 && !IsSettled(); i++)
        {
            run.Time.Pass(TimeSpan.FromSeconds(1));
            await Task.Delay(20);
        }

        Assert.True(IsSettled(), $"{run.Source.Problem} {string.Join("; ", run.Source.Warnings)}");
    }
}
