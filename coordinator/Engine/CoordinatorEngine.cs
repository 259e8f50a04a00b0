using Plugboard.Coordinator.Cluster;
using Plugboard.Coordinator.Node;
using Plugboard.Coordinator.Routes;
using Plugboard.Coordinator.Sources;

namespace Plugboard.Coordinator.Engine;

/// <summary>
/// Keeps the node as the cluster asks. One thread; it looks at what should be and what is, and changes the difference: when the source tells of a node, when the kernel
/// tells that somebody changed something, when it is time. Which of them it was does not matter to what it does, so nothing can be missed for good.
/// </summary>
internal sealed class CoordinatorEngine : IDisposable
{
    private static readonly TimeSpan LongestRest = TimeSpan.FromMilliseconds(100);

    private readonly EngineParts parts;
    private readonly EngineOptions options;
    private readonly Wakeup wakeup = new();
    private readonly ClusterBoard board;
    private readonly List<KeeperState> keepers;
    private readonly ChangeLog log;
    private DateTimeOffset nextAudit;
    private Uplink? uplink;
    private long seenVersion = -1;
    private DateTimeOffset? heardAt;
    private volatile EngineStatus status = new();

    /// <summary>Makes it; nothing happens before <see cref="Run"/>.</summary>
    public CoordinatorEngine(EngineParts parts, EngineOptions options)
    {
        this.parts = parts;
        this.options = options;
        board = new ClusterBoard(wakeup.FromSource);
        keepers = parts.Keepers.Select(keeper => new KeeperState(keeper)).ToList();
        log = new ChangeLog(parts.Log);
    }

    /// <summary>How it is; for any thread.</summary>
    public EngineStatus Status => status;

    /// <summary>A configuration file changed: everything is looked at soon; for any thread.</summary>
    public void Reconfigure() => wakeup.FromConfiguration();

    /// <summary>Runs until it is cancelled. The source runs beside it. The rules and routes stay when it ends.</summary>
    public void Run(CancellationToken cancellation)
    {
        using var watch = KernelWatch.Open(wakeup);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var source = Task.Run(() => parts.Source.RunAsync(board, ending.Token), CancellationToken.None);
        using var registration = cancellation.Register(wakeup.End);
        nextAudit = parts.Clock.GetUtcNow() + options.AuditInterval;
        var due = TimeSpan.Zero;
        while (!cancellation.IsCancellationRequested)
        {
            var happened = wakeup.Wait(due);
            if (happened.End)
                break;
            Ask(watch, happened.Configuration);
            var began = parts.Clock.GetTimestamp();
            if (keepers.Exists(keeper => keeper.Pending is not null))
            {
                Round();
                Rest(began, cancellation);
            }

            due = UntilNext();
        }

        ending.Cancel();
        EndOf(source);
    }

    private static void EndOf(Task source)
    {
        try
        {
            source.Wait(TimeSpan.FromSeconds(5));
        }
        catch (AggregateException e) when (e.InnerException is OperationCanceledException)
        {
            // As asked.
        }
    }

    // A storm of notifications is one round, not a thousand.
    private void Rest(long began, CancellationToken cancellation)
    {
        var round = parts.Clock.GetElapsedTime(began);
        cancellation.WaitHandle.WaitOne(round < options.LeastInterval ? options.LeastInterval : round < LongestRest ? round : LongestRest);
    }

