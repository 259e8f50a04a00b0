using Plugboard.Addresses;
using Plugboard.Coordinator.Cluster;
using Plugboard.Coordinator.Sources;
using Plugboard.Coordinator.Sources.Kubernetes;
using Plugboard.Testing;
using Plugboard.Testing.Kubernetes;

namespace Plugboard.Tests.Unit.Coordinator.Kubernetes;

/// <summary>A source that runs against an API of the tests, on a clock of the tests.</summary>
internal sealed class KubernetesRun : IAsyncDisposable
{
    public static readonly NodeAdvertisement Vxlan = new()
    {
        BackendType = "vxlan",
        Addresses = [IPAddr.Parse("192.0.2.1"), IPAddr.Parse("2001:db8::1")],
        Vtep4 = new VtepData(1, MacAddress.Parse("12:c6:65:89:b4:e3")),
        Vtep6 = new VtepData(1, MacAddress.Parse("0a:6b:2a:3c:4d:5e")),
    };

    public static readonly NodeReport Ready = new(IsReady: true, "CoordinatorReady", "all is in place");

    public static readonly NodeReport NotReady = new(IsReady: false, "CoordinatorNotReady", "there is no link");

    private static readonly TimeSpan longest = TimeSpan.FromSeconds(20);
    private static readonly KubernetesOptions product = new() { NodeName = "self" };

    private readonly CancellationTokenSource ending = new();
    private readonly SemaphoreSlim changed = new(0);
    private readonly Task running;
    private int changes;

    private KubernetesRun(FakeKubernetes api, KubernetesOptions options, Func<string, string?> variable, Action<KubernetesSource>? begin)
    {
        Api = api;
        Store = new NodeStore(() =>
        {
            Interlocked.Increment(ref changes);
            changed.Release();
        });
        Source = KubernetesSource.Create(
            options,
            line =>
            {
                lock (Lines)
                    Lines.Add(line);
            },
            connections: null,
            variable
        );
        begin?.Invoke(Source);
        running = Source.RunAsync(Store, ending.Token);
    }

    public FakeKubernetes Api { get; }

    public ManualTime Time { get; private init; } = new();

    public NodeStore Store { get; }

    public KubernetesSource Source { get; }

    public List<string> Lines { get; } = [];

    public int Changes => Volatile.Read(ref changes);

    public static KubernetesRun Start(
        FakeKubernetes api,
        Func<KubernetesOptions, KubernetesOptions>? change = null,
        Func<string, string?>? variable = null,
        Action<KubernetesSource>? begin = null
    )
    {
        var time = new ManualTime();
        var directory = Directory.CreateTempSubdirectory("plugboard-kubernetes-").FullName;
        File.WriteAllText(Path.Combine(directory, "token"), "first\n");
        File.WriteAllText(Path.Combine(directory, "ca.crt"), TestAuthority.Any);
        var options = new KubernetesOptions
        {
            NodeName = "self",
            ApiServer = api.Server.Address,
            ServiceAccountDirectory = directory,
            Time = time,
            Random = new Random(1),
            // The time that a test lets pass is for pauses: a busy machine's answers must not be late by it.
            AnswerTime = TimeSpan.FromHours(1),
            WatchSilence = TimeSpan.FromHours(1),
        };
        return new KubernetesRun(api, change?.Invoke(options) ?? options, variable ?? (static _ => null), begin)
        {
            Time = time,
            ServiceAccount = directory,
        };
    }

    /// <summary>With the product's own limits for answers and watches.</summary>
    public static KubernetesOptions WithLimits(KubernetesOptions options) =>
        options with
        {
            AnswerTime = product.AnswerTime,
            WatchSilence = product.WatchSilence,
        };

    public string ServiceAccount { get; private init; } = "";

    public static FakeKubernetes TwoNodes(System.Security.Cryptography.X509Certificates.X509Certificate2? certificate = null)
    {
        var api = FakeKubernetes.Start(certificate);
        api.Add("self", ["10.244.0.0/24", "fd00:244::/64"], "192.0.2.1");
        api.Add(
            "peer",
            ["10.244.1.0/24", "fd00:244:0:1::/64"],
            "192.0.2.2",
            ("kube-subnet-manager", "true"),
            ("backend-type", "vxlan"),
            ("backend-data", """{"VNI":1,"VtepMAC":"12:34:56:78:9a:bc"}"""),
            ("public-ip", "198.51.100.2")
        );
        return api;
    }

    public Task<ClusterSnapshot> ListedAsync() => WaitAsync(snapshot => snapshot.IsComplete);

    public async Task<ClusterSnapshot> WaitAsync(Func<ClusterSnapshot, bool> like)
    {
        using var limit = new CancellationTokenSource(longest);
        while (!like(Store.Current))
        {
            try
            {
                await changed.WaitAsync(TimeSpan.FromMilliseconds(50), limit.Token);
            }
            catch (OperationCanceledException e)
            {
                throw new TimeoutException(
                    $"the store never was so; it has {string.Join(", ", Store.Current.Nodes.Keys)}, sourceErrors: "
                        + $"{Store.Current.SourceError}",
                    e
                );
            }
        }

        return Store.Current;
    }

    /// <summary>The pause after a failure.</summary>
    public Task<TimeSpan> PauseAsync(int doublings = 0) =>
        Time.PassAsync(TimeSpan.FromSeconds(0.4) * (1 << doublings), TimeSpan.FromSeconds(1.2) * (1 << doublings));

    public async ValueTask DisposeAsync()
    {
        await ending.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running.WaitAsync(longest));
        ending.Dispose();
        Directory.Delete(ServiceAccount, recursive: true);
    }
}
