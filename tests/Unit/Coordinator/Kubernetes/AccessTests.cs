using System.Text;
using Plugboard.Coordinator.Configuration.Documents;
using Plugboard.Coordinator.Sources.Kubernetes;

namespace Plugboard.Tests.Unit.Coordinator.Kubernetes;

public sealed class AccessTests
{
    private static ApiAccess Read(string yaml) => KubeconfigReader.Read(Encoding.UTF8.GetBytes(yaml), "/etc/k/config", TimeProvider.System);

    private static string Config(string cluster, string user) => $"""
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
        var access = Read(Config("{server: 'https://api.example:6443', certificate-authority-data: YWJj, certificate-authority: ca.pem}", "{token: secret, client-certificate: c.pem, client-key: /abs/k.pem}"));

        Assert.Equal(new Uri("https://api.example:6443"), access.Server);
        Assert.Equal("abc", access.Authorities!.ReadText());
        Assert.Equal("secret", access.FindToken());
        Assert.Equal("/etc/k/c.pem", access.Certificate!.Origin);
        Assert.Equal("/abs/k.pem", access.Key!.Origin);
    }

    [Theory]
    [InlineData("{server: 'https://a'}", "{exec: {command: aws}}", "exec")]
    [InlineData("{server: 'https://a', insecure-skip-tls-verify: true}", "{token: a}", "insecure-skip-tls-verify")]
    [InlineData("{server: 'ftp://a'}", "{token: a}", "no URL")]
    [InlineData("{certificate-authority: a}", "{token: a}", "has no server")]
    [InlineData("{server: 'https://a', certificate-authority-data: '***'}", "{token: a}", "base64")]
    public void What_cannot_be_done_is_refused_by_name(string cluster, string user, string told) =>
        Assert.Contains(told, Assert.Throws<DocumentException>(() => Read(Config(cluster, user))).Message, StringComparison.Ordinal);

    [Fact]
    public void A_token_is_not_shown_to_everybody()
    {
        Assert.Null(Read(Config("{server: 'http://api.example:8080'}", "{token: secret}")).FindToken());
        Assert.Equal("secret", Read(Config("{server: 'http://127.0.0.1:8080'}", "{token: secret}")).FindToken());
    }

    [Fact]
    public void A_pods_environment_names_the_server_in_either_family()
    {
        var options = new KubernetesOptions { NodeName = "self" };

        Assert.Equal(new Uri("https://10.96.0.1:443"), new ApiAccessFinder(options, name => name.EndsWith("HOST", StringComparison.Ordinal) ? "10.96.0.1" : "443").Find().Server);
        Assert.Equal(new Uri("https://[fd00::1]:6443"), new ApiAccessFinder(options, name => name.EndsWith("HOST", StringComparison.Ordinal) ? "fd00::1" : "6443").Find().Server);
        Assert.True(new ApiAccessFinder(options, static _ => "1").Find().IsService);
        Assert.False(new ApiAccessFinder(options with { ApiServer = new Uri("https://192.0.2.1:6443") }, static _ => "1").Find().IsService);
        Assert.Contains("KUBERNETES_SERVICE_HOST", Assert.Throws<ApiException>(() => new ApiAccessFinder(options, _ => null).Find()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_token_that_was_replaced_is_read_at_the_first_refusal()
    {
        using var api = KubernetesRun.TwoNodes();
        api.Token = "first";
        await using var run = KubernetesRun.Start(api);
        await run.ListedAsync();
        await FollowTests.WatchedAsync(api);

        api.Token = "second";
        File.WriteAllText(Path.Combine(run.ServiceAccount, "token"), "second");
        run.Time.Pass(TimeSpan.FromSeconds(2));
        api.EndWatches();

        await api.Server.WaitForAsync(request => request.IsWatch && request.Headers["Authorization"] == "Bearer second");
        Assert.Null(run.Board.Current.Hindrance);
    }

    [Fact]
    public async Task A_token_that_is_not_accepted_is_told_and_a_new_one_is_taken_later()
    {
        using var api = KubernetesRun.TwoNodes();
        api.Token = "later";
        await using var run = KubernetesRun.Start(api);
        Assert.Contains("does not accept this node's token", (await run.WaitAsync(snapshot => snapshot.Hindrance is not null)).Hindrance, StringComparison.Ordinal);
        Assert.Single(api.Server.Requests);

        File.WriteAllText(Path.Combine(run.ServiceAccount, "token"), "later");
        await run.PauseAsync();

        await run.ListedAsync();
    }

    [Fact]
    public async Task Only_the_clusters_authorities_are_trusted_and_replaced_ones_are_followed()
    {
        var (old, next) = (new TestAuthority("old"), new TestAuthority("next"));
        using var server = next.Sign(static names => names.AddIpAddress(System.Net.IPEndPoint.Parse("127.0.0.1:0").Address));
        using var api = KubernetesRun.TwoNodes(server);
        await using var run = KubernetesRun.Start(api, options =>
        {
            File.WriteAllText(Path.Combine(options.ServiceAccountDirectory, "ca.crt"), old.Pem);
            return options;
        });
        Assert.Contains("certificate", (await run.WaitAsync(snapshot => snapshot.Hindrance is not null)).Hindrance, StringComparison.OrdinalIgnoreCase);
        Assert.Empty(api.Server.Requests);

        File.WriteAllText(Path.Combine(run.ServiceAccount, "ca.crt"), old.Pem + "\n" + next.Pem);
        await run.PauseAsync();

        Assert.Equal(2, (await run.ListedAsync()).Nodes.Count);
        Assert.Equal("Bearer first", api.Server.Requests[0].Headers["Authorization"]);
    }

    [Fact]
    public async Task A_server_by_another_name_is_refused()
    {
        var authority = new TestAuthority("a");
        using var server = authority.Sign(static names => names.AddDnsName("other.example"));
        using var api = KubernetesRun.TwoNodes(server);
        await using var run = KubernetesRun.Start(api, options =>
        {
            File.WriteAllText(Path.Combine(options.ServiceAccountDirectory, "ca.crt"), authority.Pem);
            return options;
        });

        Assert.Contains("RemoteCertificateNameMismatch", (await run.WaitAsync(snapshot => snapshot.Hindrance is not null)).Hindrance, StringComparison.Ordinal);
        Assert.Empty(api.Server.Requests);
    }

    [Fact]
    public async Task A_server_is_found_by_its_name_and_known_by_it()
    {
        var authority = new TestAuthority("a");
        using var server = authority.Sign(static names => names.AddDnsName("localhost"));
        using var api = KubernetesRun.TwoNodes(server);
        await using var run = KubernetesRun.Start(api, options =>
        {
            File.WriteAllText(Path.Combine(options.ServiceAccountDirectory, "ca.crt"), authority.Pem);
            return options with { ApiServer = null };
        }, name => name.EndsWith("HOST", StringComparison.Ordinal) ? "localhost" : $"{api.Server.Port}");

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
