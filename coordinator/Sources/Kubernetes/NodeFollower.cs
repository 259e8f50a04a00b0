using Plugboard.Coordinator.Cluster;

namespace Plugboard.Coordinator.Sources.Kubernetes;

/// <summary>
/// Keeps the store as the API's Nodes are: a list, then a watch from its version on, and a list anew only where the server has forgotten
/// that version. Whoever is missing in a whole list is gone, and whose deletion was told; nobody else ever is.
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

    // The server ended the watch, as it does every few minutes; one that does so at once is not to be asked without a pause.
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
        // A connection that breaks and a version that is forgotten are every day's: they are told only where the next try fails too.
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
