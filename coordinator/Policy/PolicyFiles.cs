using Plugboard.Coordinator.Policy.Objects;
using Plugboard.Coordinator.Policy.Reading;
using Plugboard.Linux;
using Plugboard.Linux.Files;

namespace Plugboard.Coordinator.Policy;

/// <summary>
/// The files with the objects: <c>policies.yaml</c>, and <c>pods.yaml</c> with pods and namespaces. If one is missing or invalid, its last
/// valid content stays in force.
/// </summary>
internal sealed class PolicyFiles : IDisposable
{
    private static readonly TimeSpan withoutWatch = TimeSpan.FromSeconds(3);

    private readonly string directory;
    private readonly TimeProvider clock;
    private readonly PolicyFile<IReadOnlyDictionary<ObjectName, NetworkPolicy>> policies;
    private readonly PolicyFile<PolicyObjects> pods;
    private readonly List<PathWatch> watches = [];
    private ITimer? timer;
    private int isTouched = 1;
    private PolicyObjects? current;

    /// <summary>Nothing is read yet.</summary>
    /// <param name="directory">The directory of both files.</param>
    /// <param name="clock">The clock.</param>
    public PolicyFiles(string directory, TimeProvider clock)
    {
        this.directory = directory;
        this.clock = clock;
        var reader = new PolicyFileReader(new PolicyLimits());
        policies = new(
            PathOf("policies.yaml"),
            bytes => reader.ReadPolicies(bytes),
            static (before, after) => before.Keys.Any(name => !after.ContainsKey(name)),
            clock
        );
        pods = new(PathOf("pods.yaml"), bytes => ReadPods(reader, bytes), HasLost, clock);
    }

    /// <summary>The objects in force; null: one of the files was never valid.</summary>
    public PolicyObjects? Current => current;

    /// <summary>Why no objects are in force, a sentence; null: some are.</summary>
    public string? Problem => current is null ? policies.Failure ?? pods.Failure ?? "the files are not read yet" : null;

    /// <summary>Files whose last valid content is in force.</summary>
    public IReadOnlyList<string> Warnings =>
        current is null
            ? []
            :
            [
                .. new[] { policies.Failure, pods.Failure }
                    .OfType<string>()
                    .Select(static why => $"{why}; the last valid content stays in force"),
            ];

    /// <summary>True while a content with fewer objects waits for whether it stays.</summary>
    public bool IsWaiting => policies.IsWaiting || pods.IsWaiting;

    private string PathOf(string name) => Path.Combine(Path.GetFullPath(directory), name);

    private static PolicyObjects ReadPods(PolicyFileReader reader, byte[] bytes)
    {
        var (found, homes) = reader.ReadPods(bytes);
        return PolicyObjects.Empty with { Pods = found, Namespaces = homes };
    }

    private static bool HasLost(PolicyObjects before, PolicyObjects after) =>
        before.Pods.Keys.Any(name => !after.Pods.ContainsKey(name))
        || before.Namespaces.Keys.Any(name => !after.Namespaces.ContainsKey(name));

    /// <summary>Calls back from now on when the files should be read again; the caller reads them.</summary>
    /// <param name="changed">Called on other threads.</param>
    /// <exception cref="ErrnoException">No more files can be watched; they are read every few seconds all the same.</exception>
    public void Watch(Action changed)
    {
        void Touch()
        {
            Interlocked.Exchange(ref isTouched, 1);
            changed();
        }

        timer = clock.CreateTimer(_ => Touch(), null, withoutWatch, withoutWatch);
        foreach (var name in new[] { "policies.yaml", "pods.yaml" })
            watches.Add(PathWatch.Start(PathOf(name), Touch));
        timer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Reads what may have changed.</summary>
    public void Refresh()
    {
        var isForced = Interlocked.Exchange(ref isTouched, 0) != 0;
        policies.Refresh(isForced);
        pods.Refresh(isForced);
        if (IsWaiting)
            timer?.Change(PolicyFile<PolicyObjects>.Settling, watches.Count == 0 ? withoutWatch : Timeout.InfiniteTimeSpan);
        if (policies.Current is not { } rules || pods.Current is not { } others)
            return;
        if (current is null || !ReferenceEquals(current.Policies, rules) || !ReferenceEquals(current.Pods, others.Pods))
            current = others with { Policies = rules };
    }

    /// <summary>Gives the memory back that reading a large file took; after what it changed is in the kernel.</summary>
    public void ReturnMemory()
    {
        if (!policies.WasLarge && !pods.WasLarge)
            return;
        (policies.WasLarge, pods.WasLarge) = (false, false);
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
    }

    /// <summary>Stops watching; the objects in force stay.</summary>
    public void Dispose()
    {
        foreach (var watch in watches)
            watch.Dispose();
        timer?.Dispose();
    }
}
