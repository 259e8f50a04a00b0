using Plugboard.Coordinator.Policy.Compiling;
using Plugboard.Coordinator.Policy.Objects;
using Plugboard.Coordinator.Policy.Reading;
using Plugboard.Linux.Files;

namespace Plugboard.Coordinator.Policy;

/// <summary>
/// The files with the objects: <c>policies.yaml</c>, and <c>pods.yaml</c> with pods, namespaces and nodes. If one is missing or
/// invalid, its last valid content stays in force.
/// </summary>
internal sealed class PolicyFiles : IPolicySource
{
    private const int Large = 1000;

    private static readonly TimeSpan withoutWatch = TimeSpan.FromSeconds(3);

    private readonly string directory;
    private readonly bool readsAnnotation;
    private readonly TimeProvider clock;
    private readonly PolicyFile<WrittenPolicies> policies;
    private readonly PolicyFile<PolicyObjects> pods;
    private PathWatch? policiesWatch;
    private PathWatch? podsWatch;
    private ITimer? timer;
    private int isTouched = 1;
    private PolicyObjects? current;
    private WrittenPolicies? written;
    private PolicyObjects taken = PolicyObjects.Empty;

    /// <summary>Nothing is read yet.</summary>
    /// <param name="directory">The directory of both files.</param>
    /// <param name="clock">The clock.</param>
    /// <param name="readsAnnotation">See <see cref="PodReader"/>.</param>
    /// <param name="readsCluster">See <see cref="PolicyFileReader"/>.</param>
    public PolicyFiles(string directory, TimeProvider clock, bool readsAnnotation = false, bool readsCluster = false)
    {
        this.directory = directory;
        this.clock = clock;
        this.readsAnnotation = readsAnnotation;
        var reader = new PolicyFileReader(new PolicyLimits(), readsAnnotation, readsCluster);
        policies = new(
            PathOf("policies.yaml"),
            bytes => reader.ReadPolicies(bytes.Span),
            static (before, after) => before.HasMoreThan(after),
            clock
        );
        pods = new(PathOf("pods.yaml"), bytes => reader.ReadPods(bytes.Span), HasLost, clock);
    }

    /// <inheritdoc/>
    public PolicyObjects? Current => current;

    /// <inheritdoc/>
    public string? Problem => current is null ? policies.Failure ?? pods.Failure ?? "the files are not read yet" : null;

    /// <inheritdoc/>
    public IReadOnlyList<string> Warnings =>
        current is null
            ? []
            :
            [
                .. new[] { policies.Failure, pods.Failure }
                    .OfType<string>()
                    .Select(static why => $"{why}; the last valid content stays in force"),
                .. NamespaceIsolation.FindWarnings(readsAnnotation, current.Namespaces.Values),
            ];

    /// <inheritdoc/>
    public IReadOnlyList<PolicySourceKind> Kinds =>
        [new("policies", policies.Failure is null, policies.ValidAt, 0), new("pods", pods.Failure is null, pods.ValidAt, 0)];

    /// <summary>True while a content with fewer objects waits for whether it stays.</summary>
    public bool IsWaiting => policies.IsWaiting || pods.IsWaiting;

    private string PathOf(string name) => Path.Combine(Path.GetFullPath(directory), name);

    private static bool HasLost(PolicyObjects before, PolicyObjects after) =>
        before.Pods.Keys.Any(name => !after.Pods.ContainsKey(name))
        || before.Namespaces.Keys.Any(name => !after.Namespaces.ContainsKey(name))
        || before.Nodes.Keys.Any(name => !after.Nodes.ContainsKey(name));

    /// <inheritdoc/>
    public void Watch(Action changed)
    {
        void Touch()
        {
            Interlocked.Exchange(ref isTouched, 1);
            changed();
        }

        timer = clock.CreateTimer(_ => Touch(), null, withoutWatch, withoutWatch);
        policiesWatch = PathWatch.Start(PathOf("policies.yaml"), Touch);
        podsWatch = PathWatch.Start(PathOf("pods.yaml"), Touch);
        timer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Files are there, or are not.</summary>
    public void Await(TimeSpan patience) => Refresh();

    /// <inheritdoc/>
    public void Refresh()
    {
        var isForced = Interlocked.Exchange(ref isTouched, 0) != 0;
        // A part of a file may be valid and allow what the whole does not: the watch calls when it is whole.
        if (policies.Current is null || policiesWatch is not { IsBeingWritten: true })
            policies.Refresh(isForced);
        if (pods.Current is null || podsWatch is not { IsBeingWritten: true })
            pods.Refresh(isForced);
        if (IsWaiting)
            timer?.Change(PolicyFile<PolicyObjects>.Settling, podsWatch is null ? withoutWatch : Timeout.InfiniteTimeSpan);
        if (policies.Current is not { } rules || pods.Current is not { } others)
            return;
        if (current is not null && ReferenceEquals(written, rules) && ReferenceEquals(current.Pods, others.Pods))
            return;
        written = rules;
        current = others with
        {
            Policies = NamespaceIsolation.With(rules.Policies, others.Namespaces.Values),
            ClusterPolicies = rules.ClusterPolicies,
        };
    }

    /// <inheritdoc/>
    public PolicyChanges Take()
    {
        var now = current ?? PolicyObjects.Empty;
        var changes = ReferenceEquals(now, taken) ? new PolicyChanges() : PolicyChanges.Between(taken, now);
        taken = now;
        return changes;
    }

    /// <inheritdoc/>
    public void Rewind() => taken = PolicyObjects.Empty;

    /// <inheritdoc/>
    public void ReturnMemory(bool hasCompared)
    {
        var isLarge = hasCompared && taken.Pods.Count + taken.Policies.Count >= Large;
        if (!isLarge && !policies.WasLarge && !pods.WasLarge)
            return;
        (policies.WasLarge, pods.WasLarge) = (false, false);
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
    }

    /// <summary>Stops watching; the objects in force stay.</summary>
    public void Dispose()
    {
        policiesWatch?.Dispose();
        podsWatch?.Dispose();
        timer?.Dispose();
    }
}
