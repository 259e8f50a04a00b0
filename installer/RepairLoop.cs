using System.Globalization;
using Plugboard.Install;
using Plugboard.Linux;
using Plugboard.Linux.Files;

namespace Plugboard.Installer;

/// <summary>
/// <c>installer install --wait</c>: stays and repairs files that other programs overwrite or delete. inotify(7) reports changes; an audit
/// at intervals finds the others, such as those by other clients of a network filesystem. Changes by another run of the installer, above
/// all a rollback, stay.
/// </summary>
internal sealed class RepairLoop : IDisposable
{
    // A program that overwrites a file in place writes it in several steps: the report and the backup are of the last state.
    private static readonly TimeSpan settling = TimeSpan.FromMilliseconds(50);

    private readonly InstallOptions options;
    private readonly TimeProvider clock;
    private readonly Sources sources;
    private readonly FileWatch watch = FileWatch.Open();
    private readonly List<WatchedTarget> kept = [];
    private readonly List<FileLock> locks = [];

    private RepairLoop(InstallOptions options, TimeProvider clock)
    {
        this.options = options;
        this.clock = clock;
        sources = new Sources(options.From);
    }

    /// <summary>Begins to keep what was just installed.</summary>
    public static RepairLoop Create(InstallOptions options, IReadOnlyList<string> plugins, TimeProvider clock)
    {
        var loop = new RepairLoop(options, clock);
        using var places = loop.Open();
        foreach (var target in plugins.Select(InstallTarget.Plugin).Concat(options.Host.Drivers.Select(InstallTarget.Driver)))
        {
            var place = PlaceOf(places, target);
            if (place.FindRecord(target)?.Current is { } current)
                loop.kept.Add(new WatchedTarget(target, current.Digest, clock));
        }

        loop.Settle(places);
        return loop;
    }

    /// <summary>Keeps it until a signal says to end.</summary>
    public void Run(EndSignals end)
    {
        Log($"watching {kept.Count} files; audit every {options.Audit.TotalSeconds:0} s");
        while (!end.Wait(watch.Descriptor, NextLook(), out var isTold))
        {
            if (isTold)
            {
                if (end.Wait(null, settling, out _))
                    return;
                watch.Read();
            }

            Look();
        }
    }

    private TimeSpan NextLook()
    {
        if (kept.Exists(target => IsDue(target) && target.Right is null))
            return TimeSpan.Zero;
        var next = options.Audit;
        foreach (var left in kept.Where(static target => !target.IsReleased).Select(static target => target.Left))
            next = left > TimeSpan.Zero && left < next ? left : next;
        return next;
    }

    private static bool IsDue(WatchedTarget target) => !target.IsReleased && target.Left == TimeSpan.Zero;

    private void Look()
    {
        try
        {
            if (!kept.Exists(target => IsDue(target) && IsChanged(target)))
                return;
            using var places = Open();
            foreach (var target in kept.Where(IsDue))
                Repair(PlaceOf(places, target.Target), target);
            places.Sync();
            Settle(places);
        }
        catch (Exception e) when (e is InstallException or ErrnoException)
        {
            Log(e.Message);
            foreach (var target in kept)
                target.Count();
        }
    }

    private bool IsChanged(WatchedTarget target)
    {
        using var root = options.Host.OpenRoot();
        using var directory = root.TryOpen(
            target.Target.IsDriver ? $"{options.Host.FlexVolumePath}/{target.Target.Directory}" : options.Host.BinDirectory,
            out _
        );
        return directory is null || target.Right is null || directory.FindStatus(target.Target.File) != target.Right;
    }

    private void Repair(InstallDirectory place, WatchedTarget target)
    {
        // The lock is held now: what another run of the installer did, it has done.
        var record = place.FindRecord(target.Target);
        if (record is not null && record.Current.Digest != target.Digest)
        {
            target.IsReleased = true;
            Log($"{target.Target.RelativePath}: no longer repaired: {record.Current.By} by another run at {record.Current.Since}");
            return;
        }

        // Taken before the content is read: a program that changes the file after this leaves another status.
        var before = place.FindStatus(target.Target);
        var found = Inspection.Inspect(place, target.Target);
        var source = sources.Get(target.Target.IsDriver ? PluginSet.Driver : target.Target.File);
        if (new Stage(place, clock).Prepare(target.Target, source, "repair") is { } staged)
        {
            // Changed after that look: what is there now is what is replaced.
            if (found is { State: TargetState.Ours, Flaw: null })
                found = Inspection.Inspect(place, target.Target);
            new TargetSwap(place).CommitRepair(staged);
            var pause = target.Count();
            var next =
                pause > TimeSpan.Zero
                    ? string.Create(CultureInfo.InvariantCulture, $"; next repair after {pause.TotalSeconds:0} s at the earliest")
                    : "";
            Log($"{target.Target.RelativePath}: repaired; {Describe(found)}{next}");
            before = null;
        }

        target.Right = before;
    }

    // Only a process that may watch all files learns from the kernel which process it was; the file's content helps most.
    private static string Describe(TargetFinding found) =>
        found switch
        {
            { Facts: null } => "it was gone",
            { State: TargetState.Ours, Flaw: { } flaw } => $"it had {flaw}",
            { State: TargetState.Ours } => "it was gone for a moment",
            { Facts: var facts } => string.Create(
                CultureInfo.InvariantCulture,
                $"found {(found.Flaw is { } flaw ? flaw + ", " : "")}{facts.Size} bytes, written {facts.Since}, digest "
                    + $"{facts.Digest}{(facts.BuildId is { } id ? ", build id " + id : "")}"
            ),
        };

    // A directory may be another one than before, and a lock's file too.
    private void Settle(Places places)
    {
        foreach (var each in locks)
            each.Dispose();
        locks.Clear();
        foreach (var place in places.All)
        {
            locks.Add(place.TakeRepairLock());
            place.Watch(watch, kept.Select(static target => target.Target));
        }
    }

    private Places Open() => Places.OpenToInstall(options.Host, options.Host.Plugins is not { Count: 0 }, options.Host.Drivers.Count > 0);

    private static InstallDirectory PlaceOf(Places places, InstallTarget target) => target.IsDriver ? places.FlexVolume! : places.Bin!;

    private void Log(string text) => StandardError.WriteLine($"{clock.GetUtcNow():yyyy-MM-dd'T'HH:mm:ss'Z'} {text}");

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var each in locks)
            each.Dispose();
        watch.Dispose();
        sources.Dispose();
    }
}
