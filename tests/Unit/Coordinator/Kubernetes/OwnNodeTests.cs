using Plugboard.Addresses;
using Plugboard.Coordinator.Sources;
using Plugboard.Coordinator.Sources.Kubernetes;
using Plugboard.Testing.Kubernetes;

namespace Plugboard.Tests.Unit.Coordinator.Kubernetes;

public sealed class OwnNodeTests
{
    private static bool IsPatch(FakeRequest request) => request is { Method: "PATCH", Path: "/api/v1/nodes/self/status" };

    private static int Patches(FakeKubernetes api) => api.Server.Requests.Count(IsPatch);

    private static async Task SecondAsync(KubernetesRun run) => await run.Time.PassAsync(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1));

    private static void Annotate(FakeKubernetes api, string name, string? value) =>
        api.Edit(
            "self",
            node =>
            {
                var annotations = node["metadata"]!["annotations"]!.AsObject();
                if (value is null)
                    annotations.Remove($"flannel.alpha.coreos.com/{name}");
                else
                    annotations[$"flannel.alpha.coreos.com/{name}"] = value;
            }
        );

    [Fact]
    public async Task What_the_others_are_to_know_is_written_to_the_letter_as_flannel_does_and_once()
    {
        using var api = KubernetesRun.TwoNodes();
        await using var run = KubernetesRun.Start(api);
        run.Source.Advertise(KubernetesRun.Vxlan);
        await api.Server.WaitForAsync(IsPatch);
        await SecondAsync(run);
        run.Source.Advertise(KubernetesRun.Vxlan with { });

        Assert.Equal("true", api.Annotation("self", "kube-subnet-manager"));
        Assert.Equal("vxlan", api.Annotation("self", "backend-type"));
        Assert.Equal("""{"VNI":1,"VtepMAC":"12:c6:65:89:b4:e3"}""", api.Annotation("self", "backend-data"));
        Assert.Equal("""{"VNI":1,"VtepMAC":"0a:6b:2a:3c:4d:5e"}""", api.Annotation("self", "backend-v6-data"));
        Assert.Equal("192.0.2.1", api.Annotation("self", "public-ip"));
        Assert.Equal("2001:db8::1", api.Annotation("self", "public-ipv6"));
        var self = (await run.WaitAsync(snapshot => snapshot.IsComplete && snapshot.Nodes["self"].Vtep6 is not null)).Nodes["self"];
        Assert.Equal(KubernetesRun.Vxlan.Vtep4, self.Vtep4);
        Assert.Equal(1, Patches(api));
    }

    [Fact]
    public async Task Nothing_is_written_where_it_is_there_already()
    {
        using var api = KubernetesRun.TwoNodes();
        static void Begin(KubernetesSource source)
        {
            source.Advertise(KubernetesRun.Vxlan);
            source.Report(KubernetesRun.Ready);
        }

        await using (var first = KubernetesRun.Start(api, begin: Begin))
            await api.Server.WaitForAsync(request => IsPatch(request) && api.Condition("self") is not null);
        var events = api.Server.Requests.Count(request => request.Method == "POST");

        await using var run = KubernetesRun.Start(api, begin: Begin);

        // The event is written after the Node was looked at.
        await api.Server.WaitForAsync(request => request.Method == "POST", events + 1);
        Assert.Equal(1, Patches(api));
    }

    [Fact]
    public async Task A_change_in_one_family_alone_is_written_and_so_is_nothing_else()
    {
        using var api = KubernetesRun.TwoNodes();
        await using var run = KubernetesRun.Start(api);
        run.Source.Advertise(KubernetesRun.Vxlan);
        await api.Server.WaitForAsync(IsPatch);
        await SecondAsync(run);

        run.Source.Advertise(KubernetesRun.Vxlan with { Addresses = [IPAddr.Parse("192.0.2.1"), IPAddr.Parse("2001:db8::99")] });

        var second = await api.Server.WaitForAsync(IsPatch, times: 2);
        Assert.Equal("""{"metadata":{"annotations":{"flannel.alpha.coreos.com/public-ipv6":"2001:db8::99"}}}""", second.Body);
    }

    [Fact]
    public async Task A_family_that_the_node_lost_is_taken_back()
    {
        using var api = KubernetesRun.TwoNodes();
        await using var run = KubernetesRun.Start(api);
        run.Source.Advertise(KubernetesRun.Vxlan);
        await api.Server.WaitForAsync(IsPatch);
        await SecondAsync(run);

        run.Source.Advertise(KubernetesRun.Vxlan with { Addresses = [IPAddr.Parse("192.0.2.1")], Vtep6 = null });

        await api.Server.WaitForAsync(IsPatch, times: 2);
        await SecondAsync(run);
        Assert.Null(api.Annotation("self", "backend-v6-data"));
        Assert.Null(api.Annotation("self", "public-ipv6"));
        Assert.Equal("192.0.2.1", api.Annotation("self", "public-ip"));
    }

    [Fact]
    public async Task Without_a_tunnel_the_data_is_flannels_null_and_the_operators_address_is_published()
    {
        using var api = KubernetesRun.TwoNodes();
        Annotate(api, "public-ip-overwrite", "203.0.113.1");
        await using var run = KubernetesRun.Start(api);
        run.Source.Advertise(new NodeAdvertisement { BackendType = "host-gw", Addresses = [IPAddr.Parse("192.0.2.1")] });
        await api.Server.WaitForAsync(IsPatch);
        await SecondAsync(run);

        Assert.Equal("null", api.Annotation("self", "backend-data"));
        Assert.Equal("203.0.113.1", api.Annotation("self", "public-ip"));
        Assert.Null(api.Annotation("self", "public-ipv6"));

        Annotate(api, "public-ip-overwrite", null);
        await api.Server.WaitForAsync(IsPatch, times: 2);
        await run.Time.PassAsync(TimeSpan.FromSeconds(0.5), TimeSpan.FromSeconds(1.5));
        Assert.Equal("192.0.2.1", api.Annotation("self", "public-ip"));
    }

    [Fact]
    public async Task What_another_program_changes_or_deletes_is_written_again_ever_more_slowly()
    {
        using var api = KubernetesRun.TwoNodes();
        await using var run = KubernetesRun.Start(api);
        run.Source.Advertise(KubernetesRun.Vxlan);
        await api.Server.WaitForAsync(IsPatch);
        await SecondAsync(run);

        for (var i = 0; i < 3; i++)
        {
            Annotate(api, "backend-data", i == 1 ? null : "lies");
            await api.Server.WaitForAsync(IsPatch, times: i + 2);
            await run.Time.PassAsync(TimeSpan.FromSeconds(0.5) * (1 << i), TimeSpan.FromSeconds(1.5) * (1 << i));
            Assert.Equal("""{"VNI":1,"VtepMAC":"12:c6:65:89:b4:e3"}""", api.Annotation("self", "backend-data"));
        }
    }

    [Fact]
    public async Task What_is_refused_is_tried_for_ever_and_reported()
    {
        using var api = KubernetesRun.TwoNodes();
        api.Instead = request => IsPatch(request) ? FakeAnswer.Refusal(403, "Forbidden", "nodes/status is forbidden") : null;
        await using var run = KubernetesRun.Start(api);
        run.Source.Advertise(KubernetesRun.Vxlan);
        Assert.Contains(
            "RBAC",
            (await run.WaitAsync(snapshot => snapshot.PublishError is not null)).PublishError,
            StringComparison.Ordinal
        );
        Assert.Equal(2, run.Store.Current.Nodes.Count);
        Assert.Null(run.Store.Current.SourceError);
        await run.PauseAsync();
        await run.PauseAsync(1);
        await api.Server.WaitForAsync(IsPatch, times: 3);

        api.Instead = static _ => null;
        await run.PauseAsync(2);

        await SecondAsync(run);
        Assert.Equal("true", api.Annotation("self", "kube-subnet-manager"));
        await run.WaitAsync(snapshot => snapshot.PublishError is null);
    }

    [Fact]
    public async Task The_condition_tells_at_once_that_the_node_is_ready_and_only_after_a_while_that_it_is_not()
    {
        using var api = KubernetesRun.TwoNodes();
        await using var run = KubernetesRun.Start(api);
        run.Source.Report(KubernetesRun.NotReady);
        await run.ListedAsync();
        run.Source.Report(KubernetesRun.Ready);
        await api.Server.WaitForAsync(IsPatch);
        await SecondAsync(run);
        var condition = api.Condition("self")!;
        Assert.Equal(
            ("False", "CoordinatorReady", "all is in place"),
            ((string?)condition["status"], (string?)condition["reason"], (string?)condition["message"])
        );
        Assert.Equal("2025-01-02T03:04:05Z", (string?)condition["lastHeartbeatTime"]);
        Assert.Equal("2025-01-02T03:04:05Z", (string?)condition["lastTransitionTime"]);

        run.Source.Report(KubernetesRun.NotReady);
        await run.Time.PassAsync(TimeSpan.FromSeconds(9), TimeSpan.FromSeconds(10));

        await api.Server.WaitForAsync(IsPatch, times: 2);
        await SecondAsync(run);
        Assert.Equal("True", (string?)api.Condition("self")!["status"]);
        Assert.NotEqual("2025-01-02T03:04:05Z", (string?)api.Condition("self")!["lastTransitionTime"]);
        Assert.Equal("ok", (string?)api.Read("self")["status"]!["conditions"]![0]!["message"]);
    }

    [Fact]
    public async Task A_condition_that_another_component_overwrote_is_written_again()
    {
        using var api = KubernetesRun.TwoNodes();
        await using var run = KubernetesRun.Start(api);
        run.Source.Report(KubernetesRun.Ready);
        await api.Server.WaitForAsync(IsPatch);
        await SecondAsync(run);

        api.Edit(
            "self",
            node =>
                node["status"]!["conditions"]![1] = new System.Text.Json.Nodes.JsonObject
                {
                    ["type"] = "NetworkUnavailable",
                    ["status"] = "True",
                    ["reason"] = "NoRouteCreated",
                }
        );

        await api.Server.WaitForAsync(IsPatch, times: 2);
        await run.Time.PassAsync(TimeSpan.FromSeconds(0.5), TimeSpan.FromSeconds(1.5));
        Assert.Equal("False", (string?)api.Condition("self")!["status"]);
    }

    [Fact]
    public async Task No_condition_is_written_where_the_operator_says_so()
    {
        using var api = KubernetesRun.TwoNodes();
        await using var run = KubernetesRun.Start(api, options => options with { SetNetworkUnavailable = false });
        run.Source.Report(KubernetesRun.Ready);
        await api.Server.WaitForAsync(request => request.Method == "POST");

        Assert.Null(api.Condition("self"));
    }

    [Fact]
    public async Task Events_are_counted_up_and_not_written_more_often_than_asked()
    {
        using var api = KubernetesRun.TwoNodes();
        await using var run = KubernetesRun.Start(
            api,
            options => options with { SetNetworkUnavailable = false, NotReadyGrace = TimeSpan.Zero }
        );
        run.Source.Report(KubernetesRun.Ready);
        await api.Server.WaitForAsync(request => request.Method == "POST");
        run.Source.Report(KubernetesRun.NotReady);
        await api.Server.WaitForAsync(request => request.Method == "POST", times: 2);
        run.Source.Report(KubernetesRun.Ready);
        await run.Time.PassAsync(TimeSpan.FromMinutes(4), TimeSpan.FromMinutes(5));

        var counted = await api.Server.WaitForAsync(request => request.Method == "PATCH");
        Assert.Equal(2, (int?)counted.Json["count"]);
        Assert.Equal(["Normal", "Warning"], api.Events.Select(written => (string?)written["type"]));
        Assert.Equal("CoordinatorNotReady: there is no link", $"{api.Events[1]["reason"]}: {api.Events[1]["message"]}");
        Assert.Equal("Node/self", $"{api.Events[1]["involvedObject"]!["kind"]}/{api.Events[1]["involvedObject"]!["name"]}");
    }

    [Fact]
    public async Task Events_that_may_not_be_written_keep_nothing_waiting()
    {
        using var api = KubernetesRun.TwoNodes();
        api.Instead = request => request.Method == "POST" ? FakeAnswer.Refusal(403, "Forbidden", "events is forbidden") : null;
        await using var run = KubernetesRun.Start(api, options => options with { SetNetworkUnavailable = false });
        run.Source.Report(KubernetesRun.Ready);
        await api.Server.WaitForAsync(request => request.Method == "POST");

        run.Source.Advertise(KubernetesRun.Vxlan);

        await api.Server.WaitForAsync(IsPatch);
        Assert.Null(run.Store.Current.SourceError);
        lock (run.Lines)
            Assert.Single(run.Lines);
    }

    [Fact]
    public async Task The_startup_taint_is_taken_off_once_the_node_is_ready_and_no_other()
    {
        using var api = KubernetesRun.TwoNodes();
        api.Edit(
            "self",
            node =>
                node["spec"]!["taints"] = System.Text.Json.Nodes.JsonNode.Parse(
                    """[{"key":"a/b","effect":"NoSchedule"},{"key":"plugboard.io/starting","effect":"NoSchedule"}]"""
                )
        );
        await using var run = KubernetesRun.Start(
            api,
            options => options with { StartupTaint = "plugboard.io/starting", SetNetworkUnavailable = false }
        );
        await run.ListedAsync();
        Assert.Equal(2, api.Read("self")["spec"]!["taints"]!.AsArray().Count);

        run.Source.Report(KubernetesRun.Ready);
        await api.Server.WaitForAsync(request => request.Method == "POST");

        Assert.Equal("a/b", (string?)Assert.Single(api.Read("self")["spec"]!["taints"]!.AsArray())!["key"]);
    }
}
