using System.Collections.Concurrent;
using Plugboard.Coordinator.Cluster;
using Plugboard.Coordinator.Configuration;
using Plugboard.Coordinator.Node;
using Plugboard.Coordinator.Reconciling;
using Plugboard.Coordinator.Sources;
using Plugboard.Coordinator.Tracking;
using Plugboard.Netlink.Route;

namespace Plugboard.Coordinator.Engine;

/// <summary>
/// Reconciles the node with the cluster. One thread compares the desired with the actual state and applies the difference: when the source
/// delivers a change, when the kernel reports a change by another process, and at intervals. The work does not depend on the cause, so a
/// lost notification is repaired later.
/// </summary>
internal sealed class CoordinatorEngine : IDisposable
{
    private static readonly TimeSpan LongestRest = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestWait = TimeSpan.FromHours(1);

    private const int Many = 1000;

    private readonly EngineParts parts;
    private readonly EngineOptions options;
    private readonly Wakeup wakeup = new();
    private readonly NodeStore store;
    private readonly ChangeReader<string> nodes;
    private readonly ChangeFeed<string> peers = new(StringComparer.Ordinal);
    private readonly List<ReconcilerState> reconcilers;
    private readonly ChangeLog log;
    private readonly SourceRunner source;
    private readonly RoundFaults faults;
    private readonly ConcurrentQueue<IReconciler> asked = new();
    private readonly Heartbeat heartbeat;
    private readonly (DateTimeOffset At, long Stamp) start;
    private DateTimeOffset nextAudit;
    private Uplink? uplink;
    private Uplink? lastUplink;
    private (ClusterNode? Own, NetConf? Network, long Version)? settled;
    private UplinkInterest interest = new(null, new UplinkQuestion());
    private long seenVersion = -1;
    private string? seenPublishError;
    private long? heardAt;
    private volatile EngineStatus status = new();

    /// <summary>Makes it; nothing happens before <see cref="Run"/>.</summary>
    public CoordinatorEngine(EngineParts parts, EngineOptions options)
    {
        this.parts = parts;
        this.options = options;
        store = new NodeStore(wakeup.FromSource);
        nodes = store.OpenReader();
        reconcilers = parts.Reconcilers.Select(reconciler => new ReconcilerState(reconciler, peers.OpenReader())).ToList();
        log = new ChangeLog(parts.Log);
        source = new SourceRunner(parts.Source, store, parts.Clock);
        faults = new RoundFaults(parts.Log);
        heartbeat = new Heartbeat(parts.Clock, options.AuditInterval + options.LongestRound);
        start = (parts.Clock.GetUtcNow(), parts.Clock.GetTimestamp());
    }

    /// <summary>How it is; for any thread.</summary>
    public EngineStatus Status => status;

    // The clock of the day may be set back by an hour; what is due is not to wait for it.
    private DateTimeOffset Now => start.At + parts.Clock.GetElapsedTime(start.Stamp);

    /// <summary>Why the process must be restarted, a sentence; null if the sync loop runs. For any thread.</summary>
    public string? FindStall() => heartbeat.FindStall();

    /// <summary>A configuration file changed: everything is compared soon. For any thread.</summary>
    public void Reconfigure() => wakeup.FromConfiguration();

    /// <summary>What one reconciler reads by itself changed: it runs soon, and no other. For any thread.</summary>
    public void Ask(IReconciler reconciler)
    {
        asked.Enqueue(reconciler);
        wakeup.FromReconciler();
    }

    /// <summary>Runs until it is cancelled. The source runs beside it. The rules and routes stay when it ends.</summary>
    public void Run(CancellationToken cancellation)
    {
        using var watch = new KernelNotifications(wakeup, parts.Listeners, parts.Log);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var telling = Task.Run(() => source.RunAsync(ending.Token), CancellationToken.None);
        using var registration = cancellation.Register(wakeup.End);
        nextAudit = Now + options.AuditInterval;
        var due = TimeSpan.Zero;
        while (!cancellation.IsCancellationRequested)
        {
            var happened = wakeup.Wait(due);
            heartbeat.Beat();
            if (happened.End)
                break;
            Turn(watch, happened.Configuration, cancellation);
            due = UntilNext();
        }

        ending.Cancel();
        telling.Wait(TimeSpan.FromSeconds(5), CancellationToken.None);
    }

    private void Turn(KernelNotifications watch, bool isReconfigured, CancellationToken cancellation)
    {
        try
        {
            Ask(watch, isReconfigured);
            if (!reconcilers.Exists(reconciler => reconciler.Pending is not null) || Now < faults.RetryAt)
                return;
            var began = parts.Clock.GetTimestamp();
            Round(watch);
            Rest(began, cancellation);
        }
#pragma warning disable CA1031 // Whatever it is: a node without its reconciler is worse than one that is kept a second later.
        catch (Exception e)
#pragma warning restore CA1031
        {
            Fail(e, watch);
        }
    }

