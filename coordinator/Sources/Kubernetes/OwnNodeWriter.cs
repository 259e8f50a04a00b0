using System.Globalization;
using System.Text;
using System.Text.Json;
using Plugboard.Coordinator.Cluster;

namespace Plugboard.Coordinator.Sources.Kubernetes;

/// <summary>
/// Maintains this node's Node: flannel's annotations, the condition, the startup taint, events. It writes what differs, whatever the cause,
/// and retries for ever. If another program keeps changing the Node, the writes become ever less frequent.
/// </summary>
internal sealed class OwnNodeWriter(NodeWriterParts parts, OwnNode own, NodeStore store)
{
    private static readonly TimeSpan leastBetween = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan messageInterval = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan quiet = TimeSpan.FromMinutes(5);

    private readonly KubernetesOptions options = parts.Options;
    private readonly EventSubject about = EventSubject.OfNode(parts.Options.NodeName);
    private readonly NodeReader reader = new(parts.Names);
    private readonly RetryPause failures = RetryPause.OfKubernetes(parts.Options.Random);
    private readonly RetryPause quarrel = new(leastBetween, TimeSpan.FromMinutes(1), parts.Options.Random);
    private (NodeAdvertisement?, NodeReport?) written;
    private NodeReport? effective;
    private long writtenAt;
    private long conditionAt;
    private bool hasWritten;
    private IReadOnlyList<string> told = [];
    private readonly RefusalEvents refusals = new(parts.Events, parts.Options);

