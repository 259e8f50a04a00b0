using Plugboard.Testing.Kubernetes;

namespace Plugboard.Tests.Unit.Coordinator.Kubernetes;

/// <summary>The worst typing error of each annotation: nothing is taken away, and the log names Node, annotation and value.</summary>
public sealed class TypingErrorTests
{
    private const string Prefix = "flannel.alpha.coreos.com/";

    private static async Task<(FakeKubernetes Api, KubernetesRun Run)> StartAsync()
    {
        var api = KubernetesRun.TwoNodes();
        api.Edit("self", static node => node["metadata"]!["annotations"]![Prefix + "node-public-ip"] = "192.0.2.1");
        var run = KubernetesRun.Start(api);
        await run.ListedAsync();
        return (api, run);
    }

    // A change that can be seen: what comes before it was taken up.
    private static async Task SeenAsync(FakeKubernetes api, KubernetesRun run)
    {
        api.Add("mark", ["10.244.99.0/24"], "192.0.2.99", ("kube-subnet-manager", "true"), ("public-ip", "192.0.2.99"));
        await run.WaitAsync(static snapshot => snapshot.Nodes.ContainsKey("mark"));
    }

    [Theory]
    [InlineData("kube-subnet-manager", "ture", "neither true nor false")]
    [InlineData("backend-type", "vxlna", "not a backend of flannel's")]
    public async Task A_peer_s_annotation_that_cannot_be_meant_changes_nothing(string annotation, string value, string what)
    {
        var (api, run) = await StartAsync();
        using var closing = api;
        await using var ending = run;
        var before = run.Store.Current.Nodes["peer"];

        api.Edit("peer", node => node["metadata"]!["annotations"]![Prefix + annotation] = value);
        await SeenAsync(api, run);

        Assert.Equal(before, run.Store.Current.Nodes["peer"]);
        lock (run.Lines)
            Assert.Contains(
                $"node peer: its annotation {Prefix}{annotation} is \"{value}\", which is {what}: its last valid value stays in force",
                run.Lines
            );
    }

    [Fact]
    public async Task What_a_peer_has_in_place_of_a_network_or_of_a_tunnel_is_named_and_blanks_around_a_network_are_not_part_of_it()
    {
        var (api, run) = await StartAsync();
        using var closing = api;
        await using var ending = run;
        (string, string)[] flannel = [("kube-subnet-manager", "true"), ("public-ip", "192.0.2.7"), ("backend-type", "vxlan")];
        api.Add("blank", [" 10.244.7.0/24\t"], "192.0.2.7", flannel);
        api.Add("none", ["10.244.8.0/33"], "192.0.2.7", flannel);
        api.Add("text", ["10.244.9.0/24"], "192.0.2.7", [.. flannel, ("backend-data", """{"VNI":"1","VtepMAC":"02:00:00:00:00:01"}""")]);
        api.Add("quoted", ["10.244.10.0/24"], "192.0.2.7", [.. flannel, ("backend-data", "\"{}\"")]);
        api.Add("unquoted", ["10.244.12.0/24"], "192.0.2.7", [.. flannel, ("backend-data", "{VtepMAC:aa:bb:cc:dd:ee}")]);

        var nodes = (await run.WaitAsync(static snapshot => snapshot.Nodes.ContainsKey("unquoted"))).Nodes;

        Assert.Equal(("10.244.7.0/24", ""), (nodes["blank"].PodCidrs.ToString(), nodes["blank"].Notes.ToString()));
        Assert.Equal("node none: its podCIDR \"10.244.8.0/33\" is not a network, and has no effect", nodes["none"].Notes.ToString());
        Assert.Equal(
            "node text: annotation backend-data has no effect: its VNI is the text \"1\", not a number",
            nodes["text"].Notes.ToString()
        );
        Assert.Equal("node quoted: annotation backend-data has no effect: it is not a JSON object", nodes["quoted"].Notes.ToString());
        Assert.Equal("node unquoted: annotation backend-data has no effect: it is not JSON", nodes["unquoted"].Notes.ToString());

        api.Add("yes", ["10.244.11.0/24"], "192.0.2.7", ("kube-subnet-manager", "yes"), ("public-ip", "192.0.2.7"));
        await SeenAsync(api, run);
        Assert.DoesNotContain("yes", run.Store.Current.Nodes.Keys);
        lock (run.Lines)
            Assert.Contains(
                $"node yes: its annotation {Prefix}kube-subnet-manager is \"yes\", which is neither true nor false: it takes no part",
                run.Lines
            );
    }

