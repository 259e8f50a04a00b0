using Plugboard.Addresses;
using Plugboard.Coordinator.Policy;
using Plugboard.Coordinator.Policy.Api;
using Plugboard.Coordinator.Policy.Compiling;
using Plugboard.Coordinator.Policy.Judging;
using Plugboard.Coordinator.Sources.Kubernetes;
using Plugboard.Testing;
using Plugboard.Testing.Kubernetes;

namespace Plugboard.Tests.Unit.Coordinator.Policy.Api;

/// <summary>
/// The source of policies against an API of the tests, with the compiler of node n1 behind it, as the reconciler has one. The clock stands
/// still unless a test lets time pass.
/// </summary>
internal sealed class PolicyApiRun : IDisposable
{
    private static readonly TimeSpan longest = TimeSpan.FromSeconds(60);

    private readonly SemaphoreSlim changed = new(0);
    private readonly DirectoryInfo account = Directory.CreateTempSubdirectory("plugboard-policy-api-");
    private readonly PolicyCompiler compiler = new("n1");
    private readonly PolicyTable mirror;
    private readonly PolicyOptions options;
    private int calls;

    private PolicyApiRun(FakeKubernetes api, Func<KubernetesOptions, KubernetesOptions> change, PolicyOptions options)
    {
        Api = api;
        this.options = options;
        mirror = compiler.ToTable();
        File.WriteAllText(Path.Combine(account.FullName, "token"), "first\n");
        var access = new KubernetesOptions
        {
            NodeName = "n1",
            ApiServer = api.Server.Address,
            ServiceAccountDirectory = account.FullName,
            Time = Time,
            Random = new Random(1),
            // The time that a test lets pass is for pauses: a busy machine's answers must not be late by it.
            AnswerTime = TimeSpan.FromHours(1),
            WatchSilence = TimeSpan.FromHours(1),
        };
        Source = new PolicyApi(
            options,
            change(access),
            line =>
            {
                lock (Lines)
                    Lines.Add(line);
            },
            connections: null,
            static _ => null
        );
        Source.Watch(() =>
        {
            Interlocked.Increment(ref calls);
            changed.Release();
        });
    }

    public FakeKubernetes Api { get; }

    public ManualTime Time { get; } = new();

    public PolicyApi Source { get; }

    public List<string> Lines { get; } = [];

    /// <summary>How often the source called.</summary>
    public int Calls => Volatile.Read(ref calls);

    /// <summary>Namespaces x and y, pods x/a and x/b on node n1 and y/a on n2, and no policy.</summary>
    public static FakeKubernetes ThreePods()
    {
        var api = FakeKubernetes.Start();
        api.Put(FakeKubernetes.Namespaces, FakeObjects.Namespace("x"));
        api.Put(FakeKubernetes.Namespaces, FakeObjects.Namespace("y", "team=blue"));
        api.Put(FakeKubernetes.Pods, FakeObjects.Pod("x/a", "n1", "10.0.0.1", "app=a"));
        api.Put(FakeKubernetes.Pods, FakeObjects.Pod("x/b", "n1", "10.0.0.2", "app=b"));
        api.Put(FakeKubernetes.Pods, FakeObjects.Pod("y/a", "n2", "10.0.1.1", "app=a"));
        return api;
    }

    public static PolicyApiRun Start(
        FakeKubernetes api,
        Func<KubernetesOptions, KubernetesOptions>? change = null,
        PolicyOptions? options = null
    ) => new(api, change ?? (static options => options), options ?? new PolicyOptions { NodeName = "n1" });

    /// <summary>Takes what changed, as the reconciler does; false: there are no objects yet.</summary>
    public bool Take()
    {
        Source.Refresh();
        if (Source.Problem is not null)
            return false;
        mirror.Apply(compiler.Apply(Source.Take()));
        return true;
    }

    /// <summary>Waits until the source says so, taking what changed.</summary>
    public async Task UntilAsync(Func<bool> isSo, string what = "")
    {
        using var limit = new CancellationTokenSource(longest);
        while (true)
        {
            Take();
            if (isSo())
                return;
            try
            {
                await changed.WaitAsync(TimeSpan.FromMilliseconds(50), limit.Token);
            }
            catch (OperationCanceledException e)
            {
                var asked = Api.Server.Requests.TakeLast(12).Select(static each => $"{each.Method} {each.Path}");
                throw new TimeoutException(
                    $"it never was so {what}; problem: {Source.Problem}; warnings: {string.Join("; ", Source.Warnings)}; "
                        + $"asked: {string.Join("; ", asked)}",
                    e
                );
            }
        }
    }

    public Task KnownAsync() => UntilAsync(Take);

    /// <summary>Waits until all kinds are watched.</summary>
    /// <param name="kinds">How many there are.</param>
    public async Task WatchedAsync(int kinds = 3)
    {
        await KnownAsync();
        await UntilAsync(() => Api.WatchCount == kinds);
    }

    /// <summary>Whether a TCP connection passes on node n1, by the rules as they were changed one after another.</summary>
    public bool Passes(string from, string to, int port = 80) =>
        new TableEvaluator(mirror).Passes(new Connection(IPAddr.Parse(from), IPAddr.Parse(to), 6, (ushort)port));

    /// <summary>The pause after a failure.</summary>
    public Task<TimeSpan> PauseAsync(int doublings = 0) =>
        Time.PassAsync(TimeSpan.FromSeconds(0.4) * (1 << doublings), TimeSpan.FromSeconds(1.2) * (1 << doublings));

    /// <summary>The rules as they were changed one after another are those that a compiler makes of a fresh list.</summary>
    public async Task IsAsOfAFreshListAsync()
    {
        using var fresh = Start(Api, options: options);
        await fresh.KnownAsync();
        Assert.Equal(Describe(fresh.mirror), Describe(mirror));
        Assert.Equal(Describe(compiler.ToTable()), Describe(mirror));
    }

    public static string Describe(PolicyTable table) =>
        string.Join(
            '\n',
            table
                .Sets.SelectMany(static set =>
                    set.Value.Select(element => $"{set.Key.Name} {element.Key} {element.Value}").Prepend($"set {set.Key}")
                )
                .Order(StringComparer.Ordinal)
                .Concat(
                    table.Chains.Values.Select(static chain =>
                        $"{chain.Name} {chain.Direction} {chain.IsProfile} {chain.IsOpen} {chain.Steps}"
                    )
                )
        );

    public void Dispose()
    {
        Source.Dispose();
        account.Delete(recursive: true);
    }
}