    /// <summary>Writes until it is cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        while (true)
        {
            var (state, changed) = own.Look();
            TimeSpan rest;
            try
            {
                rest = await WriteAsync(state, cancellation).ConfigureAwait(false);
                failures.Reset();
                store.SetPublishError(null);
            }
            catch (Exception e) when (e is not OperationCanceledException || !cancellation.IsCancellationRequested)
            {
                store.SetPublishError(e.Message);
                var asked = (e as ApiException)?.RetryAfter ?? TimeSpan.Zero;
                var pause = failures.Take();
                await Task.Delay(asked > pause && asked < quiet ? asked : pause, options.Time, cancellation).ConfigureAwait(false);
                continue;
            }

            await WaitAsync(changed, rest, cancellation).ConfigureAwait(false);
        }
    }

    private async Task WaitAsync(Task changed, TimeSpan rest, CancellationToken cancellation)
    {
        try
        {
            await changed.WaitAsync(rest, options.Time, cancellation).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // It is time.
        }
    }

    // The time to the next comparison without a change.
    private async Task<TimeSpan> WriteAsync(OwnState state, CancellationToken cancellation)
    {
        if (state.Seen is not { } seen)
            return Timeout.InfiniteTimeSpan;
        var rest = own.Settling;
        var grace = UntilEffective(state);
        if (grace > TimeSpan.Zero)
            rest = Sooner(rest, grace);
        var patch = new OwnNodePatch(parts.Names);
        if (state.Advertised is { } advertised)
        {
            patch.AddAnnotations(seen, advertised);
            Tell(patch.Faults);
        }

        if (options.SetNetworkUnavailable && effective is { } report)
            rest = Sooner(rest, AddCondition(patch, seen, report));
        refusals.Tell(state.Refused);
        if (!patch.IsEmpty)
        {
            await PatchAsync(patch, state.Advertised, cancellation).ConfigureAwait(false);
            return TimeSpan.Zero;
        }

        if (effective is { IsReady: true } && options.StartupTaint is { } key)
            await RemoveTaintAsync(seen, key, cancellation).ConfigureAwait(false);
        return Sooner(rest, await parts.Events.WriteAsync(cancellation).ConfigureAwait(false));
    }

    private void Tell(IReadOnlyList<string> faults)
    {
        foreach (var fault in faults.Where(fault => !told.Contains(fault)))
        {
            parts.Log($"node {options.NodeName}: {fault}");
            parts.Events.Add(about, new NodeReport(IsReady: false, "BadAnnotation", fault));
        }

        told = faults;
    }

    // A restarted coordinator is not ready for a moment: publishing that would drive pods away.
    private TimeSpan UntilEffective(OwnState state)
    {
        if (state.Reported is not { } report)
            return TimeSpan.Zero;
        var left = report.IsReady ? TimeSpan.Zero : options.NotReadyGrace - options.Time.GetElapsedTime(state.NotReadySince);
        if (left > TimeSpan.Zero)
            return left;
        if (report.IsReady != effective?.IsReady || report.Reason != effective.Reason)
            parts.Events.Add(about, report);
        effective = report;
        return TimeSpan.Zero;
    }

    // A change of the wording only can wait, for a limited time.
    private TimeSpan AddCondition(OwnNodePatch patch, NodeObject seen, NodeReport report)
    {
        var wanted = new NodeCondition(report.IsReady ? "False" : "True", report.Reason, report.Message);
        var isMinor =
            seen.NetworkUnavailable is { } known
            && known.Status == wanted.Status
            && known.Reason == wanted.Reason
            && known.Message != wanted.Message;
        var left = messageInterval - options.Time.GetElapsedTime(conditionAt);
        if (isMinor && hasWritten && left > TimeSpan.Zero)
            return left;
        patch.AddCondition(seen, wanted, options.Time.GetUtcNow());
        return Timeout.InfiniteTimeSpan;
    }

    private async Task PatchAsync(OwnNodePatch patch, NodeAdvertisement? advertised, CancellationToken cancellation)
    {
        var wanted = (advertised, effective);
        // Equal to the last write: another program wrote in between.
        if (hasWritten && options.Time.GetElapsedTime(writtenAt) > quiet)
            quarrel.Reset();
        var isQuarrel = hasWritten && wanted == written;
        var path = $"/api/v1/nodes/{Uri.EscapeDataString(options.NodeName)}/status";
        own.BeginPatch();
        var answer = await parts
            .Client.AskAsync(HttpMethod.Patch, path, new ApiBody(patch.ToJson(), ApiBody.StrategicMerge), cancellation)
            .ConfigureAwait(false);
        own.SeePatched(reader.Read(answer));
        (hasWritten, written, writtenAt) = (true, wanted, options.Time.GetTimestamp());
        if (patch.HasCondition)
            conditionAt = writtenAt;
        await Task.Delay(isQuarrel ? quarrel.Take() : leastBetween, options.Time, cancellation).ConfigureAwait(false);
    }

    // The patch's test fails if another program changed the list meanwhile; then the watch reports the change, and the next patch is based
    // on it.
    private async Task RemoveTaintAsync(NodeObject seen, string key, CancellationToken cancellation)
    {
        for (var i = 0; i < seen.Taints.Count; i++)
        {
            if (seen.Taints[i].Key != key)
                continue;
            var at = string.Create(CultureInfo.InvariantCulture, $"/spec/taints/{i}");
            var body =
                $$"""[{"op":"test","path":"{{at}}/key","value":"{{JsonEncodedText.Encode(key)}}"},{"op":"remove","path":"{{at}}"}]""";
            var path = $"/api/v1/nodes/{Uri.EscapeDataString(options.NodeName)}";
            own.BeginPatch();
            var answer = await parts
                .Client.AskAsync(HttpMethod.Patch, path, new ApiBody(Encoding.UTF8.GetBytes(body), ApiBody.JsonPatch), cancellation)
                .ConfigureAwait(false);
            own.SeePatched(reader.Read(answer));
            parts.Log($"the taint {key} was removed from node {options.NodeName}");
            return;
        }
    }

    private static TimeSpan Sooner(TimeSpan a, TimeSpan b) =>
        a == Timeout.InfiniteTimeSpan ? b
        : b == Timeout.InfiniteTimeSpan || a < b ? a
        : b;
}
