using Plugboard.Coordinator.Cluster;
using Plugboard.Coordinator.Sources.Kubernetes;
using Plugboard.Linux;
using Plugboard.Testing.Kubernetes;

namespace Plugboard.Tests.Unit.Coordinator.Kubernetes;

public sealed class RefusedPeersTests
{
    private static readonly RefusedNode Thief = new(
        "thief",
        "DuplicatePodCidr",
        "thief: its pod network 10.244.1.0/24 overlaps 10.244.1.0/24 of node peer, which had it first"
    );

    private static bool IsEvent(FakeRequest request) => request.Method == "POST";

    private static string[] Messages(FakeKubernetes api) =>
        api.Events.Select(written => $"{written["type"]} {written["reason"]}: {written["message"]}").ToArray();

    private static KubernetesRun Start(FakeKubernetes api) =>
        KubernetesRun.Start(api, options => options with { SetNetworkUnavailable = false });

    [Fact]
    public async Task A_peer_that_is_refused_is_an_event_on_this_node_that_names_it()
    {
        using var api = KubernetesRun.TwoNodes();
        await using var run = Start(api);

        run.Source.ReportRefused([Thief]);

        await api.Server.WaitForAsync(IsEvent);
        Assert.Equal([$"Warning PeerRefused: refused (DuplicatePodCidr): {Thief.Why}"], Messages(api));
        Assert.Equal("Node/self", $"{api.Events[0]["involvedObject"]!["kind"]}/{api.Events[0]["involvedObject"]!["name"]}");
    }

    [Fact]
    public async Task It_is_reported_once_while_it_stands_and_each_other_by_itself()
    {
        using var api = KubernetesRun.TwoNodes();
        await using var run = Start(api);
        run.Source.ReportRefused([Thief]);
        await api.Server.WaitForAsync(IsEvent);

        var liar = new RefusedNode("liar", "BadAddress", "liar: its address 127.0.0.1 cannot be another node's");
        run.Source.ReportRefused([Thief with { }, liar]);
        await api.Server.WaitForAsync(IsEvent, times: 2);
        run.Source.ReportRefused([liar]);
        run.Source.Report(KubernetesRun.Ready);

        await api.Server.WaitForAsync(IsEvent, times: 3);
        Assert.Equal(["PeerRefused", "PeerRefused", "CoordinatorReady"], api.Events.Select(written => (string?)written["reason"]));
        Assert.Contains("liar", Messages(api)[1], StringComparison.Ordinal);
        Assert.DoesNotContain(api.Server.Requests, request => request.Method == "PATCH");
    }

    [Fact]
    public async Task A_cluster_that_is_all_wrong_has_a_few_events_and_the_number_of_the_others()
    {
        using var api = KubernetesRun.TwoNodes();
        await using var run = Start(api);

        run.Source.ReportRefused(
            Enumerable
                .Range(0, 100)
                .Select(i => new RefusedNode($"n{i}", "BadPodCidr", $"n{i}: its pod network is not within the cluster's"))
                .ToValueArray()
        );
        await api.Server.WaitForAsync(IsEvent, times: 9);
        run.Source.Report(KubernetesRun.Ready);

        await api.Server.WaitForAsync(IsEvent, times: 10);
        Assert.Equal("Warning PeerRefused: 92 more are refused; coordinator audit on this node lists them", Messages(api)[8]);
    }

    // By a day back, as on a node whose clock was wrong until NTP set it.
    [Fact]
    public async Task A_clock_that_is_set_back_delays_no_event()
    {
        var interval = new KubernetesOptions { NodeName = "self" }.EventInterval;
        using var api = KubernetesRun.TwoNodes();
        await using var run = Start(api);
        var refused = Enumerable.Range(0, 8).Select(i => new RefusedNode($"n{i}", "BadPodCidr", $"n{i}: why")).ToValueArray();
        run.Source.ReportRefused(refused);
        await api.Server.WaitForAsync(IsEvent, times: 8);

        run.Time.SetClock(TimeSpan.FromDays(-1));
        run.Time.Pass(interval + TimeSpan.FromSeconds(1));
        run.Source.ReportRefused([.. refused, Thief]);

        await api.Server.WaitForAsync(IsEvent, times: 9);
        Assert.Equal($"Warning PeerRefused: refused (DuplicatePodCidr): {Thief.Why}", Messages(api)[8]);
    }
}