    [Fact]
    public async Task A_wish_for_a_link_that_cannot_be_read_leaves_the_one_before_and_a_wish_that_is_withdrawn_has_no_effect()
    {
        var (api, run) = await StartAsync();
        using var closing = api;
        await using var ending = run;

        api.Edit("self", static node => node["metadata"]!["annotations"]![Prefix + "node-public-ip"] = "192.0.2.\u0007");
        await SeenAsync(api, run);
        Assert.Equal("192.0.2.1", run.Store.Current.Nodes["self"].WishedAddresses.ToString());
        lock (run.Lines)
            Assert.Contains(
                $"node self: its annotation {Prefix}node-public-ip is \"192.0.2.\\u0007\", which is not an IPv4 address: its last "
                    + "valid value stays in force",
                run.Lines
            );

        api.Edit("self", static node => node["metadata"]!["annotations"]!.AsObject().Remove(Prefix + "node-public-ip"));
        await run.WaitAsync(static snapshot => snapshot.Nodes["self"].WishedAddresses.Count == 0);
    }

    [Fact]
    public async Task Of_a_peer_without_IPv4_its_IPv6_counts_whatever_the_order_and_zeros_are_no_address()
    {
        var (api, run) = await StartAsync();
        using var closing = api;
        await using var ending = run;
        api.Add(
            "six",
            ["fd00:244:0:6::/64"],
            "2001:db8::6",
            ("kube-subnet-manager", "true"),
            ("public-ip", "0.0.0.0"),
            ("public-ipv6", "2001:db8::6")
        );
        api.Add(
            "both",
            ["fd00:244:0:7::/64", "10.244.7.0/24"],
            "2001:db8::7",
            ("kube-subnet-manager", "true"),
            ("public-ip", "192.0.2.7"),
            ("public-ipv6", "2001:db8::7")
        );
        var nodes = (await run.WaitAsync(static snapshot => snapshot.Nodes.ContainsKey("both"))).Nodes;
        Assert.Equal("2001:db8::6", nodes["six"].Addresses.ToString());
        Assert.Equal(
            ("10.244.7.0/24", "fd00:244:0:7::/64"),
            (nodes["both"].PodCidr(is6: false).ToString(), nodes["both"].PodCidr(is6: true).ToString())
        );
    }

    [Fact]
    public async Task An_address_to_publish_that_cannot_be_read_leaves_the_published_one_and_is_an_event()
    {
        using var api = KubernetesRun.TwoNodes();
        api.Edit("self", static node => node["metadata"]!["annotations"]![Prefix + "public-ip-overwrite"] = "203.0.113.1");
        await using var run = KubernetesRun.Start(
            api,
            options => options with { SetNetworkUnavailable = false },
            begin: static source => source.Advertise(KubernetesRun.Vxlan)
        );
        await Until(() => api.Annotation("self", "public-ip") == "203.0.113.1");

        api.Edit("self", static node => node["metadata"]!["annotations"]![Prefix + "public-ip-overwrite"] = "203.0.113");
        for (var i = 0; i < 100 && api.Events.Count == 0; i++)
        {
            run.Time.Pass(TimeSpan.FromSeconds(1));
            await Task.Delay(10);
        }

        Assert.Equal("203.0.113.1", api.Annotation("self", "public-ip"));
        Assert.Equal(
            $"its annotation {Prefix}public-ip-overwrite is \"203.0.113\", which is not an IPv4 address",
            (string)Assert.Single(api.Events)["message"]!
        );
    }

    private static async Task Until(Func<bool> isSo)
    {
        for (var i = 0; i < 400 && !isSo(); i++)
            await Task.Delay(5);
        Assert.True(isSo());
    }
}
