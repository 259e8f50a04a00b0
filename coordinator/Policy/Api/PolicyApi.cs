using Plugboard.Coordinator.Policy.Compiling;
using Plugboard.Coordinator.Policy.Objects;
using Plugboard.Coordinator.Sources;
using Plugboard.Coordinator.Sources.Kubernetes;
using Plugboard.Coordinator.Tracking;

namespace Plugboard.Coordinator.Policy.Api;

/// <summary>
/// The objects of network policy from the Kubernetes API: three kinds, or with ClusterNetworkPolicy four, each followed by a task of its
/// own. Before the first complete list of all of them no object is in force; afterwards what was read stays in force while the API cannot
/// be read. A fourth kind that the API does not serve has no objects. Nodes are a fifth, from the first policy on that asks for them; where
/// this node may not read them, only such policies are closed.
/// </summary>
internal sealed class PolicyApi : IPolicySource
{
    // An object has at most three million bytes where it is written, and a character may be six as JSON writes it.
    private const int MostObjectBytes = 32 * 1024 * 1024;

    // One page may have many such; none of it stays.
    private const long MostPageBytes = 16L * 1024 * 1024 * 1024;

    private static readonly TimeSpan longestEnding = TimeSpan.FromSeconds(1);

    private readonly PolicyOptions options;
    private readonly KubernetesOptions access;
    private readonly Action<string> log;
    private readonly HttpConnections connections;
    private readonly Func<string, string?> variable;
    private readonly Lock changing = new();
    private readonly CancellationTokenSource ending = new();
    private readonly SharedValues shared = new();
    private readonly KindStore<ObjectName, PolicyPod> pods;
    private readonly KindStore<string, PolicyNamespace> namespaces;
    private readonly KindStore<ObjectName, NetworkPolicy> policies;
    private readonly KindStore<string, ClusterPolicy>? clusterPolicies;
    private readonly KindStore<string, PolicyNode> nodes;
    private readonly TaskCompletionSource asksForNodes = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly SemaphoreSlim refused = new(0, 1);
    private readonly LateSignal happened = new();
    private volatile Action? changed;
    private Task? running;
    private bool isAsked;
    private bool hadNoRight;

    /// <summary>Sends no request yet.</summary>
    /// <param name="options">The flags.</param>
    /// <param name="access">Where the API is.</param>
    /// <param name="log">Gets a line for what cannot be written.</param>
    /// <param name="connections">Opens connections to servers; null: as usual.</param>
    /// <param name="variable">The environment; null: the process's.</param>
    public PolicyApi(
        PolicyOptions options,
        KubernetesOptions access,
        Action<string> log,
        HttpConnections? connections = null,
        Func<string, string?>? variable = null
    )
    {
        this.options = options;
        this.access = access with { Limits = access.Limits with { Object = MostObjectBytes, Page = MostPageBytes } };
        this.log = log;
        this.connections = connections ?? new HttpConnections();
        this.variable = variable ?? Environment.GetEnvironmentVariable;
        var parts = new KindStoreParts(changing, Change, ChangeRefusals, access.Time);
        pods = new(PolicyKind.Pods, parts) { KeepsLastGood = false, Keep = shared.Share };
        namespaces = new(PolicyKind.Namespaces, parts) { KeepsLastGood = true };
        policies = new(PolicyKind.Policies, parts) { KeepsLastGood = true };
        nodes = new(PolicyKind.Nodes, parts) { KeepsLastGood = true };
        if (options.ReadsCluster)
            clusterPolicies = new(PolicyKind.ClusterPolicies, parts)
            {
                KeepsLastGood = true,
                IsOptional = true,
                Keep = KeepAskingForNodes,
            };
    }

    // Those that must be known.
    private List<IKindStore> Stores
    {
        get
        {
            var stores = new List<IKindStore> { pods, namespaces, policies };
            if (clusterPolicies is not null)
                stores.Add(clusterPolicies);
            if (asksForNodes.Task.IsCompleted)
                stores.Add(nodes);
            return stores;
        }
    }

    // Before the policy is in force: until the nodes are known, no change is.
    private ClusterPolicy KeepAskingForNodes(ClusterPolicy policy)
    {
        if (policy.AsksForNodes)
            asksForNodes.TrySetResult();
        return policy;
    }

    /// <inheritdoc/>
    public PolicyObjects? Current
    {
        get
        {
            lock (changing)
                return FindProblem() is null
                    ? PolicyObjects.Of(
                        pods.Objects.Values,
                        namespaces.Objects.Values,
                        NamespaceIsolation.With(policies.Objects, namespaces.Objects.Values).Values,
                        clusterPolicies?.Objects.Values.Select(InForce),
                        nodes.Objects.Values
                    )
                    : null;
        }
    }

