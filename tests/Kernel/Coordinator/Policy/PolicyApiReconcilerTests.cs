using System.Text.Json.Nodes;
using Plugboard.Coordinator.Policy;
using Plugboard.Coordinator.Policy.Api;
using Plugboard.Coordinator.Reconciling;
using Plugboard.Coordinator.Sources.Kubernetes;
using Plugboard.Testing;
using Plugboard.Testing.Kubernetes;

namespace Plugboard.Tests.Kernel.Coordinator.Policy;

/// <summary>The reconciler with the Kubernetes API as the source.</summary>
public sealed class PolicyApiReconcilerTests
{
    private const string DenyAll = """{"podSelector":{},"policyTypes":["Ingress"]}""";

    // The objects that the node has in its files.
    private static FakeKubernetes ApiOf(PolicyNode node)
    {
        var api = FakeKubernetes.Start();
        foreach (var home in node.Pods.Select(static name => name[..1]).Distinct())
            api.Put(FakeKubernetes.Namespaces, FakeObjects.Namespace(home, $"ns={home}"));
        foreach (var name in node.Pods)
        {
            var pod = FakeObjects.Pod(name, "n1", $"{node.Address(name, is6: false)}", $"pod={name[2..]}");
            pod["status"]!["podIPs"]!.AsArray().Add(new JsonObject { ["ip"] = $"{node.Address(name, is6: true)}" });
            api.Put(FakeKubernetes.Pods, pod);
        }

        return api;
    }

    private static PolicyApi SourceOf(FakeKubernetes api) =>
        new(
            new PolicyOptions { NodeName = "n1" },
            new KubernetesOptions { NodeName = "n1", ApiServer = api.Server.Address },
            static _ => { },
            connections: null,
            static _ => null
        );

    private static PolicyReconciler ReconcilerOf(PolicyApi source) =>
        new(new PolicyOptions { NodeName = "n1" }, source, static () => true, TimeProvider.System);

    private static SyncOutcome Sync(PolicyNode node, PolicyReconciler reconciler, SyncCause cause = SyncCause.Source) =>
        node.Run(() => reconciler.Sync(PolicyNode.View, cause));

    private static bool Passes(PolicyNode node, string from, string to) => node.Pod(from).AskUdpOnce(node, to, 80);

    [KernelFact]
    public void Before_all_kinds_are_listed_the_table_of_an_earlier_run_stays_and_afterwards_nothing_is_written()
    {
        using var node = new PolicyNode();
        node.Write(("x", "podSelector: {}"));
        node.SyncWell(SyncCause.Start);
        var before = node.Client.GetGeneration();
        using var api = ApiOf(node);
        api.Put(FakeKubernetes.Policies, FakeObjects.Policy("x/p0", DenyAll));
        var held = FakeKubernetes.Namespaces;
        api.Instead = request => request.Path == held ? FakeAnswer.Refusal(500, "InternalError", "held") : null;
        var source = SourceOf(api);
        using var reconciler = ReconcilerOf(source);
        source.Watch(static () => { });
        Eventually.True(() => source.Problem?.Contains("held", StringComparison.Ordinal) == true, () => $"{source.Problem}");

        foreach (var cause in Enum.GetValues<SyncCause>())
        {
            var outcome = Sync(node, reconciler, cause);
            Assert.False(outcome.IsUsable);
            Assert.Contains("held", Assert.Single(outcome.Problems), StringComparison.Ordinal);
        }

        Assert.Equal(before, node.Client.GetGeneration());
        Assert.False(Passes(node, "y/a", "x/a"));

        held = "";
        Eventually.True(() => source.Problem is null, () => $"{source.Problem}");
        Assert.Equal([], Sync(node, reconciler, SyncCause.Start).Problems);
        Assert.Equal([], Sync(node, reconciler, SyncCause.Audit).Changes);
        Assert.Equal(before, node.Client.GetGeneration());
    }

    [KernelFact]
    public void A_change_in_the_api_is_in_force_and_what_was_read_stays_while_the_api_is_away()
    {
        using var node = new PolicyNode();
        using var api = ApiOf(node);
        var source = SourceOf(api);
        using var reconciler = ReconcilerOf(source);
        source.Await(TimeSpan.FromSeconds(60));
        Assert.Equal([], Sync(node, reconciler, SyncCause.Start).Problems);
        Assert.True(Passes(node, "y/a", "x/a"));
        Eventually.True(() => api.WatchCount == 3, () => $"{api.WatchCount} watches");

        api.Put(FakeKubernetes.Policies, FakeObjects.Policy("x/deny", DenyAll));
        Eventually.True(() => Sync(node, reconciler).Changes.Count > 0, () => $"{source.Problem}");
        Assert.False(Passes(node, "y/a", "x/a"));

        api.Instead = static _ => FakeAnswer.Refusal(503, "ServiceUnavailable", "away");
        api.EndWatches();
        Eventually.True(() => source.Warnings.Count == 3, () => string.Join('\n', source.Warnings));
        Assert.Equal([], Sync(node, reconciler).Problems);
        node.Tool("nft flush ruleset");
        Assert.NotEmpty(Sync(node, reconciler, SyncCause.Audit).Changes);
        Assert.False(Passes(node, "y/a", "x/a"));

        api.Delete(FakeKubernetes.Policies, "x/deny");
        api.Instead = static _ => null;
        Eventually.True(() => Sync(node, reconciler).Changes.Count > 0, () => string.Join('\n', source.Warnings));
        Assert.True(Passes(node, "y/a", "x/a"));
    }
}