    private void Fail(Exception e, KernelNotifications watch)
    {
        parts.Network.Invalidate();
        parts.ViewBuilder.Forget();
        peers.Touch(TouchedKeys<string>.All);
        AskAll(SyncCause.Retry);
        faults.Fail(e, Now);
        status = status with { Fault = faults.Current, Faults = CountFaults(watch) };
        try
        {
            Report();
        }
#pragma warning disable CA1031 // The report itself may have failed; the next successful round reports it.
        catch (Exception again)
#pragma warning restore CA1031
        {
            faults.NoteUntold(again);
        }
    }

    // A storm of notifications is one round, not a thousand.
    private void Rest(long began, CancellationToken cancellation)
    {
        var round = parts.Clock.GetElapsedTime(began);
        cancellation.WaitHandle.WaitOne(
            round < options.LeastInterval ? options.LeastInterval
            : round < LongestRest ? round
            : LongestRest
        );
    }

    private void Ask(KernelNotifications watch, bool isReconfigured)
    {
        var now = Now;
        var snapshot = store.Current;
        if (snapshot.Version != seenVersion)
        {
            seenVersion = snapshot.Version;
            // That it cannot be read or written is no word of the source's.
            if (snapshot is { Version: > 0, SourceError: null } && snapshot.PublishError == seenPublishError)
                heardAt = parts.Clock.GetTimestamp();
            seenPublishError = snapshot.PublishError;
            AskAll(SyncCause.Source);
        }

        if (isReconfigured)
            AskAll(SyncCause.Audit);
        Hear(watch);
        if (now >= nextAudit || watch.TakeLoss())
        {
            nextAudit = now + options.AuditInterval;
            parts.Network.Invalidate();
            AskAll(SyncCause.Audit);
        }

        while (asked.TryDequeue(out var one))
            reconcilers.Find(state => state.Reconciler == one)?.Ask(SyncCause.Source);
        foreach (var reconciler in reconcilers.Where(reconciler => reconciler.RetryAt <= now))
            reconciler.Ask(SyncCause.Retry);
    }

    private void Hear(KernelNotifications watch)
    {
        var isChange = false;
        while (watch.Network.TryDequeue(out var change))
            isChange |= Concerns(change);
        if (isChange)
        {
            parts.Network.Invalidate();
            AskAll(SyncCause.Kernel);
        }

        while (watch.Rules.TryDequeue(out var transaction))
        {
            foreach (var concerned in reconcilers.Where(reconciler => reconciler.Reconciler.Hears(transaction)))
                concerned.Ask(SyncCause.Kernel);
        }
    }

    // A change that nothing depends on is noted without reading: a foreign route costs what it is, not what all routes are.
    private bool Concerns(RouteChange change)
    {
        if (change.PortId == parts.Client.PortId)
            return false;
        var isOfNetwork = change is { Neighbour: null, Fdb: null };
        if (isOfNetwork && !parts.Network.IsChange(change))
            return false;
        if (interest.Concerns(change, parts.Network) || reconcilers.Exists(reconciler => reconciler.Reconciler.Hears(change)))
            return true;
        if (isOfNetwork)
            parts.Network.Take(change);
        return false;
    }

    private void AskAll(SyncCause cause)
    {
        foreach (var reconciler in reconcilers)
            reconciler.Ask(cause);
    }

    private TimeSpan UntilNext()
    {
        var next = nextAudit;
        foreach (var reconciler in reconcilers)
        {
            if (reconciler.RetryAt is { } retry && retry < next)
                next = retry;
        }

        // What is due is done with the round that is tried then.
        if (faults.RetryAt is { } again)
            next = again;
        var left = next - Now;
        return left <= TimeSpan.Zero ? TimeSpan.FromMilliseconds(1)
            : left < LongestWait ? left
            : LongestWait;
    }

    private void Round(KernelNotifications watch)
    {
        var (snapshot, touched) = store.Take(nodes);
        // The audit and a retry trust nothing that is remembered.
        var isWhole = IsPending(SyncCause.Start) || IsPending(SyncCause.Audit) || IsPending(SyncCause.Retry);
        if (isWhole || IsPending(SyncCause.Kernel))
            settled = null;
        var (view, notReady) = View(snapshot, isWhole ? TouchedKeys<string>.All : touched);
        peers.Touch(parts.ViewBuilder.Touched);
        log.NotReadyReason(notReady);
        log.SourceError(snapshot.SourceError);
        log.PublishError(snapshot.PublishError);
        if (view is not null)
        {
            log.Refused(view.Refused);
            log.Notes(view.Notes);
            foreach (var reconciler in reconcilers.Where(reconciler => reconciler.Pending is not null && !HasToWait(reconciler)))
                Sync(reconciler, view);
            Advertise(view);
            parts.Source.ReportRefused(view.Refused);
        }

        Publish(snapshot, view, (notReady, CountFaults(watch)));
        faults.Succeed();
        if (isWhole && snapshot.Nodes.Count >= Many)
            ReturnMemory();
    }