    /// <inheritdoc/>
    public string? Problem
    {
        get
        {
            lock (changing)
                return FindProblem();
        }
    }

    /// <inheritdoc/>
    public IReadOnlyList<string> Warnings
    {
        get
        {
            lock (changing)
                return FindProblem() is null
                    ?
                    [
                        .. Stores.SelectMany(static store => store.FindWarnings()),
                        .. NodeWarnings(),
                        .. NamespaceIsolation.FindWarnings(options.ReadsAnnotation, namespaces.Objects.Values),
                    ]
                    : [];
        }
    }

    /// <inheritdoc/>
    public IReadOnlyList<PolicySourceKind> Kinds
    {
        get
        {
            lock (changing)
                return Stores.ConvertAll(static store => store.State);
        }
    }

    // One missing right must not hold up all other policies, and the pods that they are for.
    private bool HasNoRightToNodes => !nodes.IsComplete && nodes.Failure is { IsForbidden: true };

    private ClusterPolicy InForce(ClusterPolicy policy) => HasNoRightToNodes && policy.AsksForNodes ? policy.WithoutNodes() : policy;

    // One that is forbidden says more than one that was not read yet.
    private string? FindProblem()
    {
        var unknown = Stores.FindAll(store => store.FindProblem() is not null && !(store == nodes && HasNoRightToNodes));
        return (unknown.Find(static store => store.Failure is not null) ?? unknown.FirstOrDefault())?.FindProblem();
    }

    private IEnumerable<string> NodeWarnings() =>
        HasNoRightToNodes
            ?
            [
                $"{nodes.Failure!.Message}; until then rules of clusternetworkpolicies by nodes are closed: with Accept they match "
                    + "nothing, others deny everything",
            ]
            : [];

    private void ChangeRefusals()
    {
        lock (changing)
        {
            if (!ending.IsCancellationRequested && refused.CurrentCount == 0)
                refused.Release();
        }
    }

    private void Change()
    {
        lock (changing)
        {
            if (isAsked || ending.IsCancellationRequested)
                return;
            isAsked = true;
        }

        happened.Set();
        changed?.Invoke();
    }

    /// <inheritdoc/>
    public void Watch(Action changed)
    {
        this.changed = changed;
        running ??= Task.Run(RunAsync);
    }

