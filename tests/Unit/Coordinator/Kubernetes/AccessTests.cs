using System.Security.Cryptography.X509Certificates;
using System.Text;
using Plugboard.Coordinator.Sources.Kubernetes;
using Plugboard.Documents;
using Plugboard.Testing.Kubernetes;

namespace Plugboard.Tests.Unit.Coordinator.Kubernetes;

public sealed class AccessTests
{
    private static ApiAccess Read(string yaml) => KubeconfigReader.Read(Encoding.UTF8.GetBytes(yaml), "/etc/k/config", TimeProvider.System);

    private static string Config(string cluster, string user) =>
        $"""
            apiVersion: v1
            kind: Config
            current-context: here
            contexts:
            - name: other
              context: {"{cluster: nowhere, user: nobody}"}
            - name: here
              context:
                cluster: c
                user: u
            clusters:
            - name: c
              cluster:
                {cluster}
            users:
            - name: u
              user:
                {user}
            """;

    [Fact]
    public void A_kubeconfigs_current_context_counts_and_data_before_files()
    {
        var access = Read(
            Config(
                "{server: 'https://api.example:6443', certificate-authority-data: YWJj, certificate-authority: ca.pem}",
                "{token: secret, client-certificate: c.pem, client-key: /abs/k.pem}"
            )
        );

        Assert.Equal(new Uri("https://api.example:6443"), access.Server);
        Assert.Equal("abc", access.Authorities!.ReadText());
        Assert.Equal("secret", access.FindToken());
        Assert.Equal("/etc/k/c.pem", access.Certificate!.Origin);
        Assert.Equal("/abs/k.pem", access.Key!.Origin);
    }

    [Theory]
    [InlineData("{server: 'https://a'}", "{exec: {command: aws}}", "exec")]
    [InlineData("{server: 'https://a', insecure-skip-tls-verify: true}", "{token: a}", "insecure-skip-tls-verify")]
    [InlineData("{server: 'ftp://a'}", "{token: a}", "not the URL")]
    [InlineData("{certificate-authority: a}", "{token: a}", "has no server")]
    [InlineData("{server: 'https://a', certificate-authority-data: '***'}", "{token: a}", "base64")]
    [InlineData("{server: 'https://root:hunter2@a'}", "{token: a}", "a name and a password in its URL")]
    [InlineData("{server: 'https://a'}", "{client-certificate: a.pem}", "a client-certificate without a client-key")]
    [InlineData("{server: 'https://a'}", "{client-key-data: YWJj}", "a client-key without a client-certificate")]
    [InlineData("{server: 'https://a'}", "{token: a, as: admin}", "as is not supported")]
    public void What_cannot_be_done_is_refused_by_name(string cluster, string user, string told) =>
        Assert.Contains(told, Assert.Throws<DocumentException>(() => Read(Config(cluster, user))).Message, StringComparison.Ordinal);

    [Fact]
    public void A_token_is_not_exposed()
    {
        Assert.Null(Read(Config("{server: 'http://api.example:8080'}", "{token: secret}")).FindToken());
        Assert.Equal("secret", Read(Config("{server: 'http://127.0.0.1:8080'}", "{token: secret}")).FindToken());
    }