    private bool IsPending(SyncCause cause) => reconcilers.Exists(reconciler => reconciler.Pending == cause);

    // A comparison of all leaves several times what is kept as garbage, and the next one may be minutes away.
    private static void ReturnMemory() => GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);

    // What says that pods can be started comes last.
    private bool HasToWait(ReconcilerState reconciler) =>
        reconciler is { Reconciler.WaitsForOthers: true, SyncCount: 0 }
        && reconcilers.Exists(other => other != reconciler && !other.IsUsable);

    private (ClusterView? View, string? NotReadyReason) View(ClusterSnapshot snapshot, TouchedKeys<string> touched)
    {
        if (!parts.Network.IsCurrent)
            parts.Network.Read(parts.Client);
        // Another peer is no reason to look for the uplink again.
        var basis = (parts.ViewBuilder.FindOwn(snapshot), snapshot.Network, parts.Network.Version);
        if (uplink is not null && settled == basis)
            return parts.ViewBuilder.Build(snapshot, uplink, parts.Network.Links, touched: touched);
        var question = parts.ViewBuilder.QuestionOf(snapshot, parts.Uplink, uplink ?? lastUplink);
        var finder = new UplinkFinder(parts.Network, question, address => NodeNetwork.FindRoute(parts.Client, address));
        var found = finder.Find();
        // By which rule it was found may change while it stays.
        if (found?.Link != uplink?.Link || found?.Addresses != uplink?.Addresses)
            log.Uplink(found);
        uplink = found;
        lastUplink = found ?? lastUplink;
        settled = finder.Fault is null ? basis : null;
        interest = new UplinkInterest(found, question);
        log.Substitute(finder.IsSubstitute ? finder.Fault : null);
        return parts.ViewBuilder.Build(snapshot, found, parts.Network.Links, finder.Fault, touched);
    }

    private void Sync(ReconcilerState reconciler, ClusterView view)
    {
        var cause = reconciler.Pending!.Value;
        reconciler.Begin();
        SyncOutcome outcome;
        try
        {
            outcome = reconciler.Run(view, cause);
        }
#pragma warning disable CA1031 // One reconciler's failure must not stop the others: it is reported and retried.
        catch (Exception e)
#pragma warning restore CA1031
        {
            parts.Network.Invalidate();
            outcome = new SyncOutcome([], [$"{e.GetType().Name}: {e.Message}"]);
        }

        log.Outcome(reconciler.Reconciler.Name, outcome, cause);
        log.Warnings(reconciler.Reconciler.Name, reconciler.Reconciler.Warnings);
        reconciler.End(outcome, cause, Now);
    }

    private void Advertise(ClusterView view)
    {
        var backend = view.Network.Backend.Type;
        if (view.Self.Addresses.Count == 0 || (backend == BackendType.None && !parts.Source.LeasesNetworks))
            return;
        // What the source has for this node decides the uplink and the end of the tunnel: before it is read it must not be written over. A
        // source of leases knows this node by the address that a flag names.
        if (!view.IsComplete && (!parts.Source.LeasesNetworks || parts.Uplink.IsFree))
            return;
        parts.Source.Advertise(
            new NodeAdvertisement
            {
                // As flanneld: a lease of alloc's has no type.
                BackendType = backend == BackendType.None ? "" : Tunnels.WordOf(backend),
                Addresses = parts.Uplink.PublicAddresses(view.Self.Addresses),
                Vtep4 = Tunnels.EndOf(view, is6: false),
                Vtep6 = Tunnels.EndOf(view, is6: true),
            }
        );
    }

    private IReadOnlyList<(string Part, long Count)> CountFaults(KernelNotifications watch) =>
        [("round", faults.Count), ("source", source.FaultCount), ("kernel", watch.FaultCount)];

    private void Publish(
        ClusterSnapshot snapshot,
        ClusterView? view,
        (string? NotReadyReason, IReadOnlyList<(string Part, long Count)> Faults) told
    )
    {
        status = new EngineStatus
        {
            View = view,
            NotReadyReason = told.NotReadyReason,
            SourceError = snapshot.SourceError,
            PublishError = snapshot.PublishError,
            Reconcilers = reconcilers.ConvertAll(ReconcilerStatus.Of),
            Paths = reconcilers.ConvertAll(static reconciler => reconciler.Reconciler.Paths).SelectMany(static paths => paths),
            SourceHeardAt = heardAt,
            Faults = told.Faults,
        };
        Report();
    }

    private void Report() =>
        parts.Source.Report(
            status.FirstNotReadyReason is { } first
                ? new NodeReport(IsReady: false, "CoordinatorNotReady", first)
                : new NodeReport(IsReady: true, "CoordinatorReady", "rules, routes and files are in place")
        );

    /// <inheritdoc/>
    public void Dispose() => wakeup.Dispose();
}