    private async Task RunAsync()
    {
        using var client = new ApiClient(access, connections, variable);
        var reader = new PolicyObjectReader(options.Limits, options.ReadsAnnotation);
        var events = new RefusedObjects(new ObjectEvents(client, access, log), access);
        await Task.WhenAll(
                FollowAsync(client, PolicyKind.Pods, reader.ReadPod, pods),
                FollowAsync(client, PolicyKind.Namespaces, reader.ReadNamespace, namespaces),
                FollowAsync(client, PolicyKind.Policies, reader.ReadPolicy, policies),
                clusterPolicies is null
                    ? Task.CompletedTask
                    : FollowAsync(client, PolicyKind.ClusterPolicies, reader.ReadClusterPolicy, clusterPolicies),
                FollowNodesAsync(client, reader),
                events.RunAsync(FindRefused, refused, ending.Token)
            )
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    // In a large cluster that is much to read, for a field that few use.
    private async Task FollowNodesAsync(ApiClient client, PolicyObjectReader reader)
    {
        await asksForNodes.Task.WaitAsync(ending.Token).ConfigureAwait(false);
        await FollowAsync(client, PolicyKind.Nodes, reader.ReadNode, nodes).ConfigureAwait(false);
    }

    private Task FollowAsync<TKey, TValue>(
        ApiClient client,
        PolicyKind kind,
        ObjectReader<ApiObject<TKey, TValue>> read,
        KindStore<TKey, TValue> store
    )
        where TKey : notnull
        where TValue : class
    {
        var api = new ObjectApi<ApiObject<TKey, TValue>>(client, kind.ToResource(options.Limits), read, access);
        return new ObjectFollower<ApiObject<TKey, TValue>>(api, store, access).RunAsync(ending.Token);
    }

    // An event of each node for each object would be many: only nodes that have pods of its namespace report a policy.
    private List<(EventSubject About, string Why)> FindRefused()
    {
        lock (changing)
        {
            var found = new List<(EventSubject, string)>();
            var homes = new Lazy<HashSet<string>>(() =>
                pods
                    .Objects.Values.Where(pod => pod.NodeName == options.NodeName)
                    .Select(static pod => pod.Name.Namespace)
                    .ToHashSet(StringComparer.Ordinal)
            );
            foreach (var (name, why) in policies.Refusals.Where(refused => homes.Value.Contains(refused.Name.Namespace)))
                found.Add(
                    (
                        new EventSubject("NetworkPolicy", name.Namespace, name.Name, why.Uid) { ApiVersion = "networking.k8s.io/v1" },
                        PolicyKind.Policies.Describe($"{name}", why)
                    )
                );
            foreach (var (name, why) in pods.Refusals)
            {
                if (pods.Objects.GetValueOrDefault(name)?.NodeName == options.NodeName)
                    found.Add((new EventSubject("Pod", name.Namespace, name.Name, why.Uid), PolicyKind.Pods.Describe($"{name}", why)));
            }

            foreach (var (name, why) in namespaces.Refusals.Where(refused => homes.Value.Contains(refused.Name)))
                found.Add((new EventSubject("Namespace", "", name, why.Uid), PolicyKind.Namespaces.Describe(name, why)));
            foreach (var (name, why) in clusterPolicies?.Refusals.Where(refused => IsOfThisNode(refused.Name)) ?? [])
                found.Add(
                    (
                        new EventSubject("ClusterNetworkPolicy", "", name, why.Uid) { ApiVersion = "policy.networking.k8s.io/v1alpha2" },
                        PolicyKind.ClusterPolicies.Describe(name, why)
                    )
                );
            return found;
        }
    }

    // What is in force of it selects a pod of this node.
    private bool IsOfThisNode(string name) =>
        clusterPolicies!.Objects.GetValueOrDefault(name) is { } policy
        && pods.Objects.Values.Any(pod =>
            pod.NodeName == options.NodeName && policy.Selects(pod, namespaces.Objects.GetValueOrDefault(pod.Name.Namespace))
        );

    /// <inheritdoc/>
    public void Await(TimeSpan patience)
    {
        Watch(static () => { });
        var began = access.Time.GetTimestamp();
        while (access.Time.GetElapsedTime(began) is var passed && passed < patience)
        {
            lock (changing)
            {
                isAsked = false;
                if (FindProblem() is null || IsForbidden())
                    return;
            }

            happened.Wait(patience - passed);
        }
    }

    // It is tried again after half a minute only.
    private bool IsForbidden() => Stores.Exists(static store => store.Failure is { IsForbidden: true });

    /// <inheritdoc/>
    public void Refresh()
    {
        lock (changing)
            isAsked = false;
    }

    /// <inheritdoc/>
    public PolicyChanges Take()
    {
        var changes = new PolicyChanges();
        lock (changing)
        {
            pods.Take(changes.Pods);
            namespaces.Take(changes.Namespaces);
            policies.Take(changes.Policies);
            TakeClusterPolicies(changes.ClusterPolicies);
            nodes.Take(changes.Nodes);
        }

        NamespaceIsolation.Add(options.ReadsAnnotation, changes);
        return changes;
    }

    private void TakeClusterPolicies(Dictionary<string, ClusterPolicy?> changes)
    {
        if (clusterPolicies is null)
            return;
        clusterPolicies.Take(changes);
        if (HasNoRightToNodes != hadNoRight)
        {
            hadNoRight = HasNoRightToNodes;
            foreach (var (name, policy) in clusterPolicies.Objects.Where(static each => each.Value.AsksForNodes))
                changes[name] = policy;
        }

        foreach (var (name, policy) in changes)
            changes[name] = policy is null ? null : InForce(policy);
    }

    /// <inheritdoc/>
    public void Rewind()
    {
        lock (changing)
        {
            foreach (var store in Stores)
                store.Rewind();
        }
    }

    /// <inheritdoc/>
    public void ReturnMemory(bool hasCompared)
    {
        lock (changing)
        {
            var isLarge = hasCompared && pods.Objects.Count + policies.Objects.Count >= PolicyKind.Large;
            if (!isLarge && !pods.WasLarge && !policies.WasLarge)
                return;
            (pods.WasLarge, policies.WasLarge) = (false, false);
        }

        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
    }

    /// <summary>Ends the tasks; the objects in force stay.</summary>
    public void Dispose()
    {
        ending.Cancel();
        running?.Wait(longestEnding);
        // A task that has not ended by then may still note a refusal.
        lock (changing)
            refused.Dispose();
        happened.Dispose();
        ending.Dispose();
    }
}