    [Fact]
    public void A_pods_environment_names_the_server_in_either_family()
    {
        var options = new KubernetesOptions { NodeName = "self" };

        Assert.Equal(
            new Uri("https://10.96.0.1:443"),
            new ApiAccessFinder(options, name => name.EndsWith("HOST", StringComparison.Ordinal) ? "10.96.0.1" : "443").Find().Server
        );
        Assert.Equal(
            new Uri("https://[fd00::1]:6443"),
            new ApiAccessFinder(options, name => name.EndsWith("HOST", StringComparison.Ordinal) ? "fd00::1" : "6443").Find().Server
        );
        Assert.True(new ApiAccessFinder(options, static _ => "1").Find().IsService);
        Assert.False(new ApiAccessFinder(options with { ApiServer = new Uri("https://192.0.2.1:6443") }, static _ => "1").Find().IsService);
        Assert.Contains(
            "KUBERNETES_SERVICE_HOST",
            Assert.Throws<ApiException>(() => new ApiAccessFinder(options, _ => null).Find()).Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task A_token_that_was_replaced_is_read_at_the_first_refusal()
    {
        var authority = new TestAuthority("a");
        using var server = authority.Sign(Loopback);
        using var api = KubernetesRun.TwoNodes(server);
        api.Token = "first";
        await using var run = KubernetesRun.Start(api, Trusting(authority));
        await run.ListedAsync();
        await FollowTests.WatchedAsync(api);

        api.Token = "second";
        File.WriteAllText(Path.Combine(run.ServiceAccount, "token"), "second");
        run.Time.Pass(TimeSpan.FromSeconds(2));
        api.EndWatches();

        await api.Server.WaitForAsync(request => request.IsWatch && request.Headers["Authorization"] == "Bearer second");
        Assert.Null(run.Store.Current.SourceError);
    }

    [Fact]
    public async Task A_token_that_is_not_accepted_is_reported_and_a_new_one_is_taken_later()
    {
        var authority = new TestAuthority("a");
        using var server = authority.Sign(Loopback);
        using var api = KubernetesRun.TwoNodes(server);
        api.Token = "later";
        await using var run = KubernetesRun.Start(api, Trusting(authority));
        Assert.Contains(
            "does not accept this node's token",
            (await run.WaitAsync(snapshot => snapshot.SourceError is not null)).SourceError,
            StringComparison.Ordinal
        );
        Assert.Single(api.Server.Requests);

        File.WriteAllText(Path.Combine(run.ServiceAccount, "token"), "later");
        await run.PauseAsync();

        await run.ListedAsync();
    }

    [Fact]
    public async Task Only_the_clusters_authorities_are_trusted_and_replaced_ones_are_followed()
    {
        var (old, next) = (new TestAuthority("old"), new TestAuthority("next"));
        using var server = next.Sign(Loopback);
        using var api = KubernetesRun.TwoNodes(server);
        await using var run = KubernetesRun.Start(
            api,
            options =>
            {
                File.WriteAllText(Path.Combine(options.ServiceAccountDirectory, "ca.crt"), old.Pem);
                return options;
            }
        );
        Assert.Equal(
            $"the Kubernetes API at {api.Server.Address.GetLeftPart(UriPartial.Authority)}: the server's certificate is not accepted: "
                + $"it is from CN=next, which is not in {run.ServiceAccount}/ca.crt",
            (await run.WaitAsync(snapshot => snapshot.SourceError is not null)).SourceError
        );
        Assert.Empty(api.Server.Requests);

        File.WriteAllText(Path.Combine(run.ServiceAccount, "ca.crt"), old.Pem + "\n" + next.Pem);
        await run.PauseAsync();

        Assert.Equal(2, (await run.ListedAsync()).Nodes.Count);
        Assert.Equal("Bearer first", api.Server.Requests[0].Headers["Authorization"]);
    }

    private static readonly Action<SubjectAlternativeNameBuilder> Loopback = static names =>
        names.AddIpAddress(System.Net.IPEndPoint.Parse("127.0.0.1:0").Address);

    private static Func<KubernetesOptions, KubernetesOptions> Trusting(TestAuthority authority) =>
        options =>
        {
            File.WriteAllText(Path.Combine(options.ServiceAccountDirectory, "ca.crt"), authority.Pem);
            return options;
        };

    private static async Task<string> WhyNotAsync(TestAuthority authority, X509Certificate2 server)
    {
        using var api = KubernetesRun.TwoNodes(server);
        await using var run = KubernetesRun.Start(api, Trusting(authority));
        var sourceErrors = (await run.WaitAsync(snapshot => snapshot.SourceError is not null)).SourceError!;
        Assert.Empty(api.Server.Requests);
        return sourceErrors[(sourceErrors.IndexOf("accepted: ", StringComparison.Ordinal) + "accepted: ".Length)..]
            .Replace(run.ServiceAccount, "", StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_wrong_with_a_server_s_certificate_is_named()
    {
        var authority = new TestAuthority("a");
        using var other = authority.Sign(static names =>
        {
            names.AddDnsName("other.example");
            names.AddIpAddress(System.Net.IPEndPoint.Parse("192.0.2.7:0").Address);
        });
        Assert.Equal("it names other.example, 192.0.2.7, and not 127.0.0.1", await WhyNotAsync(authority, other));
        using var nobody = authority.Sign(static _ => { });
        Assert.Equal(
            "it names nothing (no subjectAltName; its subject is CN=server), and not 127.0.0.1",
            await WhyNotAsync(authority, nobody)
        );
        using var old = authority.Sign(
            Loopback,
            (new DateTimeOffset(2015, 1, 1, 0, 0, 0, TimeSpan.Zero), new DateTimeOffset(2016, 2, 3, 4, 5, 6, TimeSpan.Zero))
        );
        Assert.Equal("it has expired on 2016-02-03T04:05:06Z", await WhyNotAsync(authority, old));
        using var early = authority.Sign(
            Loopback,
            (new DateTimeOffset(2077, 1, 1, 0, 0, 0, TimeSpan.Zero), new DateTimeOffset(2078, 1, 1, 0, 0, 0, TimeSpan.Zero))
        );
        Assert.StartsWith(
            "it is valid from 2077-01-01T00:00:00Z on, and this machine's clock says ",
            await WhyNotAsync(authority, early),
            StringComparison.Ordinal
        );
        using var renamed = new TestAuthority("a").Sign(Loopback);
        Assert.Equal("it is from CN=a, and the authority of that name in /ca.crt has another key", await WhyNotAsync(authority, renamed));
    }

    [Fact]
    public async Task A_plain_address_of_this_machine_needs_no_service_account_and_sees_no_token()
    {
        using var api = KubernetesRun.TwoNodes();
        await using (var run = KubernetesRun.Start(api))
            await run.ListedAsync();
        await using (var run = KubernetesRun.Start(api, static options => options with { ServiceAccountDirectory = "/nowhere" }))
            await run.ListedAsync();
        Assert.All(api.Server.Requests, static request => Assert.DoesNotContain("Authorization", request.Headers.Keys));
    }

    [Fact]
    public async Task Outside_of_a_pod_the_message_says_what_is_missing_and_what_to_give()
    {
        using var api = KubernetesRun.TwoNodes();
        await using var run = KubernetesRun.Start(
            api,
            static options => options with { ServiceAccountDirectory = "/nowhere", ApiServer = new Uri("https://127.0.0.1:1") }
        );
        Assert.Equal(
            "/nowhere/ca.crt is missing: a pod has it from its service account; outside of a pod give --kubeconfig-file",
            (await run.WaitAsync(snapshot => snapshot.SourceError is not null)).SourceError
        );
    }

    [Fact]
    public async Task A_server_s_own_path_comes_before_the_API_s()
    {
        using var api = KubernetesRun.TwoNodes();
        api.Instead = request =>
            request.IsList || request.IsWatch || request.Path.StartsWith("/k8s/", StringComparison.Ordinal)
                ? FakeAnswer.Refusal(403, "Forbidden", "no")
                : null;
        await using var run = KubernetesRun.Start(
            api,
            options => options with { ApiServer = new Uri(options.ApiServer!, "/k8s/clusters/c-1/") }
        );
        Assert.Equal("/k8s/clusters/c-1/api/v1/nodes", (await api.Server.WaitForAsync(static _ => true)).Path);
        Assert.Equal(
            "RBAC does not let this node do it: GET /k8s/clusters/c-1/api/v1/nodes: no; grant nodes get, list and watch, "
                + "nodes/status patch (docs/kubernetes.md)",
            (await run.WaitAsync(snapshot => snapshot.SourceError is not null)).SourceError
        );
    }

    [Fact]
    public async Task A_refusal_says_that_there_were_no_credentials()
    {
        var authority = new TestAuthority("a");
        using var server = authority.Sign(Loopback);
        using var api = KubernetesRun.TwoNodes(server);
        api.Token = "some";
        var config = Path.GetTempFileName();
        File.WriteAllText(
            config,
            "current-context: c\ncontexts: [{name: c, context: {cluster: c}}]\nclusters: [{name: c, cluster: {server: "
                + $"'{api.Server.Address}', certificate-authority-data: "
                + $"{Convert.ToBase64String(Encoding.UTF8.GetBytes(authority.Pem))}}}}}]\n"
        );
        await using var run = KubernetesRun.Start(api, options => options with { ApiServer = null, Kubeconfig = config });
        Assert.Equal(
            "the Kubernetes API refuses GET /api/v1/nodes: 401 Unauthorized; no token and no client certificate was sent: none "
                + "is configured",
            (await run.WaitAsync(snapshot => snapshot.SourceError is not null)).SourceError
        );
        File.Delete(config);
    }

    [Fact]
    public async Task A_refusal_behind_a_proxy_of_this_machine_concerns_the_proxy_s_credentials()
    {
        using var api = KubernetesRun.TwoNodes();
        api.Token = "the proxy's";
        await using var run = KubernetesRun.Start(api);
        Assert.Equal(
            $"the Kubernetes API does not accept what the proxy at http://{api.Server.Address.Authority} shows: GET /api/v1/nodes: "
                + "Unauthorized",
            (await run.WaitAsync(snapshot => snapshot.SourceError is not null)).SourceError
        );
    }

    [Theory]
    [InlineData("{token: 'hunter2 hunter3'}")]
    [InlineData("{token: \"hunter2\\r\\nX-Evil: 1\"}")]
    [InlineData("{token: 'hünter2'}")]
    public void An_invalid_token_is_reported_without_being_shown(string user) =>
        Assert.Equal(
            "/etc/k/config: token: it has no token: a token is one word of ASCII letters, digits and signs",
            Assert.Throws<ApiException>(() => Read(Config("{server: 'https://a'}", user)).FindToken()).Message
        );

    [Fact]
    public async Task An_admission_policy_that_refuses_is_no_matter_of_RBAC()
    {
        using var api = KubernetesRun.TwoNodes();
        api.Instead = static request =>
            request.Method == "PATCH"
                ? FakeAnswer.Refusal(
                    403,
                    "Forbidden",
                    "nodes self is forbidden: ValidatingAdmissionPolicy 'own' with binding 'own' denied request: a coordinator "
                        + "writes its own Node only"
                )
                : null;
        await using var run = KubernetesRun.Start(api, begin: static source => source.Advertise(KubernetesRun.Vxlan));
        Assert.Equal(
            "the Kubernetes API refuses PATCH /api/v1/nodes/self/status: 403 nodes self is forbidden: ValidatingAdmissionPolicy "
                + "'own' with binding 'own' denied request: a coordinator writes its own Node only",
            (await run.WaitAsync(snapshot => snapshot.PublishError is not null)).PublishError
        );
    }

    [Fact]
    public async Task A_redirection_is_not_followed_and_named()
    {
        using var api = KubernetesRun.TwoNodes();
        api.Instead = static _ => new FakeAnswer(307, "") { Headers = ["Location: http://192.0.2.1:8080/api"] };
        await using var run = KubernetesRun.Start(api);
        Assert.EndsWith(
            " redirects to http://192.0.2.1:8080, which is not followed; configure that server",
            (await run.WaitAsync(snapshot => snapshot.SourceError is not null)).SourceError,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Nothing_of_a_secret_is_in_its_text()
    {
        var access = Read(Config("{server: 'https://a'}", "{token: hunter2, client-certificate-data: YWJj, client-key-data: YWJj}"));
        Assert.DoesNotContain("hunter2", $"{access.Token} {access.Key}", StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", $"{new Plugboard.Coordinator.Sources.HiddenText("hunter2")}", StringComparison.Ordinal);
        Assert.Equal("/k", new Plugboard.Coordinator.Sources.Tls.PemText("/k", "hunter2").ToString());
    }

    [Fact]
    public async Task A_server_is_found_by_its_name_and_known_by_it()
    {
        var authority = new TestAuthority("a");
        using var server = authority.Sign(static names => names.AddDnsName("localhost"));
        using var api = KubernetesRun.TwoNodes(server);
        await using var run = KubernetesRun.Start(
            api,
            options =>
            {
                File.WriteAllText(Path.Combine(options.ServiceAccountDirectory, "ca.crt"), authority.Pem);
                return options with { ApiServer = null };
            },
            name => name.EndsWith("HOST", StringComparison.Ordinal) ? "localhost" : $"{api.Server.Port}"
        );

        Assert.Equal(2, (await run.ListedAsync()).Nodes.Count);
    }

    [Theory]
    [InlineData("flannel.alpha.coreos.com", "flannel.alpha.coreos.com/")]
    [InlineData("example.com/x", "example.com/x-")]
    [InlineData("example.com/x-", "example.com/x-")]
    [InlineData("a/b/c", null)]
    [InlineData("nodots", null)]
    [InlineData("Upper.Case", null)]
    public void A_prefix_of_annotations_is_as_flannel_has_it(string given, string? whole)
    {
        if (whole is null)
            Assert.Throws<FormatException>(() => AnnotationNames.From(given));
        else
            Assert.Equal(whole, AnnotationNames.From(given).Prefix);
    }
}
