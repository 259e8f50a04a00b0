using Plugboard.Coordinator.Cluster;

namespace Plugboard.Coordinator.Sources.Kubernetes;

/// <summary>
/// Follows the API's Nodes: a list, then a watch from its version on; a new list only after the server compacted that version. A node is
/// gone if a complete list omits it or the watch reports its deletion, and in no other case.
/// </summary>
internal sealed class NodeFollower(NodeFollowerParts parts, NodeStore store, SourceErrors sourceErrors)
{
    private static readonly TimeSpan whenForbidden = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan longestAsked = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan shortLife = TimeSpan.FromSeconds(1);

    private readonly KubernetesOptions options = parts.Options;
    private readonly RetryPause pause = RetryPause.OfKubernetes(parts.Options.Random);
    private string? version;
    private bool hasBegun;

    /// <summary>Follows until it is cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        while (true)
        {
            var start = options.Time.GetTimestamp();
            TimeSpan rest;
            hasBegun = false;
            try
            {
                if (version is null)
                    await ListAsync(cancellation).ConfigureAwait(false);
                start = options.Time.GetTimestamp();
                await parts.Api.WatchAsync(version!, Begun, Take, cancellation).ConfigureAwait(false);
                rest = RestAfter(start);
            }
            catch (Exception e) when (e is not OperationCanceledException || !cancellation.IsCancellationRequested)
            {
                rest = RestAfter(start, e as ApiException ?? new ApiException($"{e.GetType().Name}: {e.Message}", e) { Status = 500 });
            }

            if (rest > TimeSpan.Zero)
                await Task.Delay(rest, options.Time, cancellation).ConfigureAwait(false);
            cancellation.ThrowIfCancellationRequested();
        }
    }

    private async Task ListAsync(CancellationToken cancellation)
    {
        var nodes = new List<ClusterNode>();
        NodeObject? self = null;
        var at = await parts.Api.ListAsync(Take, cancellation).ConfigureAwait(false);
        store.Replace(nodes);
        sourceErrors.SetReading(null);
        parts.Own.See(self);
        version = at;

        void Take(NodeObject node)
        {
            if (node.Name == options.NodeName)
                self = node;
            if (Find(node) is { } found)
                nodes.Add(found);
        }
    }

    private void Begun()
    {
        hasBegun = true;
        sourceErrors.SetReading(null);
    }

    private void Take(WatchEvent happened)
    {
        var node = happened.Node;
        if (happened.Type != "BOOKMARK")
            Apply(node, happened.Type == "DELETED");
        if (node.ResourceVersion.Length > 0)
            version = node.ResourceVersion;
    }

    private void Apply(NodeObject node, bool isGone)
    {
        if (node.Name == options.NodeName)
            parts.Own.See(isGone ? null : node);
        if (!isGone && Find(node) is { } found)
            store.Set(found);
        else
            store.Remove(node.Name);
    }

    private ClusterNode? Find(NodeObject node) =>
        parts.LastGood.Mend(node, parts.Mapper.Find(node), store.Current.Nodes.GetValueOrDefault(node.Name));

    // The server ends a watch every few minutes; if it does so at once, the next request needs a pause.
    private TimeSpan RestAfter(long start)
    {
        if (options.Time.GetElapsedTime(start) < shortLife)
            return pause.Take();
        pause.Reset();
        return TimeSpan.Zero;
    }

    private TimeSpan RestAfter(long start, ApiException failure)
    {
        if (failure.IsGone || failure.IsTooNew)
            version = null;
        var wasOfUse = hasBegun && options.Time.GetElapsedTime(start) >= shortLife;
        // Broken connections and compacted versions are routine: they are logged only if the next try fails too.
        if (wasOfUse && (failure.IsGone || failure.IsConnection))
        {
            pause.Reset();
            return TimeSpan.Zero;
        }

        sourceErrors.SetReading(failure.Message);
        if (failure.RetryAfter is { } asked && asked > TimeSpan.Zero)
        {
            var within = asked < longestAsked ? asked : longestAsked;
            return within + pause.Spread(within) / 4;
        }

        return failure.IsForbidden ? whenForbidden : pause.Take();
    }
}