    private void Ask(KernelWatch watch, bool isReconfigured)
    {
        var now = parts.Clock.GetUtcNow();
        var snapshot = board.Current;
        if (snapshot.Version != seenVersion)
        {
            seenVersion = snapshot.Version;
            // That it cannot be read is no word of the source's.
            if (snapshot is { Version: > 0, Hindrance: null })
                heardAt = now;
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

        foreach (var keeper in keepers.Where(keeper => keeper.RetryAt <= now))
            keeper.Ask(SyncCause.Retry);
    }

    private void Hear(KernelWatch watch)
    {
        var isNews = false;
        while (watch.Network.TryDequeue(out var change))
            isNews = isNews || (parts.Routes?.IsNews(change) ?? parts.Network.IsNews(change));
        if (isNews)
        {
            parts.Network.Invalidate();
            AskAll(SyncCause.Kernel);
        }

        while (watch.Rules.TryDequeue(out var transaction))
        {
            if (parts.FindRulesKeeper(transaction) is { } concerned)
                keepers.Find(keeper => keeper.Keeper == concerned)?.Ask(SyncCause.Kernel);
        }
    }

    private void AskAll(SyncCause cause)
    {
        foreach (var keeper in keepers)
            keeper.Ask(cause);
    }

    private TimeSpan UntilNext()
    {
        var next = nextAudit;
        foreach (var keeper in keepers)
        {
            if (keeper.RetryAt is { } retry && retry < next)
                next = retry;
        }

        var left = next - parts.Clock.GetUtcNow();
        return left > TimeSpan.Zero ? left : TimeSpan.FromMilliseconds(1);
    }

    private void Round()
    {
        var snapshot = board.Current;
        var (view, lack) = View(snapshot);
        log.Lack(lack);
        log.Hindrance(snapshot.Hindrance);
        if (view is not null)
        {
            log.Refused(view.Refused);
            foreach (var keeper in keepers.Where(keeper => keeper.Pending is not null && !HasToWait(keeper)))
                Sync(keeper, view);
            Advertise(view);
        }

        Publish(snapshot, view, lack);
    }

    // What says that pods can be started comes last.
    private bool HasToWait(KeeperState keeper) => keeper is { Keeper.WaitsForOthers: true, SyncCount: 0 } && keepers.Exists(other => other != keeper && !other.IsUsable);

    private (ClusterView? View, string? Lack) View(ClusterSnapshot snapshot)
    {
        if (!parts.Network.IsCurrent)
            parts.Network.Read(parts.Client);
        var found = new UplinkFinder(parts.Network, parts.ViewBuilder.WishesOf(snapshot, parts.Uplink)).Find();
        if (found != uplink)
            log.Uplink(uplink = found);
        return parts.ViewBuilder.Build(snapshot, found, parts.Network.Links);
    }

    private void Sync(KeeperState keeper, ClusterView view)
    {
        var cause = keeper.Pending!.Value;
        keeper.Begin();
        SyncOutcome outcome;
        try
        {
            outcome = keeper.Keeper.Sync(view, cause);
        }
#pragma warning disable CA1031 // One keeper's failure must not end the others: it is told and tried again.
        catch (Exception e)
#pragma warning restore CA1031
        {
            parts.Network.Invalidate();
            outcome = new SyncOutcome([], [$"{e.GetType().Name}: {e.Message}"]);
        }

        log.Outcome(keeper.Keeper.Name, outcome, cause);
        log.Warnings(keeper.Keeper.Name, keeper.Keeper.Warnings);
        keeper.End(outcome, cause, parts.Clock.GetUtcNow());
    }

    private void Advertise(ClusterView view)
    {
        if (view.Self.Addresses.Count == 0 || view.Network.Backend.Type == Configuration.BackendType.None)
            return;
        parts.Source.Advertise(new NodeAdvertisement
        {
            BackendType = Tunnels.WordOf(view.Network.Backend.Type),
            Addresses = parts.Uplink.PublicAddresses(view.Self.Addresses),
            Vtep4 = Tunnels.EndOf(view, is6: false),
            Vtep6 = Tunnels.EndOf(view, is6: true),
        });
    }

    private void Publish(ClusterSnapshot snapshot, ClusterView? view, string? lack)
    {
        status = new EngineStatus
        {
            View = view,
            Lack = lack,
            Hindrance = snapshot.Hindrance,
            Keepers = keepers.ConvertAll(KeeperStatus.Of),
            Paths = parts.Routes?.LastPlan.Paths ?? [],
            SourceHeardAt = heardAt,
        };
        parts.Source.Report(status.FirstLack is { } first
            ? new NodeReport(IsReady: false, "CoordinatorNotReady", first)
            : new NodeReport(IsReady: true, "CoordinatorReady", "rules, routes and files are in place"));
    }

    /// <inheritdoc/>
    public void Dispose() => wakeup.Dispose();
}
